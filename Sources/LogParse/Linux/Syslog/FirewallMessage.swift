import Bytes
import Evidence

/// Packets that the kernel's packet filter tells of (`-j LOG`, `log prefix`, ufw): `[UFW BLOCK] IN=eth0 OUT= SRC=… DST=… PROTO=TCP
/// SPT=… DPT=…` (net/netfilter/nf_log_syslog.c).
struct FirewallMessage {
  private(set) var attributes: [Attribute] = []
  private(set) var entities: [Entity] = []

  private static let wordLimit = 64

  /// Nil for any other line of the kernel's.
  init?(_ body: ByteView) {
    guard let place = body.firstIndex(of: ByteView(" SRC=")), let start = body.firstIndex(of: ByteView("IN=")),
      start < place
    else { return nil }
    var words = WordWalker(body.slice(start))
    for _ in 0..<Self.wordLimit {
      let word = words.next()
      // An error quotes the packet that it answers.
      if word.isEmpty || word[0] == 0x5B { break }
      guard let (key, value) = word.cut(0x3D), !value.isEmpty else { continue }
      switch key {
      case _ where key == "SRC": addAddress("src_address", value)
      case _ where key == "DST": addAddress("dst_address", value)
      case _ where key == "SPT": attributes.add("src_port", value.integer)
      case _ where key == "DPT": attributes.add("dst_port", value.integer)
      case _ where key == "PROTO": attributes.add("protocol", value.string.lowercased())
      case _ where key == "IN": attributes.add("in_interface", value.string)
      case _ where key == "OUT": attributes.add("out_interface", value.string)
      default: break
      }
    }
    guard !entities.isEmpty || attributes.contains(where: { $0.name == "src_address" }) else { return nil }
    // What the rule's author writes in front: `[UFW BLOCK] `.
    var prefix = body.slice(0, start).trimmed
    if prefix[0] == 0x5B, prefix[prefix.count - 1] == 0x5D { prefix = prefix.slice(1, prefix.count - 1) }
    attributes.add("rule", prefix.string)
  }

  private mutating func addAddress(_ name: String, _ value: ByteView) {
    guard let address = IPAddress.normal(value), !attributes.contains(where: { $0.name == name }) else { return }
    attributes.append(Attribute(name, address))
    if IPAddress.isSpecific(address) { entities.append(Entity(.address, address)) }
  }
}
