import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct MessageTableTests {
  @Test func recordsInAColumn() throws {
    func cell(_ text: String) -> String { "\"" + text.replacing("\"", with: "\"\"") + "\"" }
    let firewall =
      #"{"firewall_name":"edge","event":{"timestamp":"2026-01-01T03:04:05.0+0000","event_type":"netflow","src_ip":"10.9.0.5","dest_ip":"198.51.100.7","proto":"ICMP"}}"#
    let text =
      "@timestamp,@message\n2026-01-01 03:04:05.100,\(cell(KubernetesAuditTests.entry))\n2026-01-01 03:04:06.000,I0101 controller\n"
      + "2026-01-01 03:04:07.000,\(cell(firewall))\n2026-01-01 03:04:08.000,a,b\n"
    let dump = try EventDump(text, path: "logs-insights-results.csv")
    #expect(dump.format == "aws.cloudwatch.table")
    #expect(dump.events.map(\.dataType) == ["kubernetes:audit:entry", "aws:networkfirewall:flow"])
    #expect(dump.events.map(\.locator.line) == [2, 4])
    #expect(dump.events.first?.text("impersonated_user") == "root-admin")
    #expect(dump.coverages.count { $0.state == .skipped } == 2)
    // A table that only speaks of one, and one without times.
    for text in [
      "@timestamp,@message\n1,\"see audit.k8s.io and firewall_name\"\n",
      "name,message\nx,\(cell(KubernetesAuditTests.entry))\n",
    ] {
      #expect(try EventDump(text, path: "x.csv").format != "aws.cloudwatch.table")
    }
  }

  @Test(arguments: [
    (WAFTests.record(), "aws:waf:request"), (ResolverQueryTests.query(), "aws:route53:query"),
    (GuardDutyMalwareTests.finding("\"x\":1", "\"y\":1"), "aws:guardduty:finding"),
    ("{\"detail\":\(GuardDutyMalwareTests.finding("\"x\":1", "\"y\":1"))}", "aws:guardduty:finding"),
  ])
  func recordsOfOtherServices(_ record: String, _ type: String) throws {
    let row = "2026-01-01 03:04:05.100,\"" + record.replacing("\"", with: "\"\"") + "\"\n"
    let dump = try EventDump("@timestamp,@message\n\(row)2026-01-01 03:04:06.000,{}\n", path: "x.csv")
    #expect(dump.format == "aws.cloudwatch.table" && dump.events.map(\.dataType) == [type])
    #expect(dump.events.first?.locator.line == 2)
    #expect(dump.coverages.count { $0.state == .skipped } == 1)
  }

  /// What `aws logs get-query-results` gives, and what the console downloads as JSON.
  @Test(arguments: [(WAFTests.record(), "aws.waf"), (ResolverQueryTests.query(), "aws.route53resolver")])
  func resultsOfAQuery(_ record: String, _ format: String) throws {
    let quoted = record.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let row =
      #"[{"field":"@timestamp","value":"2026-01-01 03:04:05.100"},{"field":"@message","value":"\#(quoted)"},{"field":"@ptr","value":"x"}]"#
    let dump = try EventDump(
      #"{"results":[\#(row),\#(row)],"statistics":{"recordsMatched":2.0},"status":"Complete"}"#, path: "x.json")
    #expect(dump.format == format && dump.events.count == 2)
    for message in [record, "\"\(quoted)\""] {
      let console = #"[{"@timestamp":"2026-01-01 03:04:05.100","@message":\#(message)}]"#
      #expect(try EventDump(console, path: "x.json").events.count == 1)
    }
    let other =
      #"{"results":[[{"field":"@log","value":"1"},{"field":"@message","value":"started"}]],"status":"Complete"}"#
    #expect(try EventDump(other, path: "x.json").format != format)
  }
}
