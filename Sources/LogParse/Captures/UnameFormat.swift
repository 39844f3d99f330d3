import Bytes
import Evidence

/// `uname -a` and parts of it (`-r`, `-sr`, `-snrm`), and the banner of `/proc/version`.
struct UnameFormat: LogFormat {
  let name = "capture.uname"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isWhole, sample.head.count < 1024, let line = sample.lines(1).first else { return nil }
    if Self.attributes(line) != nil { return .high }
    return sample.name.contains("uname") && sample.lines(2).count == 1 && Self.release(line) != nil ? .medium : nil
  }

  /// What `uname -r` prints: `6.1.0-50-cloud-amd64`.
  private static func release(_ line: ByteView) -> [Attribute]? {
    let text = line.trimmed
    // Linux 6.1.0-50-cloud-amd64 — Linux web-1 6.1.0-50-cloud-amd64 x86_64
    if text.hasPrefix("Linux "), text.firstIndex(of: 0x23) == nil {
      let words = text.words(limit: 8)
      guard (2...5).contains(words.count) else { return nil }
      if release(words[1]) != nil { return [Attribute("kernel_release", words[1].string)] }
      guard words.count > 2, release(words[2]) != nil else { return nil }
      var attributes = [Attribute("hostname", words[1].string), Attribute("kernel_release", words[2].string)]
      if words.count > 3 { attributes.add("machine", words[3].string) }
      return attributes
    }
    let parts = text.split(0x2E, limit: 3)
    guard text.words(limit: 2).count == 1, parts.count == 3, CivilTime.number(parts[0]) != nil,
      CivilTime.number(parts[1]) != nil, (0x30...0x39).contains(parts[2][0])
    else { return nil }
    return [Attribute("kernel_release", text.string)]
  }

  // Linux web-1 6.1.0-50-cloud-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02) x86_64 GNU/Linux
  // Linux version 6.1.0-50-cloud-amd64 (build@host) (gcc …) #1 SMP …
  private static func attributes(_ line: ByteView) -> [Attribute]? {
    guard line.hasPrefix("Linux "), let hash = line.firstIndex(of: ByteView(" #")) else { return nil }
    let words = line.slice(0, hash).words(limit: 4)
    guard words.count >= 3 else { return nil }
    var attributes: [Attribute] = []
    if words[1] == "version" {
      attributes.add("kernel_release", words[2].string)
      attributes.add("kernel_version", line.slice(hash + 1).trimmed.string)
      return attributes
    }
    guard words.count == 3 else { return nil }
    attributes.add("hostname", words[1].string)
    attributes.add("kernel_release", words[2].string)
    let rest = line.slice(hash + 1).trimmed
    let tail = rest.words(limit: 64)
    let machine = tail.last(where: {
      $0 == "x86_64" || $0 == "aarch64" || $0 == "i686" || $0 == "armv7l" || $0 == "s390x" || $0 == "ppc64le"
        || $0 == "riscv64"
    })
    attributes.add("kernel_version", rest.string)
    attributes.add("machine", machine?.string)
    return attributes
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let attributes = Self.attributes(line.bytes) ?? Self.release(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of uname")
      }
      let host = attributes.first { $0.name == "hostname" }?.value.text
      let release = attributes.first { $0.name == "kernel_release" }?.value.text ?? ""
      sink.event(
        Event(
          time: nil, dataType: "linux:host:kernel",
          message: "\(host.map { "Host \($0)" } ?? "The host") runs Linux \(release).",
          entities: host.map { [Entity(.host, $0)] } ?? [], attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
