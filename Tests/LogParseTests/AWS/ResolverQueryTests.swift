import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct ResolverQueryTests {
  static func query(port: String = "51271", answers: String = "") -> String {
    #"{"query_timestamp":"2026-01-01T00:00:00Z","query_name":"c2.example.","query_type":"A","rcode":"NOERROR","answers":[\#(answers)],"srcaddr":"2001:DB8:0::5","srcport":"\#(port)"}"#
  }

  private func event(_ text: String) throws -> Event? { try EventDump(text, path: "x.json").events.first }

  @Test func answersWithAndWithoutTheirTypes() throws {
    let event = try #require(
      try event(Self.query(answers: #"{"Rdata":"c.example.","Type":"CNAME"},{"Rdata":"2001:DB8:0::66","Type":"AAAA"}"#))
    )
    #expect(event["answers"] == .texts(["CNAME c.example.", "AAAA 2001:db8::66"]))
    #expect(event["answer_data"] == .texts(["c.example.", "2001:db8::66"]))
    #expect(event.entities.contains(Entity(.address, "2001:db8::66")))
    #expect(event.text("src_address") == "2001:db8::5" && event.entities.contains(Entity(.address, "2001:db8::5")))
    #expect(try self.event(Self.query())?["answer_data"] == nil)
  }

  @Test func aPortThatNoNumberHolds() throws {
    #expect(try event(Self.query(port: "999999999999999999999"))?["unread_fields"] == .texts(["src_port"]))
    let usual = try event(Self.query())
    #expect(usual?["src_port"] == .integer(51271) && usual?["unread_fields"] == nil)
  }
}
