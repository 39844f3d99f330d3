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
  static func table(_ line: ByteView) -> String? {
    let words = line.words(limit: 5)
    guard words.count >= 4, words[0] == "table", families.contains(where: { words[1] == $0 }), words[3][0] == 0x7B
    else {
      return nil
    }
    return "\(words[1].string) \(words[2].string)"
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var blocks = Blocks()
    try readLines(stream, into: sink) { line in
      blocks.take(line) { table, chain, text, locator in sink.event(Self.event(table, chain, text, locator)) }
        ? .parsed : .skipped(CommandMessage.reason(line.bytes) ?? "line is not of nftables")
    }
    blocks.end { table, chain, text, locator in sink.event(Self.event(table, chain, text, locator)) }
  }

  private static func event(
    _ table: String, _ chain: Blocks.Head, _ text: ByteView, _ locator: Locator
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
    // What comes behind `!=` is all but that: one address, or those in braces.
    var isNegated = false
    var isInBraces = false
    for word in text.words(limit: 1 << 14) {
      if word == "!=" {
        isNegated = true
        continue
      }
      if word == "{" { isInBraces = true } else if word == "}" { (isInBraces, isNegated) = (false, false) }
      let plain = word[word.count - 1] == 0x2C ? word.dropLast(1) : word
      if !isNegated, let address = IPAddress.normal(plain) ?? Endpoint(plain)?.address, IPAddress.isSpecific(address) {
        entities.append(Entity(.address, address))
      }
      if !isInBraces { isNegated = false }
    }
    return Event(
      time: nil, dataType: "linux:capture:firewall_rule", message: "Rule of \(chain.kind) \(chain.name): \(rule)",
      entities: entities, attributes: attributes, locator: locator)
  }
}
