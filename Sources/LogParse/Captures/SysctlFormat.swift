import Bytes
import Evidence

/// `sysctl -a`: the kernel's settings, one event each. What `/etc/sysctl.conf` asks for looks alike, but may not be in force.
struct SysctlFormat: LogFormat {
  let name = "capture.sysctl"
  let version = 1

  private static let roots: [StaticString] = [
    "abi.", "debug.", "dev.", "fs.", "kernel.", "net.", "sunrpc.", "user.", "vm.", "crypto.",
  ]

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, !sample.path.contains("etc/sysctl"), !sample.path.contains("sysctl.d/") else { return nil }
    let lines = sample.lines(16).filter { !$0.hasPrefix("sysctl: ") }
    return !lines.isEmpty && lines.allSatisfy { Self.setting($0) != nil } ? .high : nil
  }

  // kernel.randomize_va_space = 2
  private static func setting(_ line: ByteView) -> (name: ByteView, value: ByteView)? {
    guard roots.contains(where: { line.hasPrefix(ByteView($0)) }), let place = line.firstIndex(of: ByteView(" =")),
      place <= 256, line[place + 2] == 0x20 || place + 2 == line.count
    else { return nil }
    let name = line.slice(0, place)
    return name.firstIndex(of: 0x20) == nil ? (name, line.slice(place + 2).trimmed) : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let (name, value) = Self.setting(line.bytes) else {
        return .skipped(
          line.bytes.hasPrefix("sysctl: ")
            ? "the command's own message" : CommandMessage.reason(line.bytes) ?? "line is not a setting of the kernel")
      }
      let text = value.slice(0, 1 << 14).string
      var attributes: [Attribute] = [Attribute("name", name.string)]
      attributes.add("value", text)
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:kernel_setting",
          message: "The kernel has \(name.string) set to \(text.isEmpty ? "nothing" : text).", attributes: attributes,
          locator: line.locator))
      return .parsed
    }
  }
}
