import Bytes
import Evidence

/// Whether the host's guards were on: `sestatus`, `getenforce`, and `auditctl -s`. One event a setting.
struct SecuritySettingFormat: LogFormat {
  let name = "capture.security_settings"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isWhole, sample.head.count < 1 << 14, sample.isText else { return nil }
    let lines = sample.lines(4)
    guard let first = lines.first else { return nil }
    if first.hasPrefix("SELinux status:") { return .high }
    if lines.count == 1, Self.mode(first) != nil, !CapturePlace.isOnDisk(sample.path) {
      return sample.name.lowercased().contains("enforce") || sample.name.lowercased().contains("selinux") ? .high : nil
    }
    // Of the audit system's own words several follow each other.
    let status = lines.filter { Self.isAudit($0) }.count
    return first.hasPrefix("enabled ") && status == lines.count && status >= 3 ? .high : nil
  }

  private static func mode(_ line: ByteView) -> String? {
    let text = line.trimmed
    return text == "Enforcing" || text == "Permissive" || text == "Disabled" ? text.string : nil
  }

  private static let auditNames: [StaticString] = [
    "enabled", "failure", "pid", "rate_limit", "backlog_limit", "lost", "backlog", "backlog_wait_time",
    "backlog_wait_time_actual", "loginuid_immutable", "flag",
  ]

  private static func isAudit(_ line: ByteView) -> Bool {
    guard let (name, value) = line.cut(0x20) else { return false }
    return auditNames.contains { name == $0 } && value.trimmed.words(limit: 3).count <= 2
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if let reason = CommandMessage.reason(line.bytes) { return .skipped(reason) }
      if let mode = Self.mode(text) {
        sink.event(Self.event("SELinux", "mode", mode, line.locator))
      } else if Self.isAudit(text), let (name, value) = text.cut(0x20) {
        sink.event(Self.event("The audit system", name.string, value.trimmed.string, line.locator))
      } else if let (name, value) = text.cut(0x3A), !name.isEmpty, name.count < 64 {
        sink.event(Self.event("SELinux", name.string, value.trimmed.string, line.locator))
      } else {
        return .skipped("line is no setting")
      }
      return .parsed
    }
  }

  // SELinux status:                 enabled
  private static func event(_ guardian: String, _ name: String, _ value: String, _ locator: Locator) -> Event {
    Event(
      time: nil, dataType: "linux:capture:security_setting", message: "\(guardian) had \(name) at \(value).",
      attributes: [Attribute("name", name), Attribute("value", value)], locator: locator)
  }
}
