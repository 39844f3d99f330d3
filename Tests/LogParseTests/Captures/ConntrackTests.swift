import Evidence
import Testing

@testable import LogParse

@Suite struct ConntrackTests {
  @Test func connections() throws {
    let text = """
      tcp      6 431999 ESTABLISHED src=10.0.0.5 dst=198.51.100.7 sport=43512 dport=1389 src=198.51.100.7 dst=10.0.0.5 sport=1389 dport=43512 [ASSURED] mark=0 use=1
      ipv4     2 udp      17 29 src=10.0.0.5 dst=10.0.0.2 sport=5353 dport=53 [UNREPLIED] src=172.17.0.2 dst=10.0.0.5 sport=53 dport=5353 mark=0 use=1
      icmp     1 29 src=10.0.0.5 dst=203.0.113.9 type=8 code=0 id=1 src=203.0.113.9 dst=10.0.0.5 type=0 code=0 id=1 mark=0 use=1
      tcp      6 src=10.0.0.5
      conntrack v1.4.5 (conntrack-tools): 3 flow entries have been shown.

      """
    let dump = try EventDump(text, path: "conntrack.txt", format: ConntrackFormat())
    #expect(HostileInputTests.isWhole(dump, text.utf8.count) && dump.events.count == 3)
    #expect(dump.events.map { $0.text("dst_address") } == ["198.51.100.7", "10.0.0.2", "203.0.113.9"])
    #expect(dump.events.map { $0.integer("dst_port") } == [1389, 53, nil])
    #expect(dump.events.map { $0.text("state") } == ["ESTABLISHED", nil, nil])
    #expect(dump.events[1].text("answers_from") == "172.17.0.2" && dump.events[0]["answers_from"] == nil)
    let first = text.split(separator: "\n")[0] + "\n"
    #expect(EventDump.recognize(Array(first.utf8), path: "nf_conntrack")?.name == "capture.conntrack")
    for other in [
      "tcp 6 src=a dst=b c\n", "x=1 src=10.0.0.1 dst=10.0.0.2 a b\n", "tcp 0 0 10.0.0.5:1 10.0.0.2:2 ESTABLISHED\n",
    ] {
      #expect(EventDump.recognize(Array(other.utf8), path: "x")?.name != "capture.conntrack", "\(other)")
    }
  }
}
