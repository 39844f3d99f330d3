import Bytes
import Evidence

/// known_hosts: where somebody of this account connected to by ssh. Hashed names stay hashed.
struct KnownHostsFormat: LogFormat {
  let name = "linux.known_hosts"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, !sample.name.hasPrefix("authorized_keys") else { return nil }
    let lines = sample.lines(8).map(\.trimmed).filter { $0[0] != 0x23 }
    guard !lines.isEmpty, lines.allSatisfy({ Self.split($0) != nil }) else { return nil }
    if sample.name.contains("known_hosts") { return .high }
    // Under another name the hosts themselves must look like it: hashed, addresses, names with a domain.
    return lines.allSatisfy { Self.split($0).map { Self.isHost($0.hosts) } ?? false } ? .medium : nil
  }

  private static func isHost(_ text: ByteView) -> Bool {
    if text.hasPrefix("|1|") { return true }
    guard text.firstIndex(of: 0x3D) == nil, text.firstIndex(of: 0x22) == nil else { return false }
    return text.firstIndex(of: 0x2E) != nil || text.firstIndex(of: 0x3A) != nil
  }

  private static func split(_ text: ByteView) -> (hosts: ByteView, key: PublicKey)? {
    var words = text.words(limit: 2)
    if let mark = words.first, mark[0] == 0x40, words.count == 2 { words = words[1].words(limit: 2) }
    guard words.count == 2 else { return nil }
    return PublicKey(words[1]).map { (words[0], $0) }
  }

  /// `203.0.113.9`, or `[203.0.113.9]:2222` where the port is another than 22.
  private static func endpoint(_ text: ByteView) -> Endpoint {
    (text[0] == 0x5B ? Endpoint(text) : nil) ?? Endpoint(host: text, port: ByteView(""))
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let user = FileOwner.user(ofPath: context.path)
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      guard let (hosts, key) = Self.split(text) else { return .skipped("line is not a host's key") }
      let names = hosts[0] == 0x7C ? [] : hosts.split(0x2C, limit: 64).map(Self.endpoint)
      var attributes: [Attribute] = []
      attributes.add("user", user)
      attributes.add("hosts", hosts[0] == 0x7C ? [] : hosts.split(0x2C, limit: 64).map(\.string))
      attributes.add("key_type", key.type)
      attributes.add("key_fingerprint", key.fingerprint)
      sink.event(
        Event(
          time: nil, dataType: "linux:ssh:known_host",
          message:
            "\(user ?? "Somebody") knows the \(key.type) key of \(hosts[0] == 0x7C ? "a host whose name is hashed" : hosts.string).",
          entities: names.compactMap { $0.isSpecific ? Entity(.address, $0.address ?? "") : nil },
          attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
