import Evidence
import Testing

@testable import LogParse

@Suite struct CloudTrailLakeTests {
  @Test func pages() throws {
    let arn = "arn:aws:sts::444455556666:assumed-role/web/i-0123456789abcdef0"
    let event =
      #"{\"eventVersion\":\"1.11\",\"eventTime\":\"2025-11-25T04:21:00Z\",\"eventSource\":\"s3.amazonaws.com\","#
      + #"\"eventName\":\"ListBuckets\",\"awsRegion\":\"us-east-1\",\"sourceIPAddress\":\"198.51.100.7\",\"eventID\":\"e1\"}"#
    let page = """
      {"QueryStatus":"FINISHED","QueryStatistics":{"ResultsCount":3},"QueryResultRows":[
      [{"eventTime":"2025-11-25 04:20:00.000"},{"eventName":"GetCallerIdentity"},{"eventSource":"sts.amazonaws.com"},
       {"sourceIPAddress":"198.51.100.7"},{"userIdentity":"{type=AssumedRole, arn=\(arn), accountid=444455556666}"},{"eventID":"e0"}],
      [{"eventJson":"\(event)"}],
      [{"count(*)":"12"},{"note":"${jndi:x}"}]]}
      {"QueryStatus":"RUNNING","QueryResultRows":[]}
      {"other":1}

      """
    let dump = try EventDump(page, path: "results.json")
    #expect(dump.format == "aws.cloudtrail.lake" && HostileInputTests.isWhole(dump, page.utf8.count))
    #expect(dump.events.map(\.dataType) == ["aws:cloudtrail:entry", "aws:cloudtrail:entry", "text:line"])
    #expect(dump.events.map { $0.text("event_name") } == ["GetCallerIdentity", "ListBuckets", nil])
    #expect(dump.events.first?.text("role") == "web" && dump.events.first?.text("source_ip") == "198.51.100.7")
    #expect(dump.events.first?.time == Timestamp(iso8601: "2025-11-25T04:20:00.000Z"))
    let first = page.utf8.firstIndex(of: 0x0A).map { page.utf8.distance(from: page.utf8.startIndex, to: $0) + 1 }
    #expect(dump.events.first?.locator.offset == first.map { UInt64($0) })
    #expect(dump.coverages.map(\.state) == [.parsed, .skipped, .parsed])
    // Results of another service have the same shape under other names.
    #expect(
      EventDump.recognize(Array(#"{"results":[[{"field":"a","value":"b"}]],"status":"Complete"}"#.utf8), path: "x")
        == nil)
  }
}
