import Bytes
import Evidence

/// What the `history` builtin prints: a number, a time if HISTTIMEFORMAT was set, and the command. Lines `== PATH` name
/// the file that the commands below came from.
///
/// Times are local to the host. Of a date in numbers that does not begin with the year, all others of the file tell whether the
/// day or the month comes first; where they do not either, the day is taken to, and `date_order` says that it was assumed.
struct HistoryOutput: LogFormat {
  let name = "capture.history"
  let version = 5

  /// Bytes of a command of several lines.
  private static let commandLimit = 1 << 16

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard let first = lines.first else { return nil }
    let rows = lines.filter { Self.row($0, .utc) != nil }
    if Self.file(first) != nil, lines.count == 1 || !rows.isEmpty { return .high }
    // Bash prints the lines of a command of several as they are; a name has to say that it is a history then.
    let isNamed = sample.name.contains("history")
    guard rows.count >= max(1, lines.count * 3 / 4) || isNamed && !rows.isEmpty && Self.isAligned(first) else {
      return nil
    }
    // Processes whose header was left out: a command is no number.
    if rows.count > 1, rows.allSatisfy({ Self.row($0, .utc)?.time == nil && Self.startsWithNumbers($0) }) { return nil }
    // Numbers go up by one, but for the few that were taken out.
    let numbers = rows.compactMap { Self.row($0, .utc)?.number }
    let steps = zip(numbers, numbers.dropFirst()).map { $1 &- $0 }
    guard steps.allSatisfy({ $0 > 0 && $0 < 1000 }), steps.filter({ $0 > 1 }).count * 4 <= steps.count else {
      return nil
    }
    if isNamed { return .medium }
    // Processes, mounts and jobs of at have numbers that go up too.
    guard numbers.count > 1, rows.allSatisfy(Self.isSpaced) else { return nil }
    if Self.row(rows[0], .utc)?.time != nil { return .high }
    return rows.allSatisfy(Self.isAligned) ? .medium : nil
  }

  private static func startsWithNumbers(_ line: ByteView) -> Bool {
    let words = line.words(limit: 3)
    return words.count == 3 && CivilTime.number(words[0]) != nil && CivilTime.number(words[1]) != nil
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

  private struct Row {
    var number: Int64
    var time: Timestamp?
    var timeOfDay: String?
    var command: ByteView
  }

  //     4  2026-11-25 05:21:05 curl -s http://localhost:8080/health
  private static func row(
    _ line: ByteView, _ zone: Timestamp.Zone, _ order: NumericDate.Order = .dayFirst
  ) -> Row? {
    guard let (number, rest) = numbered(line) else { return nil }
    guard let stamp = HistoryTime(rest, zone, order) else { return Row(number: number, command: rest) }
    return Row(number: number, time: stamp.time, timeOfDay: stamp.timeOfDay, command: stamp.command)
  }

  private static func numbered(_ line: ByteView) -> (number: Int64, rest: ByteView)? {
    guard line[0] == 0x20 || (0x30...0x39).contains(line[0]) else { return nil }
    let words = line.words(limit: 2)
    guard words.count == 2 else { return nil }
    // A changed entry has a star behind its number.
    let digits = words[0][words[0].count - 1] == 0x2A ? words[0].dropLast(1) : words[0]
    guard let number = digits.integer, number >= 0 else { return nil }
    return (number, words[1])
  }

  /// The date of a row whose day and month might stand in either order.
  private static func date(_ line: ByteView) -> NumericDate? {
    numbered(line).flatMap { HistoryTime.numeric($0.rest)?.date }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let stream = try FrontStream(stream, count: 1 << 18)
    let dates = stream.lines(8000) { Self.date($0) }
    let order = NumericDate.order(of: dates, collected: context.collected)
    let isAssumed = order == nil && dates.contains { $0.order == nil }
    var file: String?
    // The last command, as further lines of it may follow.
    var begun: (command: ShellCommand, extra: [Attribute], locator: Locator)?
    func flush() {
      guard let last = begun else { return }
      begun = nil
      var event = last.command.event(last.locator)
      event.attributes += last.extra
      sink.event(event)
    }
    try readLines(stream, into: sink) { line in
      if let found = Self.file(line.bytes) {
        flush()
        file = found
        return .parsed
      }
      guard let row = Self.row(line.bytes, context.zone, order ?? .dayFirst) else {
        if let reason = CommandMessage.reason(line.bytes) { return .skipped(reason) }
        // Taken out first, so that the text grows in place.
        guard var last = begun else { return .skipped("line is not of the history command") }
        begun = nil
        defer { begun = last }
        guard last.command.text.utf8.count < Self.commandLimit else { return .skipped("longer than any command") }
        last.command.text += "\n" + line.bytes.slice(0, Self.commandLimit).string
        last.locator = last.locator.reaching(line.end)
        return .parsed
      }
      flush()
      let user = file.flatMap { FileOwner.user(ofPath: $0) }
      let shell = file.map { $0.hasSuffix("zsh_history") ? "zsh" : "bash" } ?? "bash"
      var extra: [Attribute] = []
      extra.add("time_of_day", row.timeOfDay)
      if isAssumed, row.time != nil, let date = Self.date(line.bytes), date.order == nil {
        extra.add("date_order", "assumed")
      }
      begun = (
        ShellCommand(
          text: row.command.string, shell: shell, user: user, sequence: Int(clamping: row.number), time: row.time,
          file: file), extra, line.locator
      )
      return .parsed
    }
    flush()
  }
}
