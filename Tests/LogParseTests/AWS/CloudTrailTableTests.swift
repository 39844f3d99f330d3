import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct CloudTrailTableTests {
  private func event(_ columns: String, _ cells: String) throws -> Event? {
    let text =
      "eventTime,eventName,eventSource,awsRegion,\(columns)\n2026-01-01T03:04:05Z,Run,a.example,eu-west-1,\(cells)\n"
    let dump = try EventDump(text, path: "x.csv")
    #expect(dump.format == "aws.cloudtrail.table")
    return dump.events.first
  }

  @Test(arguments: ["{type=IAMUser, username=eve", "plain", #"{"type":"IAMUser","#])
  func anIdentityThatCannotBeReadIsKept(_ text: String) throws {
    let cell = "\"" + text.replacing("\"", with: "\"\"") + "\""
    let event = try #require(try event("userIdentity,userName", "\(cell),kim"))
    let quoted = text.replacing("\"", with: "\\\"")
    #expect(event["unknown_fields"] == .texts(["userIdentity (unreadable)=\"\(quoted)\""]))
    #expect(event.text("user") == "kim", "what another column tells is taken")
  }

  @Test func anIdentityThatIsReadIsNotKeptTwice() throws {
    let event = try #require(try event("userIdentity,userName", "\"{type=IAMUser, username=eve}\",kim"))
    #expect(event["unknown_fields"] == nil && event.text("user") == "eve")
  }

  @Test func severalResources() throws {
    let event = try #require(
      try event("Resource type,Resource name", "\"AWS::S3::Bucket, AWS::CloudTrail::Trail\",\"b, main\""))
    #expect(event["resources"] == .texts(["b", "main"]))
    #expect(event["unknown_fields"] == .texts([#"Resource type="AWS::S3::Bucket, AWS::CloudTrail::Trail""#]))
    #expect(try self.event("Resource type,Resource name", ",\"b,main,\"")?["resources"] == .texts(["b", "main"]))
  }

  @Test func theConsolesTimeHasAZoneOfItsOwn() throws {
    func time(_ text: String) throws -> String? {
      let table =
        "Event name,Event time,User name,Event source,Resource type,Resource name\n"
        + "CreateUser,\"\(text)\",kim,iam.amazonaws.com,AWS::IAM::User,x\n"
      return try EventDump(table, path: "event_history.csv").events.first?.time?.description
    }
    #expect(try time("March 11, 2026, 13:00:00 (UTC+09:00)") == "2026-03-11T04:00:00Z")
    #expect(try time("December 1, 2026, 01:02:03 (UTC)") == "2026-12-01T01:02:03Z")
    #expect(try time("Smarch 11, 2026, 13:00:00 (UTC+09:00)") == nil)
    #expect(try time("March 41, 2026, 13:00:00 (UTC+09:00)") == nil)
  }

  @Test func aNameMayHoldAComma() throws {
    let event = try event("Resource type,Resource name", "AWS::IAM::User,\"kim,o\"")
    #expect(event?["resources"] == .texts(["kim,o"]))
  }

  @Test func nameAndTimeSuffice() throws {
    let insights =
      "@timestamp,eventName,eventSource,sourceIPAddress,userIdentity.arn,errorCode\n"
      + "2026-01-01 03:04:05.000,CreateUser,iam.amazonaws.com,198.51.100.66,arn:aws:sts::1:assumed-role/app-role/s,\n"
    let athena =
      "\"eventtime\",\"eventname\",\"sourceipaddress\",\"arn\",\"useragent\"\n"
      + "\"2026-01-01T03:04:05Z\",\"CreateUser\",\"198.51.100.66\",\"arn:aws:sts::1:assumed-role/app-role/s\",\"cli\"\n"
    let short = "eventTime,eventName,awsRegion\n2026-01-01T03:04:05Z,CreateUser,eu-west-1\n"
    for text in [insights, athena, short] {
      let dump = try EventDump(text, path: "x.csv")
      #expect(dump.format == "aws.cloudtrail.table" && dump.events.count == 1)
      let event = try #require(dump.events.first)
      #expect(event.text("event_name") == "CreateUser")
      #expect(event.time?.nanoseconds == Timestamp(iso8601: "2026-01-01T03:04:05Z")?.nanoseconds)
      if text != short { #expect(event.text("role") == "app-role" && event.text("source_ip") == "198.51.100.66") }
    }
    // Other programs have events with names and times as well, and a row may have neither.
    for text in [
      "eventTime,eventName\n2026-01-01T03:04:05Z,click\n", "eventTime,eventName,page,user,tab\n1,2,3,4,5\n",
    ] {
      #expect(try EventDump(text, path: "x.csv").format != "aws.cloudtrail.table", "\(text)")
    }
    let dump = try EventDump(short + "2026-01-01T03:04:06Z,,eu-west-1\n", path: "x.csv")
    #expect(dump.events.count == 1 && dump.coverages.contains { $0.state == .skipped })
  }

  @Test func parametersAsAMap() throws {
    func parameters(_ text: String) throws -> String? {
      let cell = "\"" + text.replacing("\"", with: "\"\"") + "\""
      return try event("requestParameters,userAgent", "\(cell),cli")?.text("request_parameters")
    }
    #expect(
      try parameters(
        #"{snapshotId=snap-1, createVolumePermission={"add":{"items":[{"group":"all"}]}}, dry=false, n=7}"#)
        == #"{"snapshotId":"snap-1","createVolumePermission":{"add":{"items":[{"group":"all"}]}},"dry":false,"n":"7"}"#)
    #expect(try parameters(#"{description=one, two "x", path=/}"#) == #"{"description":"one, two \"x\"","path":"/"}"#)
    #expect(try parameters("{userName=}") == #"{"userName":""}"#)
    // What cannot be told apart for sure stays as it is.
    for text in [
      "{a=1, a=2}", "{a={b=c}, d=e}", "{a=b}c}", "{a}", "{=b}", #"{a={"b":1}c, d=e}"#, #"{a={"b":1, d=e}"#, "{a=b",
    ] { #expect(try parameters(text) == text, "\(text)") }
    #expect(try parameters(#"{"a": "b, c={d}"}"#) == #"{"a": "b, c={d}"}"#)
  }
}
