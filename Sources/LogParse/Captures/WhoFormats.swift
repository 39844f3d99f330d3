import Bytes
import Evidence

/// procps' `w`: the uptime line and who is logged in and doing what.
struct WFormat: LogFormat {
  let name = "capture.w"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(2)
    guard let first = lines.first else { return nil }
    if Self.isHeader(first) || lines.count > 1 && Self.isHeader(lines[1]) { return .high }
    return first.contains(" up ") && first.contains("load average:") ? .high : nil
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("USER ") && line.contains(" TTY ") && line.contains("IDLE") && line.contains("WHAT")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var header: ColumnHeader?
    var relative = RelativeTime(context)
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        header = ColumnHeader(line.bytes)
        return .parsed
      }
      if let event = Self.uptime(line, relative) {
        // w's own clock is the closest there is for the times below it.
        if let time = event.time { relative?.collected = time }
        sink.event(event)
        return .parsed
      }
      guard let header, let session = Self.session(line.bytes, header, relative) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of w")
      }
      for event in session.events(line.locator) { sink.event(event) }
      return .parsed
    }
  }

  //  05:27:56 up 7 min,  2 users,  load average: 2.15, 1.16, 0.50
  private static func uptime(_ line: TextLine, _ relative: RelativeTime?) -> Event? {
    let words = line.bytes.words(limit: 4)
    guard words.count == 4, words[1] == "up", line.bytes.contains("load average:") else { return nil }
    let span = line.bytes.slice(line.bytes.offset(of: words[2]))
    let users = span.firstIndex(of: ByteView(" user")).map { span.slice(0, $0) } ?? span
    let up = users.lastIndex(of: 0x2C).map { users.slice(0, $0) } ?? users
    var attributes: [Attribute] = []
    attributes.add("uptime", up.trimmed.string)
    if let place = line.bytes.firstIndex(of: ByteView("load average:")) {
      attributes.add("load_average", line.bytes.slice(place + 13).trimmed.string)
    }
    return Event(
      time: relative?.timeOfDay(words[0]), .recorded, dataType: "linux:host:uptime",
      message: "The host had been up for \(up.trimmed.string).", attributes: attributes, locator: line.locator)
  }

  // ops      pts/2    10.1.0.9         05:21    5:54   0.57s  0.29s sudo -i
  private static func session(_ line: ByteView, _ header: ColumnHeader, _ relative: RelativeTime?) -> LoginSession? {
    // FROM may be empty (a console) and is missing with `w -f`; TTY is empty for sessions without one.
    let hasFrom = header.contains("FROM")
    let what = header.columns.last?.start ?? 0
    let words = line.slice(0, max(what, 0)).words(limit: 12)
    let fixed = header.columns.count - 1
    guard words.count >= fixed - (hasFrom ? 2 : 1), words.count >= 4, let user = words.first else { return nil }
    var session = LoginSession(user: user.string)
    // LOGIN@ IDLE JCPU PCPU stand before WHAT and are always there.
    let login = words[words.count - 4]
    for word in words[1..<(words.count - 4)] {
      if let from = header.index(of: "FROM"), line.offset(of: word) >= header.columns[from].start {
        session.host = LoginSession.host(word)
      } else {
        session.tty = word.string
      }
    }
    session.startText = login.string
    session.start = start(login, relative)
    session.idle = words[words.count - 3].string
    let running = line.slice(what).trimmed
    if !running.isEmpty, !(running == "-") { session.commandLine = running.string }
    return session
  }

  /// `05:21`, `Wed05` (weekday and hour), `25Nov26`.
  private static func start(_ text: ByteView, _ relative: RelativeTime?) -> Timestamp? {
    guard let relative else { return nil }
    if let time = relative.timeOfDay(text) { return time }
    guard text.count == 7, let day = CivilTime.number(text.slice(0, 2)), let month = CivilTime.month(text.slice(2)),
      let year = CivilTime.number(text.slice(5))
    else { return nil }
    return CivilTime(year: 2000 + year, month: month, day: day, precision: .day).timestamp(relative.zone)
  }
}

/// coreutils' `who`, with the extra rows and columns of `-a`.
struct WhoFormat: LogFormat {
  let name = "capture.who"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    let rows = lines.filter { Self.row($0, nil, .inferred(0)) != nil }.count
    return rows > 0 && rows == lines.count ? .medium : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let relative = RelativeTime(context)
    try readLines(stream, into: sink) { line in
      if line.bytes.hasPrefix("NAME ") { return .parsed }
      guard let session = Self.row(line.bytes, relative, context.zone) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of who")
      }
      for event in session.events(line.locator) { sink.event(event) }
      return .parsed
    }
  }

  // ops      + pts/2        2026-11-25 05:21 00:06         435 (10.1.0.9)
  //            system boot  2026-11-25 05:20
  private static func row(_ line: ByteView, _ relative: RelativeTime?, _ zone: Timestamp.Zone) -> LoginSession? {
    let words = line.words(limit: 16)
    guard
      let date = words.indices.first(where: { place in
        place > 0 && place + 1 < words.count && words[place].count == 10 && words[place][4] == 0x2D
          && words[place + 1].count == 5
      })
        ?? words.indices.first(where: { place in
          place > 0 && place + 2 < words.count && words[place].count == 3 && CivilTime.month(words[place]) != nil
            && CivilTime.number(words[place + 1]) != nil
        })
    else { return nil }
    var session = LoginSession(user: words[0].string)
    var after = date + 2
    if words[date].count == 10 {
      guard let year = CivilTime.number(words[date].slice(0, 4)), let month = CivilTime.number(words[date].slice(5, 7)),
        let day = CivilTime.number(words[date].slice(8, 10)), let clock = CivilTime.timeOfDay(words[date + 1])
      else { return nil }
      session.start = CivilTime(
        year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, precision: .minute
      ).timestamp(zone)
    } else {
      guard let (time, _, _) = CivilTime.ctime(words[date...].prefix(3)) else { return nil }
      session.start = relative?.withoutYear(time)
      after = date + 3
    }
    session.startText = words[date..<after].map(\.string).joined(separator: " ")
    let before = words[0..<date]
    if line[0] == 0x20 {
      guard before.count >= 2 || before.first == "run-level" else { return nil }
      let kind = before.map(\.string).joined(separator: " ")
      session.kind = kind == "system boot" ? "boot" : kind.hasPrefix("run-level") ? "runlevel" : kind
      if session.kind?.contains(" ") == true || session.kind?.contains("/") == true { return nil }
      session.user = ""
    } else {
      session.tty = before.count > 1 ? before.last?.string : nil
      // A getty waiting for somebody.
      if session.user == "LOGIN" { session.kind = "login prompt" }
    }
    for word in words.dropFirst(after) {
      if word[0] == 0x28 { session.host = LoginSession.host(word) }
      if session.pid == nil, let pid = word.integer { session.pid = pid }
    }
    return session
  }
}

private func == (left: ByteView?, right: StaticString) -> Bool { left.map { $0 == right } ?? false }
