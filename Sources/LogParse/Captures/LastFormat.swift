import Bytes
import Evidence

/// `last` and `lastb`, in any mix of `-F` (full times), `-a` (host at the end), `-i`, `-w`, `-x` and `--time-format iso`, and
/// busybox's and wtmpdb's.
///
/// Times are local to the host. Without `-F` the year is missing; records run from new to old, so each is settled to the
/// last such moment before the one above it, the first before the capture, on the weekday that stands with it.
struct LastFormat: LogFormat {
  let name = "capture.last"
  let version = 5

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    var rows = 0
    let lines = sample.lines(12)
    for line in lines {
      if Self.isHeader(line) { return .high }
      if Self.isTrailer(line), line.hasPrefix("wtmp ") || line.hasPrefix("btmp ") { return .high }
      if let row = Self.row(line, nil, nil, isFailure: false), row.hasEnd { rows += 1 }
    }
    return rows > 0 && rows >= lines.count - 1 ? .high : nil
  }

  /// busybox's, of the small `last`.
  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("USER ") && line.contains(" TTY ") && line.contains(" HOST ") && line.contains(" LOGIN ")
  }

  /// `wtmp begins Wed Nov 25 05:20:12 2026`, below the rows: the file's name, the words and a time, and no end behind it as a
  /// session of somebody called so would have.
  private static func isTrailer(_ line: ByteView) -> Bool {
    guard let place = line.firstIndex(of: ByteView(" begins ")), !line.slice(0, place).trimmed.contains(" ") else {
      return false
    }
    let words = line.slice(place + 8).words(limit: 8)
    if words.count == 1 { return Timestamp(iso8601: words[0], assuming: .inferred(0)) != nil }
    return CivilTime.ctime(words).map { $0.words == words.count } ?? false
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let isFailure = context.path.contains("lastb") || context.path.contains("btmp")
    var relative = RelativeTime(context)
    var stream = stream
    if relative == nil {
      let front = try FrontStream(stream)
      relative = Self.relative(to: front, context)
      stream = front
    }
    var isShort = false
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        isShort = true
        return .parsed
      }
      if Self.isTrailer(line.bytes) { return .parsed }
      guard let session = Self.session(line.bytes, relative, context.zone, isFailure: isFailure, isShort: isShort)
      else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of last")
      }
      if let start = session.start { relative?.move(to: start, slack: 60) }
      for event in session.events(line.locator) { sink.event(event) }
      return .parsed
    }
  }

  /// Of a short listing whose capture's time is not known: it says below its rows with which year it begins. All rows have
  /// their weekday, and no date has the same one again within five years.
  private static func relative(to front: FrontStream, _ context: ParseContext) -> RelativeTime? {
    guard front.isWhole, let begin = front.lines(.max, { isTrailer($0) ? begin($0, context.zone) : nil }).last else {
      return nil
    }
    var context = context
    // The last day that is looked at lies a month behind this one.
    context.collected = begin.adding(seconds: 5 * 365 * 86400 - 32 * 86400)
    return RelativeTime(context)
  }

  private static func begin(_ line: ByteView, _ zone: Timestamp.Zone) -> Timestamp? {
    guard let place = line.firstIndex(of: ByteView(" begins ")) else { return nil }
    switch time(line.slice(place + 8).words(limit: 8)[...], zone) {
    case (.whole(let time), _)?: return time
    case (.civil(let civil), _)?: return civil.year == nil ? nil : civil.timestamp(zone)
    case nil: return nil
    }
  }

  // ops      pts/1        10.1.0.9         Wed Nov 25 05:20 - 05:21  (00:00)
  // ops      pts/1        Wed Nov 25 05:20:51 2026 - Wed Nov 25 05:21:15 2026  (00:00)     10.1.0.9
  // reboot   system boot  6.1.0-50-cloud-amd Wed Nov 25 05:20   still running
  // ops      pts/1        10.1.0.9         2026-11-25T05:20:51+00:00 - 2026-11-25T05:21:15+00:00  (00:00)
  private static func session(
    _ line: ByteView, _ relative: RelativeTime?, _ zone: Timestamp.Zone?, isFailure: Bool, isShort: Bool
  ) -> LoginSession? {
    row(line, relative, zone, isFailure: isFailure, isShort: isShort)?.session
  }

  /// - Returns: also whether the session's end, or that there was none yet, stands behind the start, as it always does.
  private static func row(
    _ line: ByteView, _ relative: RelativeTime?, _ zone: Timestamp.Zone?, isFailure: Bool, isShort: Bool = false
  ) -> (session: LoginSession, hasEnd: Bool)? {
    let words = line.words(limit: 40)
    // The date is the anchor: user, line and host stand before it in a varying number of words.
    guard
      let date = (1..<max(1, min(words.count, 12))).first(where: { isDate(words[$0...], isShort) }),
      let (start, used) = time(words[date...], zone)
    else { return nil }
    let names = Self.names(line, words[..<date], before: line.offset(of: words[date]))
    var session = LoginSession(user: names.user.string)
    session.startText =
      line.slice(line.offset(of: words[date]), line.offset(of: words[date + used - 1]) + words[date + used - 1].count)
      .string
    session.start =
      switch start {
      case .whole(let time): time
      case .civil(let civil): civil.year == nil ? relative?.withoutYear(civil) : zone.flatMap { civil.timestamp($0) }
      }
    setLine(names.rest, &session)
    // sshd's failed attempts are on this line, which no session ever is.
    session.isFailure = isFailure || session.tty == "ssh:notty"
    let end = words[(date + used)...]
    setEnd(end, zone, &session)
    // A clock that was set has no end.
    let hasEnd = end.first.map { $0 == "-" || $0 == "still" || $0 == "gone" } ?? (session.kind == clockChange)
    return (session, hasEnd)
  }

  /// The user and the words between it and the date.
  ///
  /// Whoever tries to log in chooses the name, and it may hold blanks. Up to eight bytes of it stand in a column of their own,
  /// with the terminal's twelve behind; of a longer one (`-w`) terminal and host are the last two words.
  private static func names(
    _ line: ByteView, _ words: ArraySlice<ByteView>, before date: Int
  ) -> (user: ByteView, rest: ArraySlice<ByteView>) {
    let isAligned = date >= 22 && line[8] == 0x20 && line[9] > 0x20 && line[21] == 0x20
    let cell = line.slice(0, 8).trimmed
    if isAligned, cell.firstIndex(of: 0x20) != nil || line[0] == 0x20 && !cell.isEmpty {
      return (cell, line.slice(9, date).words(limit: 16)[...])
    }
    // A failed attempt may have no user: then the line begins with a blank and its first word is the terminal.
    if line[0] == 0x20 { return (line.slice(0, 0), words) }
    let rest = words.dropFirst()
    if rest.count > 2, let first = rest.first, !(first == "system"), !(first == "(to"), !isClockChange(rest) {
      let tail = rest.suffix(2)
      // A host may be written in several words: `mosh [921]`, `10.1.0.9 via mosh [921]`.
      if let start = tail.first, !isTerminal(start), let place = rest.lastIndex(where: isTerminal) {
        return (line.slice(0, line.offset(of: words[place])).trimmed, rest[place...])
      }
      return (line.slice(0, line.offset(of: tail[tail.startIndex])).trimmed, tail)
    }
    return (line.slice(0, words.first?.count ?? 0), rest)
  }

  private static func isTerminal(_ word: ByteView) -> Bool {
    if word.hasPrefix("ttyS") || word.hasPrefix("ttyA") { return true }
    for name in ["pts/", "tty", "hvc"] as [StaticString] where word.hasPrefix(ByteView(name)) {
      return (0x30...0x39).contains(word[name.utf8CodeUnitCount])
    }
    return word == "console" || word == "ssh:notty" || word[0] == 0x3A && (0x30...0x39).contains(word[1])
  }

  private static let clockChange = "clock change"

  // date     new time                      Wed Nov 25 05:20:54 2026
  private static func isClockChange(_ words: ArraySlice<ByteView>) -> Bool {
    guard let first = words.first, words.count > 1, words[words.startIndex + 1] == "time" else { return false }
    return first == "new" || first == "old"
  }

  private enum Time {
    case whole(Timestamp)
    case civil(CivilTime)
  }

  /// - Parameter isShort: the weekday may be missing, as only busybox leaves it out; other listings have such dates too.
  private static func isDate(_ words: ArraySlice<ByteView>, _ isShort: Bool) -> Bool {
    let all = Array(words.prefix(4))
    guard let first = all.first, all.count > 1 else { return false }
    if first.count >= 19, first[10] == 0x54 {
      return (all[1] == "-" || all[1] == "still" || all[1] == "gone")
        && Timestamp(iso8601: first, assuming: .inferred(0)) != nil
    }
    let place = CivilTime.weekday(first) == nil ? 0 : 1
    guard all.count >= place + 3, isShort || place == 1 else { return false }
    return all[place].count == 3 && CivilTime.month(all[place]) != nil && CivilTime.number(all[place + 1]) != nil
      && CivilTime.timeOfDay(all[place + 2]) != nil
  }

  /// The time at the front, and how many words it is.
  private static func time(_ words: ArraySlice<ByteView>, _ zone: Timestamp.Zone?) -> (time: Time, words: Int)? {
    if let word = words.first, word.count >= 19, let time = Timestamp(iso8601: word, assuming: zone ?? .inferred(0)) {
      return (.whole(time), 1)
    }
    return CivilTime.ctime(words).map { (.civil($0.time), $0.words) }
  }

  private static func setLine(_ words: ArraySlice<ByteView>, _ session: inout LoginSession) {
    guard let first = words.first else { return }
    let second = words.dropFirst().first
    if first == "system", let second {
      session.kind = second == "boot" ? "boot" : second == "down" ? "shutdown" : second.string
      // With `-i` an address stands where the kernel does.
      session.status = words.dropFirst(2).first.flatMap { $0 == "0.0.0.0" ? nil : "kernel \($0.string)" }
      return
    }
    if first == "(to", let second {
      session.kind = "runlevel"
      session.status = words.dropFirst(2).first.map {
        "\(second.string) \($0[$0.count - 1] == 0x29 ? $0.dropLast(1).string : $0.string)"
      }
      return
    }
    if isClockChange(words) {
      session.kind = clockChange
      session.status = "\(first.string) time"
      return
    }
    session.tty = first.string
    // busybox names these by their user alone.
    if first == "~", let kind = ["reboot": "boot", "shutdown": "shutdown", "runlevel": "runlevel"][session.user] {
      session.kind = kind
      session.tty = nil
      session.status = second.map { "kernel \($0.string)" }
      return
    }
    session.host = host(words.dropFirst())
  }

  /// Of one word or several: `10.1.0.9`, `10.1.0.9 via mosh [921]`, `mosh [921]`.
  private static func host(_ words: ArraySlice<ByteView>) -> Endpoint? {
    guard let first = words.first else { return nil }
    if words.count == 1 || IPAddress.normal(first) != nil || words[words.startIndex + 1] == "via" {
      return LoginSession.host(first)
    }
    return words.map(\.string).joined(separator: " ").withView { LoginSession.host($0) }
  }

  /// `still logged in`, `- 05:21  (00:00)`, `- crash  (1+02:03)`, `gone - no logout`, then the host with `-a`.
  private static func setEnd(
    _ words: ArraySlice<ByteView>, _ zone: Timestamp.Zone?, _ session: inout LoginSession
  ) {
    var rest = words
    // wtmpdb's has a dash there too.
    if rest.count >= 3, rest[rest.startIndex] == "-", rest[rest.startIndex + 1] == "still" { rest = rest.dropFirst() }
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
      switch time(rest, zone) {
      case (.whole(let end), let used)?:
        session.end = end
        rest = rest.dropFirst(used)
      case (.civil(let end), let used)? where end.year != nil:
        session.end = zone.flatMap { end.timestamp($0) }
        rest = rest.dropFirst(used)
      default:
        guard let word = rest.first else { break }
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
    guard let word = rest.first else { return }
    if session.kind == nil {
      if session.host == nil { session.host = host(rest) }
    } else if session.kind == "boot", session.status == nil, !(word == "0.0.0.0") {
      session.status = "kernel \(word.string)"
    }
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
