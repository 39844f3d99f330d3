import Bytes
import Evidence

/// `auditctl -l` and the rules that it is loaded with: what the audit system watches. Where it watches nothing, its silence says
/// nothing.
struct AuditRulesFormat: LogFormat {
  let name = "capture.audit_rules"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12).filter { $0[0] != 0x23 && CommandMessage.reason($0) == nil }
    guard let first = lines.first else { return nil }
    if lines.count == 1, first.trimmed == "No rules" { return .high }
    return lines.contains(where: Self.isRule) && lines.allSatisfy { Self.isRule($0) || Self.isControl($0) }
      ? .high : nil
  }

  // -w /etc/passwd -p wa -k identity — -a always,exit -F arch=b64 -S execve -F key=exec
  private static func isRule(_ line: ByteView) -> Bool {
    if line.hasPrefix("-w /") || line.hasPrefix("-W /") { return true }
    guard line.hasPrefix("-a ") || line.hasPrefix("-A ") || line.hasPrefix("-d "),
      let list = line.slice(3).words(limit: 2).first
    else { return false }
    return list.contains("always") || list.contains("never")
  }

  // -D — -b 8192 — --backlog_wait_time 60000 — -e 2
  private static func isControl(_ line: ByteView) -> Bool {
    if line.hasPrefix("--") { return line.words(limit: 4).count <= 2 }
    return line[0] == 0x2D && "Dbfercis".utf8.contains(line[1]) && (line.count == 2 || line[2] == 0x20)
      && line.words(limit: 4).count <= 2
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 || Self.isControl(text) { return .parsed }
      if text == "No rules" {
        sink.event(
          Event(
            time: nil, dataType: "linux:capture:audit_rule", message: "The audit system watched nothing.",
            attributes: [Attribute("text", "No rules")], locator: line.locator))
        return .parsed
      }
      guard Self.isRule(text) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a rule of the audit system")
      }
      sink.event(Self.event(text, line.locator))
      return .parsed
    }
  }

  private static func event(_ text: ByteView, _ locator: Locator) -> Event {
    let words = text.words(limit: 256)
    var attributes: [Attribute] = [Attribute("text", text.string)]
    var path: String?
    var key: String?
    for (index, word) in words.enumerated() {
      let next = index + 1 < words.count ? words[index + 1] : ByteView("")
      if word == "-w" || word == "-W" { path = next.string }
      if word == "-k" { key = next.string }
      for name in ["path=", "dir=", "exe="] as [StaticString] where word.hasPrefix(ByteView(name)) {
        path = word.slice(name.utf8CodeUnitCount).string
      }
      if word.hasPrefix("key=") { key = word.slice(4).string }
    }
    attributes.add("path", path)
    attributes.add("key", key)
    return Event(
      time: nil, dataType: "linux:capture:audit_rule", message: "The audit system had the rule \(text.string).",
      entities: path.map { $0.hasPrefix("/") ? [Entity(.file, $0)] : [] } ?? [], attributes: attributes,
      locator: locator)
  }
}
