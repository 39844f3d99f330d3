import Bytes
import Evidence
import Testing

@testable import LogParse

/// Addresses in the logs of load balancers.
@Suite struct AccessLogAddressTests {
  private static let network =
    "tls 2.0 2026-01-01T00:00:01 net/front/c6e77e28c25b2234 g3d4b5e8bb8464cd CLIENT TARGET 5 2 98 246 - "
    + "arn:aws:x - ECDHE-RSA-AES128-SHA tlsv12 - - - - - 2026-01-01T00:00:00"
  private static let application =
    "http 2026-01-01T00:00:01.000000Z app/front/aa11 CLIENT TARGET 0.001 0.002 0.000 200 200 120 520 "
    + #""GET /x HTTP/1.1" "curl/8" - - arn:aws:x "Root=1-6955b901-0123456789abcdef01234567" "-" "-" 0"#

  private static func event(_ line: String, _ client: String, _ target: String) throws -> Event? {
    try EventDump(line.replacing("CLIENT", with: client).replacing("TARGET", with: target), path: "x.log").events.first
  }

  @Test(arguments: [network, application]) func addressesInBrackets(_ line: String) throws {
    for client in ["[2001:db8::7]:51341", "2001:db8::7:51341"] {
      let event = try #require(try Self.event(line, client, "10.9.0.5:80"))
      #expect(event.text("client_ip") == "2001:db8::7" && event["client_port"] == .integer(51341))
      #expect(event.text("target_ip") == "10.9.0.5" && event["target_port"] == .integer(80))
      #expect(event.entities == [Entity(.address, "2001:db8::7"), Entity(.address, "10.9.0.5")])
      #expect(event["received_bytes"] == .integer(line == Self.network ? 98 : 120))
    }
  }

  @Test(arguments: [network, application]) func whatIsNoAddressIsNoEntity(_ line: String) throws {
    for (client, told) in [(":51341", nil), ("999.1.1.1:51341", "999.1.1.1"), ("[]:51341", nil), ("host:1", "host")] {
      let event = try #require(try Self.event(line, client, "-"))
      #expect(event.entities.isEmpty, "\(client)")
      #expect(event.text("client_ip") == told)
    }
  }

  @Test func bracketsAroundOtherFields() {
    #expect("[a b] c".withView { AccessLogFields($0)[0].string } == "a b")
    #expect("[a b]: c".withView { AccessLogFields($0)[0].string } == "[a b]:")
    #expect("[a".withView { AccessLogFields($0)[0].string } == "a")
    #expect("[a]".withView { AccessLogFields($0).count } == 1)
  }

  @Test func aNumberThatNoNumberHolds() throws {
    let line = Self.application.replacing(" 120 520 ", with: " 99999999999999999999 520 ")
    let event = try #require(try Self.event(line, "10.9.0.4:51341", "10.9.0.5:80"))
    #expect(event["received_bytes"] == nil && event["unread_fields"] == .texts(["received_bytes"]))
    #expect(event["sent_bytes"] == .integer(520))
    #expect(try Self.event(Self.application, "10.9.0.4:51341", "10.9.0.5:80")?["unread_fields"] == nil)
  }
}
