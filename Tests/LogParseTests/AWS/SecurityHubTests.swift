import Bytes
import Evidence
import Testing

@testable import LogParse

/// Findings of Security Hub: what they say of who, what and from where, and how one finding's versions are told.
@Suite struct SecurityHubTests {
  private func read(_ text: String) throws -> (format: String?, sink: CollectingSink) {
    let bytes = Array(text.utf8)
    let sink = CollectingSink()
    let format = EventDump.recognize(bytes, path: "x.json")
    try format?.parse(MemoryStream(bytes), ParseContext(path: "x.json"), into: sink)
    return (format?.name, sink)
  }

  // MARK: ASFF

  private func asff(_ updated: String, _ more: String = "", state: String = "ACTIVE") -> String {
    #"{"SchemaVersion":"2018-10-08","Id":"f1","ProductArn":"arn:aws:securityhub:eu-west-1::product/aws/guardduty","AwsAccountId":"444455556666","Types":["TTPs/x"],"CreatedAt":"2026-01-01T00:00:00Z","UpdatedAt":"\#(updated)","Severity":{"Label":"HIGH"},"Title":"t","RecordState":"\#(state)"\#(more)}"#
  }

  private static let facts = #"""
    ,"Action":{"ActionType":"AWS_API_CALL","AwsApiCallAction":{"Api":"ListBuckets","ServiceName":"s3.amazonaws.com","RemoteIpDetails":{"IpAddressV4":"198.51.100.66","Country":{"CountryName":"Korea"}}}},
    "Resources":[{"Type":"AwsIamAccessKey","Id":"AWS::IAM::AccessKey:ASIAEXAMPLE1","Details":{"AwsIamAccessKey":{"PrincipalId":"AROAEXAMPLE:i-00000000000000001","PrincipalName":"app-role","PrincipalType":"AssumedRole"}}}],
    "Malware":[{"Name":"Miner","Path":"/tmp/miner"}],"Process":{"Name":"m","Path":"/tmp/m","Pid":7},
    "ProductFields":{"aws/x/remoteIpDetails/ipAddressV4":"198.51.100.67","engineVersion":"1.2.3.4"},
    "ThreatIntelIndicators":[{"Type":"DOMAIN","Value":"c2.example"},{"Type":"HASH_SHA256","Value":"aa11"},{"Type":"MUTEX","Value":"m"}],
    "Note":{"Text":"looked at"}
    """#

  @Test func whoWhatAndFromWhere() throws {
    let (format, sink) = try read(asff("2026-01-01T00:00:00Z", Self.facts))
    #expect(format == "aws.securityhub")
    let event = try #require(sink.events.first)
    #expect(event.text("event_name") == "ListBuckets" && event.text("remote_host") == "198.51.100.66")
    #expect(event.text("role") == "app-role" && event.text("instance") == "i-00000000000000001")
    #expect(event["malware"] == .texts(["Miner /tmp/miner"]))
    #expect(event["unknown_fields"] == .texts([#"Note={"Text":"looked at"}"#]))
    for entity in [
      Entity(.address, "198.51.100.66"), Entity(.address, "198.51.100.67"), Entity(.file, "/tmp/miner"),
      Entity(.file, "/tmp/m"), Entity(.domain, "c2.example"), Entity(.hash, "aa11"), Entity(.role, "app-role"),
      Entity(.accessKey, "ASIAEXAMPLE1"), Entity(.instance, "i-00000000000000001"),
    ] { #expect(event.entities.contains(entity), "\(entity.text)") }
    #expect(!event.entities.contains(Entity(.address, "1.2.3.4")), "a version is no address")
    #expect(event.entities.count == Set(event.entities).count)
  }

  @Test func anUpdateIsOneFindingAndAnEventOfItsOwn() throws {
    let first = asff("2026-01-01T00:00:00Z")
    let later = asff("2026-01-01T01:00:00Z", #","Description":"now more""#)
    for text in ["\(first)\n\(later)\n", "\(later)\n\(first)\n", "\(first)\n\(later)\n\(later)\n"] {
      let (_, sink) = try read(text)
      #expect(sink.events.map(\.dataType) == ["aws:securityhub:finding", "aws:securityhub:update"])
      #expect(sink.findings.count == 1 && sink.findings.first?.evidence.count == 2)
      #expect(sink.findings.first?.message.contains("now more") == true, "the latest version's facts")
    }
    let (_, sink) = try read("\(first)\n\(later)\n")
    #expect(sink.events.last?.time == Timestamp(iso8601: "2026-01-01T01:00:00Z"))
    #expect(sink.events.last?.timeMeaning == .modification)
    // Others are findings of their own.
    let (_, others) = try read("\(first)\n\(first.replacing("\"f1\"", with: "\"f2\""))\n")
    #expect(others.events.allSatisfy { $0.dataType == "aws:securityhub:finding" } && others.findings.count == 2)
  }

  @Test func whatIsPutAwayIsNoThreat() throws {
    let away = asff("2026-01-01T01:00:00Z", state: "ARCHIVED")
    #expect(try read(away).sink.findings.isEmpty)
    // That it was put away later does not undo that it was one.
    #expect(try read("\(asff("2026-01-01T00:00:00Z"))\n\(away)\n").sink.findings.count == 1)
  }

  // MARK: OCSF

  private func ocsf(_ number: Int = 2004, type: String = "UnauthorizedAccess:IAMUser/X", _ more: String = "") -> String
  {
    #"{"class_uid":\#(number),"class_name":"Detection Finding","severity_id":4,"status":"New","status_id":1,"time":1767225600000,"cloud":{"account":{"uid":"444455556666"},"provider":"AWS","region":"eu-west-1"},"metadata":{"product":{"name":"GuardDuty","vendor_name":"Amazon"}},"finding_info":{"uid":"f1","title":"Keys used","desc":"d","types":["\#(type)"],"created_time":1767225600000,"modified_time_dt":"2026-01-01T00:05:00Z"},"evidences":[{"api":{"operation":"ListBuckets","service":{"name":"s3.amazonaws.com"}},"src_endpoint":{"ip":"2001:DB8:0::66","port":51270},"actor":{"user":{"type":"AssumedRole","name":"app-role","uid":"AROAEXAMPLE:i-00000000000000001","credential_uid":"ASIAEXAMPLE1"}},"process":{"name":"m","pid":7,"file":{"path":"/tmp/m","hashes":[{"value":"aa11"}]}}}],"resources":[{"type":"AWS::EC2::Instance","uid":"arn:aws:ec2:eu-west-1:444455556666:instance/i-00000000000000002"}]\#(more)}"#
  }

  @Test func detectionFindings() throws {
    for text in [
      ocsf(), "{\"Findings\":[\(ocsf())]}", "{\"version\":\"0\",\"detail\":{\"findings\":[\(ocsf())]}}",
    ] {
      let (format, sink) = try read(text)
      #expect(format == "aws.securityhub")
      let event = try #require(sink.events.first)
      #expect(event.time == Timestamp(milliseconds: 1_767_225_600_000) && event.dataType == "aws:securityhub:finding")
      #expect(event.text("event_name") == "ListBuckets" && event.text("src_address") == "2001:db8::66")
      #expect(event.text("role") == "app-role" && event["pid"] == .integer(7) && event.text("severity") == "high")
      for entity in [
        Entity(.address, "2001:db8::66"), Entity(.file, "/tmp/m"), Entity(.hash, "aa11"), Entity(.role, "app-role"),
        Entity(.accessKey, "ASIAEXAMPLE1"), Entity(.instance, "i-00000000000000002"), Entity(.account, "444455556666"),
      ] { #expect(event.entities.contains(entity), "\(entity.text)") }
      #expect(sink.findings.count == 1 && sink.findings.first?.severity == .high)
      #expect(sink.findings.first?.message.contains("call ListBuckets by role app-role") == true)
    }
  }

  @Test(arguments: [2002, 2003]) func siblingsAreEventsAlone(_ number: Int) throws {
    let (format, sink) = try read(
      ocsf(number, type: "Software and Configuration Checks", #","vulnerabilities":[{"cve":{"uid":"CVE-2021-44228"}}]"#)
    )
    #expect(format == "aws.securityhub" && sink.events.count == 1 && sink.findings.isEmpty)
    #expect(sink.events.first?["vulnerabilities"] == .texts(["CVE-2021-44228"]))
  }

  @Test func whatCouldBeAttackedIsNoAttack() throws {
    #expect(try read(ocsf(type: "Exposure/Potential Impact")).sink.findings.isEmpty)
    #expect(try read(ocsf().replacing("\"status_id\":1", with: "\"status_id\":5")).sink.findings.isEmpty)
    #expect(try read(ocsf(2001, type: "TTPs/x")).sink.findings.count == 1)
  }

  @Test func othersOfTheSameSchemaAreLeftAlone() throws {
    #expect(try read(ocsf(3002)).format != "aws.securityhub")
    let other = ocsf().replacing("\"AWS\"", with: "\"Other\"").replacing("\"Amazon\"", with: "\"Vendor\"")
    #expect(try read(other).format != "aws.securityhub")
    #expect(try read(ocsf().replacing("\"finding_info\":{", with: "\"finding_info\":3,\"y\":{")).sink.events.isEmpty)
  }
}
