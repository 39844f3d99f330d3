import Bytes
import Evidence

/// What the host is called and which system it runs: `hostname`, `uname -n`, `hostnamectl` and `/etc/os-release`.
struct HostIdentityFormat: LogFormat {
  let name = "capture.host_identity"
  let version = 1

  private enum Kind { case name, control, release }

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isWhole, sample.head.count < 1 << 14, sample.isText else { return nil }
    return Self.kind(sample) == nil ? nil : .high
  }

  private static func kind(_ sample: FormatSample) -> Kind? {
    let lines = sample.lines(32)
    guard let first = lines.first else { return nil }
    let names = lines.compactMap { $0.cut(0x3A)?.before.trimmed }
    if names.first.map({ $0 == "Static hostname" || $0 == "Transient hostname" }) ?? false,
      names.contains(where: { $0 == "Kernel" || $0 == "Machine ID" || $0 == "Operating System" })
    {
      return .control
    }
    if lines.contains(where: { $0.hasPrefix("ID=") }), lines.contains(where: { $0.hasPrefix("PRETTY_NAME=") }),
      lines.allSatisfy({ $0[0] == 0x23 || setting($0) != nil })
    {
      return .release
    }
    // A word alone may be anything: the file's name has to say what it is.
    let name = sample.name
    let isNamed =
      ["hostname.txt", "hostname", "hostname_output.txt", "uname_-n.txt"].contains { name == $0 }
      || name.hasPrefix("hostname_-f") || name.hasPrefix("hostname_-s")
    return isNamed && lines.count == 1 && isName(first.trimmed) ? .name : nil
  }

  private static func isName(_ text: ByteView) -> Bool {
    guard !text.isEmpty, text.count <= 253, text[0] != 0x2D else { return false }
    return text.unsafeBytes.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
    }
  }

  // PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
  private static func setting(_ line: ByteView) -> (name: ByteView, value: ByteView)? {
    guard let (name, value) = line.cut(0x3D), !name.isEmpty, name.count < 64,
      name.unsafeBytes.allSatisfy({ (0x41...0x5A).contains($0) || $0 == 0x5F || (0x30...0x39).contains($0) })
    else { return nil }
    let text = value.trimmed
    let isQuoted = text.count >= 2 && (text[0] == 0x22 || text[0] == 0x27) && text[text.count - 1] == text[0]
    return (name, isQuoted ? text.slice(1, text.count - 1) : text)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let stream = try FrontStream(stream)
    let kind = stream.front.withView { Self.kind(FormatSample(head: $0, path: context.path, isWhole: stream.isWhole)) }
    var attributes: [Attribute] = []
    var found: Locator?
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      switch kind {
      case .name where found == nil && Self.isName(text): attributes.add("hostname", text.string)
      case .control:
        guard let (name, value) = text.cut(0x3A), let key = Self.keys[name.string] else { return .parsed }
        attributes.add(key, value.trimmed.string)
      case .release:
        guard let (name, value) = Self.setting(text), let key = Self.keys[name.string] else { return .parsed }
        attributes.add(key, value.string)
      default: return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of the host's name or system")
      }
      found = found?.reaching(line.end) ?? line.locator
      return .parsed
    }
    guard let found else { return }
    func text(_ name: String) -> String? { attributes.first { $0.name == name }?.value.text }
    let host = text("hostname").flatMap { $0 == "(unset)" || $0 == "n/a" ? nil : $0 }
    let system = text("operating_system")
    sink.event(
      Event(
        time: nil, dataType: "linux:host:identity",
        message: "\(host.map { "Host \($0)" } ?? "The host")\(system.map { " runs \($0)" } ?? " told its name").",
        entities: host.map { [Entity(.host, $0)] } ?? [], attributes: attributes, locator: found))
  }

  private static let keys: [String: String] = [
    "Static hostname": "hostname", "Operating System": "operating_system", "Kernel": "kernel_release",
    "Machine ID": "machine_id", "Boot ID": "boot_id", "Virtualization": "virtualization",
    "Architecture": "machine", "PRETTY_NAME": "operating_system", "ID": "distribution",
    "VERSION_ID": "distribution_version",
  ]
}
