import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct CloudFrontJSONTests {
  private static let record =
    #"{"date":"2026-01-01","time":"00:00:01","x-edge-location":"ICN54-C1","sc-bytes":"99999999999999999999","c-ip":"198.51.100.66","cs-method":"GET","cs(Host)":"d1.cloudfront.net","cs-uri-stem":"/a%2520b","sc-status":200,"cs(User-Agent)":"a \"b\"","cs-uri-query":"cmd=id","x-edge-result-type":"Miss","x-host-header":"shop.example","cs-protocol":"https","new":"x"}"#

  @Test func requests() throws {
    let dump = try EventDump("\(Self.record)\n{\"x\":1}\n\(Self.record)\n", path: "x.json")
    #expect(dump.format == "aws.cloudfront.json" && dump.events.count == 2)
    let event = try #require(dump.events.first)
    #expect(event.dataType == "aws:cloudfront:request" && event.time == Timestamp(iso8601: "2026-01-01T00:00:01Z"))
    #expect(event.text("uri") == "/a%20b" && event.text("query") == "cmd=id" && event.text("user_agent") == "a \"b\"")
    #expect(event["response_code"] == .integer(200) && event["unread_fields"] == .texts(["sent_bytes"]))
    #expect(event["unknown_fields"] == .texts(["new=x"]))
    #expect(event.entities == [Entity(.address, "198.51.100.66"), Entity(.domain, "shop.example")])
    #expect(dump.coverages.contains { $0.state == .skipped })
  }

  @Test func othersThatNameAnEdge() throws {
    for text in [
      #"{"x-edge-location":"ICN54-C1","note":"cs-uri-stem"}"#, #"{"note":"\"x-edge-location\"","c-ip":"1.2.3.4"}"#,
      #"{"x-edge-location":{"c-ip":1},"c-ip":["1.2.3.4"]}"#,
    ] { #expect(try EventDump(text, path: "x.json").format != "aws.cloudfront.json", "\(text)") }
  }
}
