import Evidence
import Testing

@testable import Detectors

struct SigmaFirewallTests {
  private func holds(_ source: String, _ detection: String, _ events: [Event]) -> Bool {
    let (rules, diagnostics) = sigma(
      "title: T\nlogsource: {\(source)}\ndetection:\n  s:\n    \(detection)\n  condition: s\n")
    precondition(diagnostics.isEmpty, "\(diagnostics)")
    return !titles(rules, events).isEmpty
  }

  private func flow(_ action: String) -> Event {
    event(
      [
        "src_address": .text("10.0.0.5"), "dst_address": .text("10.0.0.1"), "pkt_dst_address": .text("203.0.113.9"),
        "src_port": .integer(40000), "dst_port": .integer(1389), "protocol": .text("tcp"), "action": .text(action),
      ], "aws:vpcflow:record", message: "flow \(action) 10.0.0.5:40000 -> 10.0.0.1:1389 tcp")
  }

  private func packet(_ rule: String?) -> Event {
    var fields: [String: Value] = [
      "program": .text("kernel"), "host": .text("web1"), "src_address": .text("198.51.100.23"),
      "dst_address": .text("10.0.0.5"), "dst_port": .integer(22), "protocol": .text("tcp"),
      "in_interface": .text("eth0"), "text": .text("[1.2] [\(rule ?? "")] IN=eth0 SRC=198.51.100.23"),
    ]
    fields["rule"] = rule.map { .text($0) }
    return event(fields, "linux:kernel:entry")
  }

  @Test(arguments: [
    ("dst_ip: 203.0.113.9", true), ("dst_ip|cidr: 10.0.0.0/8", true), ("src_ip: 10.0.0.5", true),
    ("dst_port: 1389", true),
    ("action: [forward, accept, 2]", true), ("blocked: 'false'", true), ("blocked: true", false),
    ("action: block", false),
    ("dstaddr: 10.0.0.1", true), ("dst_port: 138", false), ("src_ip: 203.0.113.9", false),
  ])
  func aFlowIsAFirewallsRecord(_ detection: String, _ expected: Bool) {
    for source in ["category: firewall", "product: aws, service: vpcflow", "product: aws, category: firewall"] {
      #expect(holds(source, detection, [flow("ACCEPT")]) == expected, "\(source) \(detection)")
    }
    #expect(!holds("product: linux, category: firewall", detection, [flow("ACCEPT")]))
  }

  @Test func aRefusedFlowIsBlocked() {
    #expect(holds("category: firewall", "{action: reject, blocked: 'true'}", [flow("REJECT")]))
    #expect(holds("category: firewall", "action: block", [flow("REJECT")]))
    #expect(!holds("category: firewall", "blocked: 'false'", [flow("REJECT")]))
  }

  /// What the author of a rule of iptables put in front tells what became of the packet.
  @Test(arguments: [
    ("UFW BLOCK", "{action: block, blocked: 'true'}", true), ("UFW ALLOW", "{action: accept, blocked: 'false'}", true),
    ("IPTABLES-DROP:", "blocked: 'true'", true), ("FINAL_REJECT:", "action: block", true),
    ("UFW AUDIT", "blocked: '*'", false),
    ("FW", "{src_ip: 198.51.100.23, dst_port: 22}", true), ("FW", "action: '*'", false),
    ("BLOCKADE", "blocked: '*'", false),
    ("FW", "{SRC: 198.51.100.23, IN: eth0}", true),
  ])
  func theKernelsLinesAreAFirewallsRecords(_ rule: String, _ detection: String, _ expected: Bool) {
    #expect(holds("category: firewall", detection, [packet(rule)]) == expected)
    #expect(holds("product: linux, service: iptables", detection, [packet(rule)]) == expected)
    #expect(holds("product: linux, service: ufw", detection, [packet(rule)]) == (expected && rule.hasPrefix("UFW")))
    #expect(!holds("product: aws, service: vpcflow", detection, [packet(rule)]))
  }

  @Test func otherLinesOfTheKernelAreOfNoPacket() {
    let line = event(["program": .text("kernel"), "text": .text("usb 1-1: new device")], "linux:kernel:entry")
    #expect(!holds("category: firewall", "src_ip: null", [line]))
    #expect(holds("category: firewall", "src_port: null", [packet(nil)]))
    #expect(holds("product: linux", "text|contains: usb", [line]))
  }

  @Test func otherMakersFirewallsAreNotRead() {
    let (_, diagnostics) = sigma(
      "title: T\nlogsource: {product: cisco, category: firewall}\ndetection: {s: {a: 1}, condition: s}\n")
    #expect(diagnostics.map(\.level) == [.warning])
  }
}
