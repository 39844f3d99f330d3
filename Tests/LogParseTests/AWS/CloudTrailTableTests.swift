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

  @Test func aNameMayHoldAComma() throws {
    let event = try event("Resource type,Resource name", "AWS::IAM::User,\"kim,o\"")
    #expect(event?["resources"] == .texts(["kim,o"]))
  }
}
