import Bytes
import Evidence

/// Rules of the kernel's packet filter as iptables prints them: `iptables-save`, `iptables -S`, and `iptables -L` with or without
/// `-n`, `-v` and `--line-numbers`; ip6tables' alike. One event a rule, and one for each chain that has a policy.
struct IptablesFormat: LogFormat {
  let name = "capture.iptables"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(16)
    // Of a list, the chain and the columns below it.
    for (line, next) in zip(lines.prefix(4), lines.dropFirst()) where Self.chain(line) != nil && Self.isHeader(next) {
      return .high
    }
    if lines.count == 1, let only = lines.first, Self.chain(only)?.policy != nil { return .high }
    let rules = lines.filter { Self.setting($0) != nil || Self.rule($0) != nil }
    guard rules.count == lines.count(where: { $0[0] != 0x23 }), !rules.isEmpty else { return nil }
    return rules.contains { Self.setting($0).map { !$0.isEnd } ?? false } ? .high : nil
  }

  // Chain INPUT (policy DROP 12 packets, 720 bytes)        Chain DOCKER (1 references)
  private static func chain(_ line: ByteView) -> (name: ByteView, policy: ByteView?)? {
    guard line.hasPrefix("Chain "), let (name, rest) = line.slice(6).cut(0x20), rest[0] == 0x28,
      rest.hasPrefix("(policy ") || rest.contains(" references")
    else { return nil }
    guard rest.hasPrefix("(policy ") else { return (name, nil) }
    let policy = rest.slice(8)
    return (
      name, policy.slice(0, (0..<policy.count).first { policy[$0] == 0x20 || policy[$0] == 0x29 } ?? policy.count)
    )
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.contains("target ") && line.contains("prot ") && line.contains("source ") && line.contains("destination")
  }

  private enum Setting {
    case table(ByteView), policy(chain: ByteView, ByteView), chain(ByteView), end

    var isEnd: Bool { if case .end = self { true } else { false } }
  }

  // *filter    :INPUT ACCEPT [0:0]    -P INPUT ACCEPT    -N DOCKER    COMMIT
  private static func setting(_ line: ByteView) -> Setting? {
    if line.trimmed == "COMMIT" { return .end }
    if line[0] == 0x2A {
      let table = line.slice(1).trimmed
      return tables.contains(where: { table == $0 }) ? .table(table) : nil
    }
    let words = line.words(limit: 5)
    guard words.count >= 2 else { return nil }
    if line[0] == 0x3A, words[0].count > 1 {
      if words[1] == "-" { return .chain(words[0].slice(1)) }
      return policies.contains(where: { words[1] == $0 }) ? .policy(chain: words[0].slice(1), words[1]) : nil
    }
    if words[0] == "-P", words.count >= 3, policies.contains(where: { words[2] == $0 }) {
      return .policy(chain: words[1], words[2])
    }
    return words[0] == "-N" ? .chain(words[1]) : nil
  }

  private static let tables: [StaticString] = ["filter", "nat", "mangle", "raw", "security"]
  /// iptables-restore takes inserted rules too, as somebody wrote them by hand.
  private static let ruleWords: [StaticString] = ["-A", "--append", "-I", "--insert"]
  private static let policies: [StaticString] = ["ACCEPT", "DROP", "REJECT", "QUEUE"]

  private struct Rule {
    var chain: String
    /// Texts in quotes are one word: a comment may hold anything.
    var words: [ByteView]
    var text: String
    var packets, bytes: Int64?
  }

  // -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT        [12:720] -A INPUT …
  // -I INPUT 1 -s 203.0.113.9 -j ACCEPT
  private static func rule(_ line: ByteView) -> Rule? {
    let fields = AccessLogFields(line, limit: 256)
    let first = line[0] == 0x5B ? 1 : 0
    guard fields.count >= first + 2, ruleWords.contains(where: { fields[first] == $0 }) else { return nil }
    let chain = fields[first + 1]
    var rule = Rule(
      chain: chain.string, words: (first + 2..<fields.count).map { fields[$0] },
      text: line.slice(line.offset(of: chain) + chain.count, 1 << 16).trimmed.string)
    if first == 1 {
      let counters = fields[0].split(0x3A, limit: 3)
      rule.packets = counters.first?.integer
      rule.bytes = counters.last?.integer
    }
    return rule
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var table: String?
    var chain: String?
    var header: [String]?
    func tellPolicy(_ name: String, _ policy: String, _ locator: Locator) {
      var attributes: [Attribute] = []
      attributes.add("table", table)
      attributes.add("chain", name)
      attributes.add("policy", policy)
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:firewall_rule",
          message: "Chain \(name) has the policy \(policy).", attributes: attributes, locator: locator))
    }
    try readLines(stream, into: sink) { line in
      if line.bytes[0] == 0x23 { return .parsed }
      if let setting = Self.setting(line.bytes) {
        switch setting {
        case .table(let name): table = name.string
        case .policy(let chain, let policy): tellPolicy(chain.string, policy.string, line.locator)
        case .chain: break
        case .end: table = nil
        }
        return .parsed
      }
      if let rule = Self.rule(line.bytes) {
        sink.event(Self.event(table, rule, line.locator))
        return .parsed
      }
      if let (name, policy) = Self.chain(line.bytes) {
        chain = name.string
        header = nil
        if let policy { tellPolicy(name.string, policy.string, line.locator) }
        return .parsed
      }
      if Self.isHeader(line.bytes) {
        header = line.bytes.words(limit: 16).map(\.string)
        return .parsed
      }
      guard let chain, let header, let event = Self.listed(chain, header, line) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a rule of iptables")
      }
      sink.event(event)
      return .parsed
    }
  }

  /// Of a rule as it was set.
  private static let options: [(words: [StaticString], name: String)] = [
    (["-j", "--jump", "-g"], "target"), (["-p", "--protocol"], "protocol"), (["-s", "--source"], "source"),
    (["-d", "--destination"], "destination"), (["--sport", "--sports", "--source-port"], "source_ports"),
    (["--dport", "--dports", "--destination-port"], "destination_ports"), (["-i", "--in-interface"], "in_interface"),
    (["-o", "--out-interface"], "out_interface"), (["--to-destination", "--to-ports", "--to-source"], "translates_to"),
    (["--comment"], "comment"),
  ]

  private static func event(_ table: String?, _ rule: Rule, _ locator: Locator) -> Event {
    let words = rule.words
    var attributes: [Attribute] = []
    attributes.add("table", table)
    attributes.add("chain", rule.chain)
    attributes.add("rule", rule.text)
    var entities: [Entity] = []
    for (keys, name) in options {
      guard let place = words.firstIndex(where: { word in keys.contains { word == $0 } }), place + 1 < words.count
      else {
        continue
      }
      // `! -s 10.0.0.0/8`, and as it was written long ago `-s ! 10.0.0.0/8`: all but that, so it is nobody's address.
      let isNegatedBehind = words[place + 1] == "!" && place + 2 < words.count
      let value = words[isNegatedBehind ? place + 2 : place + 1]
      let isNegated = isNegatedBehind || place > 0 && words[place - 1] == "!"
      attributes.add(name, (isNegated ? "!" : "") + value.string)
      if !isNegated, name == "source" || name == "destination" || name == "translates_to" { add(value, to: &entities) }
    }
    attributes.add("packets", rule.packets)
    attributes.add("bytes", rule.bytes)
    return Event(
      time: nil, dataType: "linux:capture:firewall_rule", message: "Rule of chain \(rule.chain): \(rule.text)",
      entities: entities, attributes: attributes, locator: locator)
  }

  /// A single address: nets are nobody's.
  private static func add(_ word: ByteView, to entities: inout [Entity]) {
    let (host, bits) = word.cut(0x2F) ?? (word, word.slice(word.count))
    let plain = bits.isEmpty ? host.cut(0x3A).flatMap { IPAddress.isDotted($0.before) ? $0.before : nil } ?? host : host
    guard bits.isEmpty || bits == "32" || bits == "128", let address = IPAddress.normal(plain),
      IPAddress.isSpecific(address)
    else { return }
    entities.append(Entity(.address, address))
  }

  // 12   720 ACCEPT  tcp  --  eth0  *  0.0.0.0/0  0.0.0.0/0  tcp dpt:22
  private static func listed(_ chain: String, _ header: [String], _ line: TextLine) -> Event? {
    let words = line.bytes.words(limit: header.count + 1)
    // A rule without a target leaves its column empty, and ip6tables that of options.
    let layouts = [[], ["target"], ["opt"], ["opt", "target"]].map { empty in header.filter { !empty.contains($0) } }
    guard let names = layouts.first(where: { words.count >= $0.count && isPlace(words, $0) }) else { return nil }
    var attributes: [Attribute] = [Attribute("chain", chain)]
    var entities: [Entity] = []
    for (name, word) in zip(names, words) {
      switch name {
      case "num": attributes.add("number", word.integer)
      // `12K` where they are many.
      case "pkts":
        if word.integer != nil {
          attributes.add("packets", word.integer)
        } else {
          attributes.add("packets_text", word.string)
        }
      case "bytes":
        if word.integer != nil {
          attributes.add("bytes", word.integer)
        } else {
          attributes.add("bytes_text", word.string)
        }
      case "prot": attributes.add("protocol", word.string)
      case "in": attributes.add("in_interface", word.string)
      case "out": attributes.add("out_interface", word.string)
      case "opt": break
      default: attributes.add(name, word.string)
      }
      if name == "source" || name == "destination" { add(word, to: &entities) }
    }
    if words.count > names.count { attributes.add("match", words[names.count...].map(\.string).joined(separator: " ")) }
    attributes.add("rule", line.bytes.trimmed.string)
    return Event(
      time: nil, dataType: "linux:capture:firewall_rule",
      message: "Rule of chain \(chain): \(line.bytes.trimmed.string)", entities: entities, attributes: attributes,
      locator: line.locator)
  }

  /// Whether what stands in the column of options are options: the columns are as they are taken to be. Where there is no
  /// such column, the protocol and the addresses have to be some.
  private static func isPlace(_ words: [ByteView], _ names: [String]) -> Bool {
    if let place = names.firstIndex(of: "opt") { return isOptions(words[place]) }
    guard let place = names.firstIndex(of: "prot"), isProtocol(words[place]),
      let source = names.firstIndex(of: "source"),
      let destination = names.firstIndex(of: "destination"), source > place, !isOptions(words[place + 1])
    else { return false }
    return isNet(words[source]) || isNet(words[destination])
  }

  private static func isOptions(_ word: ByteView) -> Bool { word == "--" || word == "-f" || word == "!f" }

  private static func isProtocol(_ word: ByteView) -> Bool {
    let name = word[0] == 0x21 ? word.dropFirst(1) : word
    return name.integer != nil || protocols.contains { name == $0 }
  }

  private static let protocols: [StaticString] = [
    "all", "tcp", "udp", "udplite", "icmp", "icmpv6", "ipv6-icmp", "esp", "ah", "sctp", "mh", "ipv6-mh", "dccp", "gre",
  ]

  /// `::/0`, `!2001:db8::5/128`, `anywhere`
  private static func isNet(_ word: ByteView) -> Bool {
    let place = word[0] == 0x21 ? word.dropFirst(1) : word
    return place == "anywhere" || IPAddress.normal(place.cut(0x2F)?.before ?? place) != nil
  }
}
