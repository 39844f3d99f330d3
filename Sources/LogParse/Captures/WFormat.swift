import Bytes
import Evidence

/// procps' `w`: the uptime line and who is logged in and doing what, also with the fewer columns of `-s` and without the header
/// (`-h`); and busybox's.
struct WFormat: LogFormat {
  let name = "capture.w"
  let version = 5

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(2)
    guard let first = lines.first else { return nil }
    if Self.isHeader(first) || lines.count > 1 && Self.isHeader(lines[1]) { return .high }
    if first.contains(" up "), first.contains("load average:") { return .high }
    return sample.lines(6).allSatisfy { Self.bareSession($0, nil) != nil } ? .high : nil
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("USER ") && line.contains(" TTY ") && line.contains("IDLE") && line.contains("WHAT")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var header: ColumnHeader?
    var relative = RelativeTime(context)
    var isBusybox = false
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        header = ColumnHeader(line.bytes)
        return .parsed
      }
      if WhoFormat.isBusyboxHeader(line.bytes) {
        header = nil
        isBusybox = true
        return .parsed
      }
      if let event = Self.uptime(line, relative) {
        // w's own clock is the closest there is for the times below it.
        if let time = event.time { relative?.move(to: time) }
        sink.event(event)
        return .parsed
      }
      let found =
        isBusybox
        ? WhoFormat.row(line.bytes, relative, context.zone)
        : header.map { Self.session(line.bytes, $0, relative) } ?? Self.bareSession(line.bytes, relative)
      guard let session = found else {
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
      time: relative?.now(words[0]), .recorded, dataType: "linux:host:uptime",
      message: "The host had been up for \(up.trimmed.string).", attributes: attributes, locator: line.locator)
  }

  // ops      pts/2    10.1.0.9         05:21    5:54   0.57s  0.29s sudo -i
  private static func session(_ line: ByteView, _ header: ColumnHeader, _ relative: RelativeTime?) -> LoginSession? {
    // FROM may be empty (a console) and is missing with `w -f`; TTY is empty for sessions without one.
    let hasFrom = header.contains("FROM")
    let what = header.columns.last?.start ?? 0
    let words = line.slice(0, max(what, 0)).words(limit: 12)
    let fixed = header.columns.count - 1
    // LOGIN@ IDLE JCPU PCPU stand before WHAT and are always there; `-s` leaves all but IDLE out.
    let names = header.columns.map(\.name)
    let times = names.dropLast().filter { $0 == "LOGIN@" || $0 == "IDLE" || $0 == "JCPU" || $0 == "PCPU" }
    guard let user = words.first, let idle = times.firstIndex(of: "IDLE") else { return nil }
    guard words.count >= fixed - (hasFrom ? 2 : 1), words.count > times.count else {
      return withBlanks(line, words, header, relative)
    }
    var session = LoginSession(user: user.string)
    let cells = words[(words.count - times.count)...]
    for word in words[1..<cells.startIndex] {
      if let from = header.index(of: "FROM"), line.offset(of: word) >= header.columns[from].start {
        session.host = LoginSession.host(word)
      } else {
        session.tty = word.string
      }
    }
    if let place = times.firstIndex(of: "LOGIN@") {
      let login = cells[cells.startIndex + place]
      guard isStart(login) else { return withBlanks(line, words, header, relative) }
      session.startText = login.string
      session.start = start(login, relative)
    }
    session.idle = cells[cells.startIndex + idle].string
    let running = line.slice(what).trimmed
    if !running.isEmpty, !(running == "-") { session.commandLine = running.string }
    return session
  }

  /// With `-o` spans of less than a minute are blank: what there is stands below its heading.
  private static func withBlanks(
    _ line: ByteView, _ words: [ByteView], _ header: ColumnHeader, _ relative: RelativeTime?
  ) -> LoginSession? {
    guard words.count >= 2, line[0] > 0x20, isTerminal(words[1]), let what = header.columns.last?.start,
      line[what - 1] == 0x20
    else { return nil }
    var session = LoginSession(user: words[0].string)
    session.tty = words[1].string
    let from = header.index(of: "FROM").map { header.columns[$0].start } ?? .max
    let login = header.index(of: "LOGIN@").map { header.columns[$0].start } ?? .max
    for word in words.dropFirst(2) {
      let place = line.offset(of: word)
      if place >= from, place < login, !isStart(word) {
        session.host = LoginSession.host(word)
      } else if session.startText == nil, isStart(word) {
        session.startText = word.string
        session.start = start(word, relative)
      }
    }
    guard session.startText != nil else { return nil }
    let running = line.slice(what).trimmed
    if !running.isEmpty, !(running == "-") { session.commandLine = running.string }
    return session
  }

  /// A row without a header above it: after user, terminal and perhaps an address come the login, three spans and the command.
  private static func bareSession(_ line: ByteView, _ relative: RelativeTime?) -> LoginSession? {
    let words = line.words(limit: 10)
    guard words.count >= 6, line[0] > 0x20, isTerminal(words[1]),
      let place = [2, 3].first(where: { place in
        isStart(words[place]) && place + 4 <= words.count && words[place + 1..<place + 4].allSatisfy(isSpan)
      })
    else { return nil }
    var session = LoginSession(user: words[0].string)
    session.tty = words[1].string
    if place == 3 { session.host = LoginSession.host(words[2]) }
    session.startText = words[place].string
    session.start = start(words[place], relative)
    session.idle = words[place + 1].string
    let running = line.slice(line.offset(of: words[place + 3]) + words[place + 3].count).trimmed
    if !running.isEmpty, !(running == "-") { session.commandLine = running.string }
    return session
  }

  private static func isTerminal(_ word: ByteView) -> Bool {
    word.hasPrefix("pts/") || word.hasPrefix("tty") || word == "console" || word[0] == 0x3A && word.count <= 6
  }

  private static func isStart(_ word: ByteView) -> Bool {
    if CivilTime.timeOfDay(word)?.precision == .minute { return true }
    if word.count == 5, CivilTime.weekday(word.slice(0, 3)) != nil { return CivilTime.number(word.slice(3)) != nil }
    return word.count == 7 && CivilTime.number(word.slice(0, 2)) != nil && CivilTime.month(word.slice(2)) != nil
      && CivilTime.number(word.slice(5)) != nil
  }

  /// `0.57s`, `5:54`, `1:02m`, `3days`, `?`, and `?xdm?` for a display (print_time_ival7, w.c of procps).
  private static func isSpan(_ word: ByteView) -> Bool {
    if word == "?" || word == "?xdm?" || word.hasSuffix("days") && CivilTime.number(word.dropLast(4)) != nil {
      return true
    }
    let plain = word.hasSuffix("s") || word.hasSuffix("m") ? word.dropLast(1) : word
    guard let (whole, part) = plain.cut(0x2E) ?? plain.cut(0x3A) else { return false }
    return CivilTime.number(whole) != nil && part.count == 2 && CivilTime.number(part) != nil
  }

  /// `05:21`, `Wed05` (weekday and hour), `25Nov26`.
  private static func start(_ text: ByteView, _ relative: RelativeTime?) -> Timestamp? {
    guard let relative else { return nil }
    if let time = relative.timeOfDay(text) { return time }
    if text.count == 5, let weekday = CivilTime.weekday(text.slice(0, 3)), let hour = CivilTime.number(text.slice(3)) {
      return relative.weekday(weekday, hour: hour)
    }
    guard text.count == 7, let day = CivilTime.number(text.slice(0, 2)), let month = CivilTime.month(text.slice(2)),
      let year = CivilTime.number(text.slice(5))
    else { return nil }
    return CivilTime(year: 2000 + year, month: month, day: day, precision: .day).timestamp(relative.zone)
  }
}
