import Bytes
import Evidence

/// `last` and `lastb`, in any mix of `-F` (full times), `-a` (host at the end), `-i`, `-w` and `-x`.
///
/// Times are local to the host. Without `-F` the year is missing; records run from new to old, so each is settled to the
/// last such moment before the one above it, the first before the capture.
struct LastFormat: LogFormat {
  let name = "capture.last"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    var rows = 0
    let lines = sample.lines(12)
    for line in lines {
      if line.hasPrefix("wtmp begins ") || line.hasPrefix("btmp begins ") { return .high }
      if Self.row(line, nil, nil, isFailure: false) != nil { rows += 1 }
    }
    return rows > 0 && rows >= lines.count - 1 ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let isFailure = context.path.contains("lastb") || context.path.contains("btmp")
    var relative = RelativeTime(context)
    try readLines(stream, into: sink) { line in
      if line.bytes.hasPrefix("wtmp begins ") || line.bytes.hasPrefix("btmp begins ")
        || line.bytes.firstIndex(of: ByteView(" begins ")) != nil
      {
        return .parsed
      }
      guard let session = Self.row(line.bytes, relative, context.zone, isFailure: isFailure) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of last")
      }
      if let start = session.start { relative?.collected = start.adding(seconds: -RelativeTime.tolerance + 60) }
      for event in session.events(line.locator) { sink.event(event) }
      return .parsed
    }
  }

  // ops      pts/1        10.1.0.9         Wed Nov 25 05:20 - 05:21  (00:00)
  // ops      pts/1        Wed Nov 25 05:20:51 2026 - Wed Nov 25 05:21:15 2026  (00:00)     10.1.0.9
  // reboot   system boot  6.1.0-50-cloud-amd Wed Nov 25 05:20   still running
  private static func row(
    _ line: ByteView, _ relative: RelativeTime?, _ zone: Timestamp.Zone?, isFailure: Bool
  ) -> LoginSession? {
    let words = line.words(limit: 40)
    // The date is the anchor: user, line and host stand before it in a varying number of words.
    guard
      let date = (1..<max(1, min(words.count, 12) - 3)).first(where: {
        CivilTime.weekday(words[$0]) != nil && CivilTime.month(words[$0 + 1]) != nil && words[$0 + 1].count == 3
      }), let (start, _, used) = CivilTime.ctime(words[date...])
    else { return nil }
    var session = LoginSession(user: words[0].string)
    session.isFailure = isFailure
    session.startText =
      line.slice(line.offset(of: words[date]), line.offset(of: words[date + used - 1]) + words[date + used - 1].count)
      .string
    session.start = start.year == nil ? relative?.withoutYear(start) : zone.flatMap { start.timestamp($0) }
    setLine(words[1..<date], &session)
    // A failed attempt may have no user: then the line begins with a blank and its first word is the terminal.
    if line[0] == 0x20 {
      session.user = ""
      setLine(words[0..<date], &session)
    }
    setEnd(words[(date + used)...], start, relative, zone, &session)
    return session
  }

  private static func setLine(_ words: ArraySlice<ByteView>, _ session: inout LoginSession) {
    guard let first = words.first else { return }
    let second = words.dropFirst().first
    if first == "system", let second {
      session.kind = second == "boot" ? "boot" : second == "down" ? "shutdown" : second.string
      session.status = words.dropFirst(2).first.map { "kernel \($0.string)" }
      return
    }
    if first == "(to", let second {
      session.kind = "runlevel"
      session.status = words.dropFirst(2).first.map {
        "\(second.string) \($0[$0.count - 1] == 0x29 ? $0.dropLast(1).string : $0.string)"
      }
      return
    }
    session.tty = first.string
    if let second { session.host = LoginSession.host(second) }
  }

  /// `still logged in`, `- 05:21  (00:00)`, `- crash  (1+02:03)`, `gone - no logout`, then the host with `-a`.
  private static func setEnd(
    _ words: ArraySlice<ByteView>, _ start: CivilTime, _ relative: RelativeTime?, _ zone: Timestamp.Zone?,
    _ session: inout LoginSession
  ) {
    var rest = words
    func status(_ count: Int, _ text: String) {
      if session.kind == nil { session.status = text }
      rest = rest.dropFirst(count)
    }
    if rest.count >= 3, rest[rest.startIndex] == "still" {
      status(3, "still logged in")
    } else if rest.count >= 2, rest[rest.startIndex] == "still" {
      status(2, "still running")
    } else if rest.count >= 4, rest[rest.startIndex] == "gone" {
      status(4, "gone - no logout")
    } else if rest.first.map({ $0 == "-" }) == true {
      rest = rest.dropFirst()
      if let (end, _, used) = CivilTime.ctime(rest), end.year != nil {
        session.end = zone.flatMap { end.timestamp($0) }
        rest = rest.dropFirst(used)
      } else if let word = rest.first {
        if CivilTime.timeOfDay(word) == nil { status(0, word.string) }
        rest = rest.dropFirst()
      }
    }
    if let word = rest.first, word[0] == 0x28, word[word.count - 1] == 0x29 {
      session.seconds = duration(word.slice(1, word.count - 1))
      rest = rest.dropFirst()
      // last rounds down to minutes, so an end computed from it would be up to a minute early.
      if session.end == nil, let seconds = session.seconds, let begun = session.start, session.status == nil {
        session.end = begun.adding(seconds: seconds)
        session.end?.precision = .minute
      }
    }
    if session.host == nil, let word = rest.first { session.host = LoginSession.host(word) }
  }

  /// `00:05` or `1+02:03`, in seconds.
  private static func duration(_ text: ByteView) -> Int64? {
    let (days, clock) = text.cut(0x2B) ?? (ByteView("0"), text)
    guard let day = CivilTime.number(days), let (hours, minutes) = clock.cut(0x3A),
      let hour = CivilTime.number(hours[0] == 0x2D ? hours.dropFirst(1) : hours), let minute = CivilTime.number(minutes)
    else { return nil }
    return Int64(day) * 86400 + Int64(hour) * 3600 + Int64(minute) * 60
  }
}
