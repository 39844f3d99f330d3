import Bytes
import Evidence

/// `loginctl`: the sessions that systemd knows. When they began it does not say.
struct LoginctlFormat: LogFormat {
  let name = "capture.loginctl"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    return sample.lines(2).contains(where: Self.isHeader) ? .high : nil
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    let words = line.words(limit: 5)
    return words.count >= 4 && words[0] == "SESSION" && words[1] == "UID" && words[2] == "USER" && words[3] == "SEAT"
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) || line.bytes.contains(" sessions listed.") { return .parsed }
      guard let session = Self.session(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a session")
      }
      for event in session.events(line.locator) { sink.event(event) }
      return .parsed
    }
  }

  //       3 1000 admin       pts/0        7 1000 admin -    1240   manager -     yes  5min ago
  private static func session(_ line: ByteView) -> LoginSession? {
    let words = line.words(limit: 12)
    guard words.count >= 3, let uid = words[1].integer, uid >= 0, words[0].count <= 16 else { return nil }
    var session = LoginSession(user: words[2].string)
    for word in words.dropFirst(3) {
      if word.hasPrefix("pts/") || word.hasPrefix("tty") { session.tty = session.tty ?? word.string }
      if let pid = word.integer, pid > 0, session.pid == nil, session.tty == nil { session.pid = pid }
    }
    session.status = "session \(words[0].string)"
    return session
  }
}
