import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct KubernetesAuditTests {
  static let entry =
    #"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"66666666-0000-4000-8000-000000000001","stage":"ResponseComplete","requestURI":"/api/v1/secrets","verb":"list","user":{"username":"kim","uid":"aws-iam-authenticator:1","groups":["dev"]},"impersonatedUser":{"username":"root-admin","uid":"u-7","groups":["system:masters","ops"],"extra":{"a":["b"]}},"sourceIPs":["198.51.100.7"],"responseStatus":{"code":403,"reason":"Forbidden","message":"secrets is forbidden"},"requestReceivedTimestamp":"2026-01-01T03:04:05.1Z","stageTimestamp":"2026-01-01T03:04:06.2Z"}"#

  @Test func whoIsImpersonatedAndWhatWasAnswered() throws {
    let dump = try EventDump(Self.entry, path: "x.json")
    #expect(dump.format == "aws.eks.audit")
    let event = try #require(dump.events.first)
    #expect(event.text("user_uid") == "aws-iam-authenticator:1")
    #expect(event.text("impersonated_user") == "root-admin" && event.text("impersonated_uid") == "u-7")
    #expect(event["impersonated_groups"] == .texts(["system:masters", "ops"]))
    #expect(event.text("impersonated_extra") == #"{"a":["b"]}"#)
    #expect(event.text("response_message") == "secrets is forbidden")
    #expect(event.text("stage_time") == "2026-01-01T03:04:06.2Z")
    #expect(event.entities == [Entity(.address, "198.51.100.7"), Entity(.user, "kim"), Entity(.user, "root-admin")])
    #expect(event.message == "list /api/v1/secrets by kim as root-admin from 198.51.100.7 answered 403")
  }

  @Test func whoImpersonatesNobodyIsOneUser() throws {
    for other in [#""impersonatedUser":null"#, #""impersonatedUser":{"username":""}"#] {
      let place = try #require(Self.entry.firstRange(of: #""impersonatedUser":{"#))
      let rest = try #require(Self.entry.firstRange(of: #","sourceIPs""#))
      let text = Self.entry[..<place.lowerBound] + other + Self.entry[rest.lowerBound...]
      let event = try #require(try EventDump(String(text), path: "x.json").events.first)
      #expect(event.entities.filter { $0.kind == .user } == [Entity(.user, "kim")])
      #expect(event.text("impersonated_user") == nil && event["impersonated_groups"] == nil)
      #expect(event.message == "list /api/v1/secrets by kim from 198.51.100.7 answered 403")
    }
  }

  @Test func listsOfEvents() throws {
    let second = Self.entry.replacing("000001", with: "000002")
    for text in [
      #"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[\#(Self.entry),\#(second)]}"#,
      "{\n  \"items\": [\n\(Self.entry),\n\(second)\n  ],\n  \"kind\": \"EventList\"\n}\n",
    ] {
      let dump = try EventDump(text, path: "x.json")
      #expect(dump.format == "aws.eks.audit" && dump.events.count == 2)
      #expect(dump.coverages.allSatisfy { $0.state == .parsed })
      #expect(Set(dump.events.map(\.locator)).count == 2)
    }
    // The events of the cluster itself are no audit log.
    let other = #"{"kind":"EventList","apiVersion":"v1","items":[{"kind":"Event","message":"audit.k8s.io auditID"}]}"#
    #expect(try EventDump(other, path: "x.json").format != "aws.eks.audit")
  }
}
