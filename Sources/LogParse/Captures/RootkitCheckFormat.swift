import Bytes
import Evidence

/// What `chkrootkit` prints: one line for each test. Only those become events that say more than that nothing was found.
struct RootkitCheckFormat: LogFormat {
  let name = "capture.rootkit_check"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(6)
    if let first = lines.first, first.hasPrefix("ROOTDIR is `") { return .high }
    return lines.count > 2 && lines.filter { Self.test($0) != nil }.count == lines.count ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var test: String?
    try readLines(stream, into: sink) { line in
      let found = Self.test(line.bytes)
      if let found { test = found.test.string }
      let said = found?.result ?? line.bytes.trimmed
      guard let test, let verdict = Self.verdict(said) else { return .parsed }
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:rootkit_check", message: "chkrootkit says of \(test): \(said.string)",
          attributes: [
            Attribute("program", "chkrootkit"), Attribute("check", test), Attribute("verdict", verdict),
            Attribute("text", said.string),
          ], locator: line.locator))
      return .parsed
    }
  }

  // Checking `ls'...                                            not infected
  // Searching for Linux/Ebury - Operation Windigo ssh...        nothing found
  private static func test(_ line: ByteView) -> (test: ByteView, result: ByteView)? {
    guard line.hasPrefix("Checking `") || line.hasPrefix("Searching for "),
      let dots = line.firstIndex(of: ByteView("..."))
    else { return nil }
    let start = line[0] == 0x43 ? 10 : 14
    let name = line.slice(start, dots)
    return (name[name.count - 1] == 0x27 ? name.dropLast(1) : name, line.slice(dots + 3).trimmed)
  }

  /// Nil where nothing is said that somebody should look at.
  private static func verdict(_ text: ByteView) -> String? {
    if text.hasPrefix("INFECTED") { return text.hasPrefix("INFECTED PORTS") ? "suspect" : "infected" }
    if text.contains("Possible ") || text.hasPrefix("Warning") || text.contains("process hidden for") {
      return "suspect"
    }
    return nil
  }
}
