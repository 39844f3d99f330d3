import Evidence
import Testing

@testable import Detectors

@Suite struct BodyLabelsTests {
  private func request(_ label: String, _ action: String, client: String = "203.0.113.66") -> Event {
    Event(
      time: nil, dataType: "aws:waf:request", message: "",
      attributes: [
        Attribute("client_ip", client), Attribute("uri", "/login.do"), Attribute("action", action),
        Attribute("labels", .texts(["awswaf:managed:aws:" + label])),
      ], locator: .whole)
  }

  private func severities(_ events: [Event]) -> [Severity] {
    findings(TextInEvents(artifact: artifact), events).map(\.severity)
  }

  @Test func whatTheFirewallSawAndDid() {
    #expect(severities([request("known-bad-inputs:JavaDeserializationRCE_Body", "ALLOW")]) == [.medium])
    #expect(severities([request("known-bad-inputs:ReactJSRCE_Body", "BLOCK")]) == [.low])
    #expect(severities([request("core-rule-set:EC2MetaDataSSRF_Body", "ALLOW")]) == [.medium])
    #expect(severities([request("sql-database:SQLi_Body", "ALLOW")]) == [.low])
    // The log holds what is not in the body, and other detectors judge that.
    #expect(severities([request("sql-database:SQLi_QueryArguments", "ALLOW")]).isEmpty)
    #expect(severities([request("core-rule-set:SizeRestrictions_Body", "BLOCK")]).isEmpty)
  }

  @Test func aThousandTriesAreOneFinding() {
    let tries = (0..<1000).map { _ in request("sql-database:SQLi_Body", "BLOCK") }
    #expect(severities(tries + [request("sql-database:SQLi_Body", "BLOCK", client: "198.51.100.9")]).count == 2)
  }
}
