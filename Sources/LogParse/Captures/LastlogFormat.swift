import Bytes
import Evidence

/// `lastlog`: the last login of every account. Accounts that never logged in give no event.
struct LastlogFormat: LogFormat {
  let name = "capture.lastlog"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, let first = sample.lines(1).first else { return nil }
    return Self.isHeader(first) ? .high : nil
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("Username ") && line.contains(" Port ") && line.contains("Latest")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var header = ColumnHeader(ByteView(""))
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        header = ColumnHeader(line.bytes)
        return .parsed
      }
      if line.bytes.contains("**Never logged in**") { return .parsed }
      let words = line.bytes.words(limit: 16)
      // ops              pts/2    10.1.0.9                                 Wed Nov 25 05:21:40 +0000 2026
      guard let date = words.indices.first(where: { $0 > 0 && CivilTime.weekday(words[$0]) != nil }),
        let (time, zone, _) = CivilTime.ctime(words[date...])
      else { return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of lastlog") }
      var session = LoginSession(user: words[0].string)
      let from = header.index(of: "From").map { header.columns[$0].start } ?? .max
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
}
