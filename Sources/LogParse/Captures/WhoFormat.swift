import Bytes
import Evidence

/// coreutils' `who`, with the extra rows and columns of `-a`, with a header (`-H`), or names alone (`-q`); and busybox's.
struct WhoFormat: LogFormat {
  let name = "capture.who"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    var lines = sample.lines(12)[...]
    if let first = lines.first, Self.isBusyboxHeader(first) { return .high }
    if Self.isQuiet(lines) { return .high }
    if let first = lines.first, Self.isHeader(first) {
      lines = lines.dropFirst()
      if lines.isEmpty { return .high }
    }
    let rows = lines.filter { Self.row($0, nil, .inferred(0)) != nil }.count
    return rows > 0 && rows == lines.count ? .medium : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let relative = RelativeTime(context)
    let stream = try FrontStream(stream)
    let isQuiet = stream.front.withView {
      Self.isQuiet(FormatSample(head: $0, path: "", isWhole: stream.isWhole).lines(3)[...])
    }
    try readLines(stream, into: sink) { line in
      if isQuiet {
        if Self.count(line.bytes) != nil { return .parsed }
        for (index, name) in line.bytes.words(limit: 4096).enumerated() {
          var locator = line.locator
          // One line, several sessions.
          if index > 0 { locator.other["session"] = String(index + 1) }
          for event in LoginSession(user: name.string).events(locator) { sink.event(event) }
        }
        return .parsed
      }
      if Self.isHeader(line.bytes) || Self.isBusyboxHeader(line.bytes) { return .parsed }
      guard let session = Self.row(line.bytes, relative, context.zone) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of who")
      }
      for event in session.events(line.locator) { sink.event(event) }
      return .parsed
    }
  }

  // NAME     LINE         TIME             COMMENT
  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("NAME ") && line.contains(" LINE ") && line.contains(" TIME ")
  }

  /// The names of all sessions on one line, and how many they are on the next.
  private static func isQuiet(_ lines: ArraySlice<ByteView>) -> Bool {
    guard lines.count == 2, let first = lines.first, let last = lines.last, let count = count(last) else {
      return false
    }
    return count == first.words(limit: 4096).count
  }

  /// `# users=2`, below their names.
  private static func count(_ line: ByteView) -> Int? {
    line.hasPrefix("# users=") ? CivilTime.number(line.slice(8).trimmed) : nil
  }

  // USER		TTY		IDLE	TIME		 HOST
  static func isBusyboxHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("USER\t") && line.contains("\tTTY\t") && line.contains("IDLE")
  }

  // ops      + pts/2        2026-11-25 05:21 00:06         435 (10.1.0.9)
  //            system boot  2026-11-25 05:20
  // root            pts/0           00:06   Nov 25 05:21:40  10.1.0.9
  static func row(_ line: ByteView, _ relative: RelativeTime?, _ zone: Timestamp.Zone) -> LoginSession? {
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
      guard before.count >= 2 || (before.first.map { $0 == "run-level" } ?? false) else { return nil }
      let kind = before.map(\.string).joined(separator: " ")
      session.kind = kind == "system boot" ? "boot" : kind.hasPrefix("run-level") ? "runlevel" : kind
      if session.kind?.contains(" ") == true || session.kind?.contains("/") == true { return nil }
      session.user = ""
    } else {
      // A user, whether messages are let in, a line; busybox has the idle time as well. Listings of files have more.
      guard before.count <= 4, session.user.count < 33, !(before.count > 1 && before[1].integer != nil) else {
        return nil
      }
      session.tty = before.count > 1 ? before.last?.string : nil
      // busybox has the idle time between.
      if before.count == 3, let idle = before.last, CivilTime.timeOfDay(idle) != nil || idle == "old" || idle == "." {
        session.tty = before[1].string
        session.idle = idle.string
        if after < words.count, !(words[after][0] == 0x28) { session.host = LoginSession.host(words[after]) }
      }
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
