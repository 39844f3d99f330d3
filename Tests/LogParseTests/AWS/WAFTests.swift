import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct WAFTests {
  static func record(address: String = "198.51.100.66", _ more: String = "") -> String {
    #"{"timestamp":1767225600000,"webaclId":"arn:aws:wafv2:x","action":"BLOCK","httpRequest":{"clientIp":"\#(address)","uri":"/","httpMethod":"GET"}\#(more)}"#
  }

  private func event(_ text: String) throws -> Event? {
    let dump = try EventDump(text, path: "x.json")
    #expect(dump.format == "aws.waf")
    return dump.events.first
  }

  @Test func addressesAreWrittenInOneForm() throws {
    let event = try #require(try event(Self.record(address: "2001:0db8:0:0:0:0:0:66")))
    #expect(event.text("client_ip") == "2001:db8::66" && event.entities == [Entity(.address, "2001:db8::66")])
    #expect(try self.event(Self.record())?.text("client_ip") == "198.51.100.66")
    #expect(try self.event(Self.record(address: "a:b"))?.text("client_ip") == "a:b")
  }

  @Test func aNumberThatNoNumberHolds() throws {
    let event = try event(Self.record(#","requestBodySize":99999999999999999999,"requestBodySizeInspectedByWAF":8192"#))
    #expect(event?["body_size"] == nil && event?["unread_fields"] == .texts(["body_size"]))
    #expect(try self.event(Self.record(#","requestBodySize":9000"#))?["unread_fields"] == nil)
    #expect(try self.event(Self.record(#","requestBodySize":"much""#))?["unread_fields"] == nil)
  }

  @Test func howSureARuleIsAndWhenAPuzzleWasSolved() throws {
    let rule = #"{"ruleId":"r","action":"CAPTCHA","captchaResponse":{"responseCode":405,"solveTimestamp":1767225000}}"#
    let event = try #require(
      try event(
        Self.record(
          #","terminatingRuleMatchDetails":[{"conditionType":"SQL_INJECTION","sensitivityLevel":"HIGH","location":"HEADER","matchedData":["1"]}],"captchaResponse":{"responseCode":405,"solveTimestamp":1767225001,"failureReason":"TOKEN_EXPIRED"},"nonTerminatingMatchingRules":[\#(rule)]"#
        )))
    #expect(event["matched_data"] == .texts(["SQL_INJECTION (sensitivity HIGH) in HEADER: 1"]))
    #expect(event.text("captcha") == "405 TOKEN_EXPIRED" && event["captcha_solved"] == .integer(1_767_225_001))
    #expect(event["matching_rules"] == .texts(["r CAPTCHA; 405, solved at 1767225000"]))
  }
}
