import Bytes
import Evidence

/// logrotate's configuration: the scripts that run as root before and after logs are rotated. What is rotated gives no event.
struct LogrotateFormat: LogFormat {
  let name = "linux.logrotate"
  let version = 1

  private static let starts: Set<String> = ["prerotate", "postrotate", "firstaction", "lastaction", "preremove"]

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, sample.name == "logrotate.conf" || sample.path.contains("logrotate.d/"),
      ShellCommand.isPlausible(sample)
    else { return nil }
    return .medium
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var logs: String?
    var block: ScriptBlock?
    func finish(_ block: ScriptBlock) {
      guard !block.lines.isEmpty else { return }
      var entry = PersistenceEntry(
        mechanism: .logrotate, command: block.command, user: "root",
        schedule: "\(block.name) of \(logs ?? "all logs")")
      entry.extra.add("script", block.lines)
      sink.event(
        entry.event("logrotate runs as \(logs ?? "any log") is rotated: \(block.command)", block.locator))
    }
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if var open = block {
        block = nil
        if text == "endscript" {
          finish(open)
        } else {
          open.add(text, upTo: line.end)
          block = open
        }
      } else if Self.starts.contains(text.slice(0, 16).string) {
        block = ScriptBlock(text.string, line.locator)
      } else if text[0] == 0x2F || text[0] == 0x22 {
        logs = (text[text.count - 1] == 0x7B ? text.dropLast(1) : text).trimmed.slice(0, 1024).string
      } else if text[0] == 0x7D {
        logs = nil
      }
      return .parsed
    }
    if let block { finish(block) }
  }
}
