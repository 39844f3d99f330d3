import Evidence
import Testing

@testable import LogParse

@Suite struct FirewallCaptureTests {
  private func dump(_ text: String) throws -> EventDump { try EventDump(text, path: "x.txt") }
  private func rules(_ dump: EventDump) -> [String] { dump.events.compactMap { $0.text("rule") } }
  private func addresses(_ dump: EventDump) -> [String] { dump.events.flatMap { $0.entities.map(\.text) } }
  private func isWhole(_ dump: EventDump) -> Bool { dump.coverages.allSatisfy { $0.state == .parsed } }

  @Test func ip6tablesLeavesOptionsBlank() throws {
    let plain = try dump(
      """
      Chain INPUT (policy DROP)
      target     prot opt source               destination         
      ACCEPT     tcp      2001:db8::5          ::/0                 tcp dpt:22
      DROP       all      ::/0                 ::/0                
                 udp      anywhere             !2001:db8::6         udp dpt:53

      """)
    #expect(plain.format == "capture.iptables" && isWhole(plain))
    #expect(plain.events.dropFirst().map { $0.text("source") } == ["2001:db8::5", "::/0", "anywhere"])
    #expect(plain.events.dropFirst().map { $0.text("target") } == ["ACCEPT", "DROP", nil])
    #expect(plain.events.last?.text("destination") == "!2001:db8::6")
    #expect(plain.events.last?.text("match") == "udp dpt:53")
    #expect(addresses(plain).count == 1)
    let long = try dump(
      """
      Chain INPUT (policy DROP 0 packets, 0 bytes)
      num   pkts bytes target     prot opt in     out     source               destination         
      1      104  8320 ACCEPT     tcp      eth0   *       2001:db8::5          ::/0                 tcp dpt:22
      2       3   180            all      *      *       ::/0                 ::/0                

      """)
    #expect(isWhole(long) && long.events.count == 3)
    #expect(long.events[1].text("in_interface") == "eth0" && long.events[1].text("source") == "2001:db8::5")
    #expect(long.events[2].text("protocol") == "all" && long.events[2].text("target") == nil)
  }

  @Test(arguments: ["ACCEPT some words of text", "ACCEPT tcp one two", "DROP all"])
  func textIsNoRuleWithoutOptions(_ line: String) throws {
    let dump = try dump("Chain INPUT (policy DROP)\ntarget     prot opt source               destination\n\(line)\n")
    #expect(dump.events.count == 1)
    #expect(dump.coverages.contains { $0.state == .skipped })
  }

  @Test func negationIsKept() throws {
    let dump = try dump(
      """
      *nat
      -A POSTROUTING ! -s 10.0.0.5/32 ! -i docker0 ! -p tcp -d 203.0.113.9/32 ! --dport 22 -j MASQUERADE
      -A POSTROUTING -s ! 10.0.0.6 -m comment --comment "not ! -s 1.2.3.4" -j ACCEPT

      """)
    let first = try #require(dump.events.first)
    #expect(first.text("source") == "!10.0.0.5/32" && first.text("in_interface") == "!docker0")
    #expect(first.text("protocol") == "!tcp" && first.text("destination_ports") == "!22")
    #expect(first.text("destination") == "203.0.113.9/32" && first.text("target") == "MASQUERADE")
    #expect(dump.events.last?.text("source") == "!10.0.0.6")
    #expect(addresses(dump).count == 1)
  }

  @Test func insertedRulesAreRules() throws {
    let dump = try dump("*filter\n:INPUT ACCEPT [0:0]\n-I INPUT 1 -s 198.51.100.4 -j ACCEPT\nCOMMIT\n")
    #expect(dump.format == "capture.iptables")
    #expect(dump.events.last?.text("source") == "198.51.100.4" && dump.events.last?.text("chain") == "INPUT")
    #expect(try self.dump("*filter\n-X INPUT 1 -s 198.51.100.4 -j ACCEPT\n").format != "capture.iptables")
  }

  @Test func blocksOnOneLine() throws {
    let dump = try dump(
      """
      table ip nat {
        chain pre { type nat hook prerouting priority -100; tcp dport 8080 dnat to 198.51.100.4:4444; }
        chain in { # handle 1
          type filter hook input priority filter; policy drop;
          ip saddr != 192.0.2.9 log prefix "a; } {" drop # handle 4
        }
        chain empty { }
      }
      table inet one { chain x { accept } }

      """)
    #expect(
      rules(dump) == [
        "type nat hook prerouting priority -100;", "tcp dport 8080 dnat to 198.51.100.4:4444",
        "type filter hook input priority filter; policy drop;",
        "ip saddr != 192.0.2.9 log prefix \"a; } {\" drop # handle 4", "accept",
      ])
    #expect(dump.events.map { $0.text("chain") } == ["pre", "pre", "in", "in", "x"])
    #expect(dump.events.last?.text("table") == "inet one" && dump.events[2].text("policy") == "drop")
    #expect(addresses(dump).count == 1 && isWhole(dump))
  }

  @Test func listsOfSeveralLinesAreOne() throws {
    let dump = try dump(
      """
      table inet filter {
      	set bad {
      		type ipv4_addr
      		elements = { 198.51.100.1,
      			     198.51.100.2 }
      	}
      	chain in {
      		ip saddr vmap { 203.0.113.1 : drop,
      			203.0.113.2 : accept }
      		tcp dport 22 accept
      	}
      }

      """)
    #expect(
      rules(dump) == [
        "type ipv4_addr", "elements = { 198.51.100.1, 198.51.100.2 }",
        "ip saddr vmap { 203.0.113.1 : drop, 203.0.113.2 : accept }", "tcp dport 22 accept",
      ])
    #expect(addresses(dump).count == 4)
    #expect(dump.events[1].text("set") == "bad" && dump.events[3].text("chain") == "in")
  }

  @Test func listsOfAnySizeAreTold() throws {
    let list = (0..<5000).map { "198.51.\($0 / 250).\($0 % 250 + 1)" }
    for separator in [", ", ",\n    "] {
      let dump = try dump(
        "table ip t {\n  set s {\n    elements = { \(list.joined(separator: separator)) }\n  }\n  chain c { drop }\n}\n"
      )
      #expect(Set(addresses(dump)).count == 5000)
      #expect(dump.events.last?.text("chain") == "c" && dump.events.count > 2 && isWhole(dump))
    }
  }
}
