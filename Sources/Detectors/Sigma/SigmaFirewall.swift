import Bytes
import Evidence

/// What a packet filter tells, under the names of Sigma's `firewall` category: flow logs of a VPC, and what the kernel logs of
/// packets (`-j LOG`, ufw).
enum SigmaFirewall {
  static let fields: [String: [String]] = [
    "src_ip": ["src_address"], "dst_ip": ["dst_address"], "proto": ["protocol"],
    "SourceIp": ["src_address"], "SourcePort": ["src_port"], "DestinationIp": ["dst_address"],
    "DestinationPort": ["dst_port"], "Protocol": ["protocol"],
    // As AWS's own columns and the kernel's own lines call them.
    "srcaddr": ["src_address"], "dstaddr": ["dst_address"], "srcport": ["src_port"], "dstport": ["dst_port"],
    "SRC": ["src_address"], "DST": ["dst_address"], "SPT": ["src_port"], "DPT": ["dst_port"], "PROTO": ["protocol"],
    "IN": ["in_interface"], "OUT": ["out_interface"],
  ]
  /// Fields that are made of several, or that no record has as it stands.
  static let derived: Set<String> = ["src_ip", "dst_ip", "action", "blocked"]

  static func isFlow(_ dataType: String) -> Bool { dataType == "aws:vpcflow:record" }

  /// nil where the event is of no packet: the kernel has much else to say.
  static func record(_ event: Event) -> SigmaRecord? {
    guard event["src_address"] != nil || event["dst_address"] != nil else { return nil }
    return SigmaRecord(event, .firewall, derived: values(event))
  }

  /// The address behind one that was translated is the far end too; what became of the packet, by whoever says so.
  static func values(_ event: Event) -> [String: [String]] {
    var values: [String: [String]] = [:]
    for (field, names) in [
      ("src_ip", ["src_address", "pkt_src_address"]), ("dst_ip", ["dst_address", "pkt_dst_address"]),
    ] {
      let addresses = names.compactMap { event.text($0) }
      if !addresses.isEmpty { values[field] = addresses }
    }
    guard let (word, isBlocked) = verdict(event) else { return values }
    let plain = plainWord(isBlocked)
    values["action"] = word == plain ? [word] : [word, plain]
    values["blocked"] = [isBlocked ? "true" : "false"]
    return values
  }

  /// Flow logs have a column for it; of the kernel's lines only the prefix tells, which the rule's author chose.
  static func verdict(_ event: Event) -> (word: String, isBlocked: Bool)? {
    // Of flow logs there are millions.
    if let action = event.text("action") {
      if action == "ACCEPT" { return ("accept", false) }
      if action == "REJECT" { return ("reject", true) }
    }
    let text = (event.text("action") ?? event.text("rule") ?? "").lowercased()
    let words = text.utf8.split { !(0x61...0x7A).contains($0) }.map { String(Substring($0)) }
    for word in words.reversed() {
      if blocking.contains(word) { return (word, true) }
      if passing.contains(word) { return (word, false) }
    }
    return nil
  }

  static func plainWord(_ isBlocked: Bool) -> String { isBlocked ? "block" : "accept" }

  private static let blocking: Set<String> = [
    "block", "blocked", "drop", "dropped", "reject", "rejected", "deny", "denied",
  ]
  private static let passing: Set<String> = [
    "accept", "accepted", "allow", "allowed", "pass", "passed", "permit", "permitted",
  ]
}
