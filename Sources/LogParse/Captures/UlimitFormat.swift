import Bytes
import Evidence

/// `ulimit -a`: what a shell may use, one event a limit.
struct UlimitFormat: LogFormat {
  let name = "capture.ulimit"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(8)
    return lines.count >= 3 && lines.allSatisfy { Self.row($0) != nil } ? .high : nil
  }

  // core file size              (blocks, -c) 0        open files                          (-n) 1024        -t: cpu time (seconds)  unlimited
  private static func row(_ line: ByteView) -> (what: String, value: String)? {
    let text = line.trimmed
    guard let value = text.lastIndex(of: 0x20).map({ text.slice($0 + 1) }), value == "unlimited" || value.integer != nil
    else { return nil }
    let what = text.slice(0, text.count - value.count).trimmed
    let isBash = what[what.count - 1] == 0x29 && what[what.count - 3] == 0x2D && what[what.count - 2] >= 0x41
    let isDash = what[0] == 0x2D && what[2] == 0x3A
    return isBash || isDash ? (what.string.split(separator: " ").joined(separator: " "), value.string) : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let (what, value) = Self.row(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a limit")
      }
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:limit", message: "The limit of \(what) is \(value).",
          attributes: [Attribute("name", what), Attribute("value", value)], locator: line.locator))
      return .parsed
    }
  }
}
