import Bytes
import Evidence

/// `lastlog`: the last login of every account. Accounts that never logged in give no event.
struct LastlogFormat: LogFormat {
  let name = "capture.lastlog"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(3)
    guard let first = lines.first else { return nil }
    if Self.isHeader(first) { return .high }
    guard Self.isTranslated(first) else { return nil }
    return lines.dropFirst().contains { $0.hasSuffix("**") || Self.date($0.words(limit: 16)) != nil } ? .high : nil
  }

  // Benutzername     Port     Von                                        Letzter        Gebruikersnaam   Poort    Van …
  private static func isTranslated(_ line: ByteView) -> Bool {
    let words = line.words(limit: 6)
    guard (4...5).contains(words.count), line.offset(of: words[0]) == 0 else { return false }
    // Columns are counted in characters.
    let before = line.slice(0, line.offset(of: words[1])).string.unicodeScalars.count
    return before == 17 && (words[1] == "Port" || words[1] == "Poort" || words[1] == "Порт")
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("Username ") && line.contains(" Port ") && line.contains("Latest")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var header = ColumnHeader(ByteView(""))
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) || Self.isTranslated(line.bytes) {
        header = ColumnHeader(line.bytes)
        return .parsed
      }
      if line.bytes.hasSuffix("**"), line.bytes.contains(" **") { return .parsed }
      let words = line.bytes.words(limit: 16)
      // ops              pts/2    10.1.0.9                                 Wed Nov 25 05:21:40 +0000 2026
      guard let (date, time, zone) = Self.date(words) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of lastlog")
      }
      var session = LoginSession(user: words[0].string)
      let from = header.columns.count == 4 ? header.columns[2].start : .max
      for word in words[1..<date] {
        if line.bytes.offset(of: word) >= from {
          session.host = LoginSession.host(word)
        } else {
          session.tty = word.string
        }
      }
      session.startText = line.bytes.slice(line.bytes.offset(of: words[date])).trimmed.string
      session.start = time.timestamp(zone?.zone(else: context.zone) ?? context.zone)
      for event in session.events(line.locator) { sink.event(event) }
      return .parsed
    }
  }

  /// Where the date begins; weekdays and months are the host's language's.
  private static func date(_ words: [ByteView]) -> (place: Int, time: CivilTime, zone: ZoneText?)? {
    for place in words.indices.dropFirst() {
      if CivilTime.weekday(words[place]) != nil, let (time, zone, _) = CivilTime.ctime(words[place...]) {
        return (place, time, zone)
      }
      if let (time, zone, _) = LocaleDate.read(Array(words[place...])) { return (place, time, zone) }
    }
    return nil
  }
}
