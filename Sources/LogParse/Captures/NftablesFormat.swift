import Bytes
import Evidence

/// `nft list ruleset`: one event for each line within a chain or a set, with the table and chain that it is of (nft(8)).
struct NftablesFormat: LogFormat {
  let name = "capture.nftables"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(6).filter { $0[0] != 0x23 }
    guard let first = lines.first, Self.table(first.trimmed) != nil else { return nil }
    return .high
  }

  private static let families: [StaticString] = ["ip", "ip6", "inet", "arp", "bridge", "netdev"]

  // table inet filter {
  private static func table(_ line: ByteView) -> String? {
    let words = line.words(limit: 5)
    guard words.count >= 4, words[0] == "table", families.contains(where: { words[1] == $0 }), words[3][0] == 0x7B
    else {
      return nil
    }
    return "\(words[1].string) \(words[2].string)"
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var table: String?
    var chain: (kind: String, name: String)?
    // Braces that are open within a chain or set.
    var depth = 0
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      if let name = Self.table(text) {
        table = name
        chain = nil
        depth = 0
        if text.hasSuffix("}") { table = nil }
        return .parsed
      }
      guard let table else { return .skipped(CommandMessage.reason(text) ?? "line is not of nftables") }
      guard let inner = chain else {
        let words = text.words(limit: 4)
        if words.count >= 3, words[2][0] == 0x7B {
          chain = (words[0].string, words[1].string)
          depth = 0
          if text.hasSuffix("}") { chain = nil }
        }
        return .parsed
      }
      let open = depth
      for index in 0..<min(text.count, 1 << 16) {
        if text[index] == 0x7B { depth += 1 } else if text[index] == 0x7D { depth -= 1 }
      }
      if text == "}", open == 0 {
        chain = nil
        return .parsed
      }
      depth = max(depth, 0)
      sink.event(Self.event(table, inner, text, line.locator))
      return .parsed
    }
  }

  private static func event(
    _ table: String, _ chain: (kind: String, name: String), _ text: ByteView, _ locator: Locator
  ) -> Event {
    let rule = text.slice(0, 1 << 16).string
    var attributes: [Attribute] = [Attribute("table", table)]
    attributes.add(chain.kind == "chain" ? "chain" : "set", chain.name)
    if text.hasPrefix("type ") {
      // type filter hook input priority filter; policy accept;
      if let place = text.firstIndex(of: ByteView("policy ")) {
        let policy = text.slice(place + 7)
        attributes.add("policy", (policy.cut(0x3B)?.before ?? policy).trimmed.string)
      }
    }
    attributes.add("rule", rule)
    var entities: [Entity] = []
    for word in text.words(limit: 256) where entities.count < 64 {
      let plain = word[word.count - 1] == 0x2C ? word.dropLast(1) : word
      if let address = IPAddress.normal(plain) ?? Endpoint(plain)?.address, IPAddress.isSpecific(address) {
        entities.append(Entity(.address, address))
      }
    }
    return Event(
      time: nil, dataType: "linux:capture:firewall_rule", message: "Rule of \(chain.kind) \(chain.name): \(rule)",
      entities: entities, attributes: attributes, locator: locator)
  }
}
