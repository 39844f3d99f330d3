import Bytes
import Evidence

/// What the `history` builtin prints: a number, a time if HISTTIMEFORMAT was set, and the command. Lines `== PATH` name
/// the file that the commands below came from.
///
/// Times are local to the host. Of a date in numbers that does not begin with the year, all others of the file tell whether the
/// day or the month comes first; where they do not either, the day is taken to, and `date_order` says that it was assumed.
struct HistoryOutput: LogFormat {
  let name = "capture.history"
  let version = 4

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard let first = lines.first else { return nil }
    let rows = lines.filter { Self.row($0, .utc) != nil }
    if Self.file(first) != nil, lines.count == 1 || !rows.isEmpty { return .high }
    guard rows.count >= max(1, lines.count * 3 / 4) else { return nil }
    // Numbers go up by one, but for the few that were taken out.
    let numbers = rows.compactMap { Self.row($0, .utc)?.number }
    let steps = zip(numbers, numbers.dropFirst()).map { $1 &- $0 }
    guard steps.allSatisfy({ $0 > 0 && $0 < 1000 }), steps.filter({ $0 > 1 }).count * 4 <= steps.count else {
      return nil
    }
    if sample.name.contains("history") { return .medium }
    // Processes, mounts and jobs of at have numbers that go up too.
    guard numbers.count > 1, rows.allSatisfy(Self.isSpaced) else { return nil }
    if Self.row(rows[0], .utc)?.time != nil { return .high }
    return rows.allSatisfy(Self.isAligned) ? .medium : nil
  }

  /// Shells print a number, a star or a blank, and a blank.
  private static func isSpaced(_ line: ByteView) -> Bool {
    guard let number = line.words(limit: 2).first else { return false }
    let end = line.offset(of: number) + number.count
    return line[end] == 0x20 && (line[end + 1] == 0x20 || line[end - 1] == 0x2A)
  }

  /// The number takes five places.
  private static func isAligned(_ line: ByteView) -> Bool {
    guard let number = line.words(limit: 2).first else { return false }
    let digits = number[number.count - 1] == 0x2A ? number.count - 1 : number.count
    return line.offset(of: number) + digits == max(5, digits)
  }

  private static func file(_ line: ByteView) -> String? {
    line.hasPrefix("== /") ? line.slice(3).trimmed.string : nil
  }

  //     4  2026-11-25 05:21:05 curl -s http://localhost:8080/health
  private static func row(
    _ line: ByteView, _ zone: Timestamp.Zone, _ order: NumericDate.Order = .dayFirst
  ) -> (number: Int64, time: Timestamp?, command: ByteView)? {
    guard line[0] == 0x20 || (0x30...0x39).contains(line[0]) else { return nil }
    let words = line.words(limit: 2)
    guard words.count == 2 else { return nil }
    // A changed entry has a star behind its number.
    let digits = words[0][words[0].count - 1] == 0x2A ? words[0].dropLast(1) : words[0]
    guard let number = digits.integer, number >= 0 else { return nil }
    var rest = words[1]
    // HISTTIMEFORMAT='[%F %T] '
    if rest[0] == 0x5B, let close = rest.slice(0, 40).firstIndex(of: 0x5D),
      let time = Timestamp(iso8601: rest.slice(1, close), assuming: zone)
    {
      rest = rest.slice(close + 1).trimmed
      return rest.isEmpty ? nil : (number, time, rest)
    }
    if let time = Timestamp(iso8601: rest.slice(0, 19), assuming: zone), rest.count > 19 {
      // `%F %T %z` puts the offset behind.
      let after = rest.slice(19)
      let trimmed = after.trimmed
      if let word = trimmed.words(limit: 2).first, word[0] == 0x2B || word[0] == 0x2D, let offset = ZoneText(word),
        word.count >= 5, let stated = Timestamp(iso8601: rest.slice(0, 19), assuming: offset.zone(else: zone))
      {
        return (number, stated, trimmed.slice(word.count).trimmed)
      }
      return (number, time, trimmed)
    }
    if let (date, clock, command) = numericTime(rest) {
      var civil = date.civil(order)
      civil.hour = clock.hour
      civil.minute = clock.minute
      civil.second = clock.second
      civil.precision = clock.precision
      if let time = civil.timestamp(zone) { return (number, time, command) }
    }
    let parts = rest.words(limit: 7)
    if parts.count >= 6, CivilTime.weekday(parts[0]) != nil, let (civil, zoneText, used) = CivilTime.ctime(parts),
      civil.year != nil, used < parts.count, let time = civil.timestamp(zoneText?.zone(else: zone) ?? zone)
    {
      return (number, time, rest.slice(rest.offset(of: parts[used])))
    }
    return (number, nil, rest)
  }

  /// `25/11/26 05:21:05 curl`, perhaps with brackets around the time; and dates with the year in front that lack the seconds.
  private static func numericTime(
    _ text: ByteView
  ) -> (
    date: NumericDate, clock: (hour: Int, minute: Int, second: Int, precision: Timestamp.Precision), command: ByteView
  )? {
    var rest = text
    if rest[0] == 0x5B, let close = rest.slice(0, 40).firstIndex(of: 0x5D) {
      let inner = rest.slice(1, close).words(limit: 3)
      guard inner.count == 2 else { return nil }
      rest = rest.slice(close + 1).trimmed
      return timed(inner[0], inner[1], rest)
    }
    let words = rest.words(limit: 3)
    return words.count == 3 ? timed(words[0], words[1], words[2]) : nil
  }

  private static func timed(
    _ day: ByteView, _ moment: ByteView, _ command: ByteView
  ) -> (
    date: NumericDate, clock: (hour: Int, minute: Int, second: Int, precision: Timestamp.Precision), command: ByteView
  )? {
    // Digits and one kind of sign, lest a word of a command be taken for a date.
    guard day.count <= 10, !command.isEmpty,
      let sign = (0..<day.count).first(where: { !isDigit(day[$0]) }).map({ day[$0] }),
      sign == 0x2F || sign == 0x2D || sign == 0x2E, (0..<day.count).allSatisfy({ isDigit(day[$0]) || day[$0] == sign }),
      let date = NumericDate(day), let clock = CivilTime.timeOfDay(moment), clock.nanosecond == 0
    else { return nil }
    return (date, (clock.hour, clock.minute, clock.second, clock.precision), command)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// The date of a row whose day and month might stand in either order.
  private static func date(_ line: ByteView) -> NumericDate? {
    let words = line.words(limit: 2)
    return words.count == 2 ? numericTime(words[1])?.date : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let stream = try FrontStream(stream, count: 1 << 18)
    let dates = stream.lines(8000) { Self.date($0) }
    let order = NumericDate.order(of: dates, collected: context.collected)
    let isAssumed = order == nil && dates.contains { $0.order == nil }
    var file: String?
    try readLines(stream, into: sink) { line in
      if let found = Self.file(line.bytes) {
        file = found
        return .parsed
      }
      guard let (number, time, text) = Self.row(line.bytes, context.zone, order ?? .dayFirst) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of the history command")
      }
      let user = file.flatMap { FileOwner.user(ofPath: $0) }
      let shell = file.map { $0.hasSuffix("zsh_history") ? "zsh" : "bash" } ?? "bash"
      let command = ShellCommand(
        text: text.string, shell: shell, user: user, sequence: Int(clamping: number), time: time, file: file)
      var event = command.event(line.locator)
      if isAssumed, time != nil, let date = Self.date(line.bytes), date.order == nil {
        event.attributes.add("date_order", "assumed")
      }
      sink.event(event)
      return .parsed
    }
  }
}
