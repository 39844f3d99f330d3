import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct NetworkFirewallTests {
  private func event(_ members: String) throws -> Event? {
    let text =
      #"{"firewall_name":"edge","event_timestamp":"1767236645","event":{"event_type":"alert","src_ip":"10.9.0.5","src_port":51341,"dest_ip":"198.51.100.7","dest_port":443,"proto":"TCP"\#(members)}}"#
    let dump = try EventDump(text, path: "x.json")
    #expect(dump.format == "aws.networkfirewall")
    return dump.events.first
  }

  @Test func membersOfPartsAreKept() throws {
    let all = try #require(
      try event(
        #","netflow":{"pkts":1,"min_ttl":63,"max_ttl":64},"tcp":{"tcp_flags":"1b","syn":true},"http":{"hostname":"a.example","protocol":"HTTP/1.1","http_port":80,"length":5},"tls":{"sni":"b.example","ja3":{"hash":"h","string":"s"}},"alert":{"action":"allowed","gid":1,"rev":2},"verdict":{"action":"drop","reject":["icmp"]}"#
      ))
    #expect(
      all["unknown_fields"]
        == .texts([
          "alert.gid=1", #"verdict.reject=["icmp"]"#, "netflow.min_ttl=63", "netflow.max_ttl=64", "tcp.syn=true",
          #"http.protocol="HTTP/1.1""#, "http.http_port=80", "http.length=5", #"tls.ja3.string="s""#,
        ]))
    #expect(all.text("action") == "drop" && all.text("alert_action") == "allowed")
    let domains = all.entities.filter { $0.kind == .domain }
    #expect(domains == [Entity(.domain, "a.example"), Entity(.domain, "b.example")])
  }

  @Test func membersWithAttributesAreNotKeptTwice() throws {
    let event = try #require(
      try event(
        #","netflow":{"pkts":1,"bytes":2,"age":null},"tls":{"sni":"198.51.100.7"},"alert":{"action":"blocked"}"#))
    #expect(event["unknown_fields"] == nil && event.text("alert_action") == nil && event.text("action") == "blocked")
    #expect(!event.entities.contains { $0.kind == .domain })
  }

  @Test func portsThatAreNoneMakeNoSocket() throws {
    #expect(try event("")?.entities.contains { $0.kind == .socket } == true)
    #expect(try event(#","dest_port":65536"#)?.entities.contains { $0.kind == .socket } == false)
  }

  @Test func manyMembersAreBounded() throws {
    let many = (0..<1000).map { #""m\#($0)":1"# }.joined(separator: ",")
    guard case .texts(let kept) = try event(#","tcp":{\#(many)}"#)?["unknown_fields"] else {
      Issue.record("nothing is kept")
      return
    }
    #expect(kept.count == 64)
  }
}
