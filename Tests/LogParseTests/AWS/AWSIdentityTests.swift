import Bytes
import Evidence
import Testing

@testable import LogParse

/// `userIdentity` of CloudTrail: who it is, and what of it is kept.
@Suite struct AWSIdentityTests {
  private func identity(_ json: String) -> AWSIdentity { json.withView { AWSIdentity(JSONView($0)) } }

  private func whole(_ json: String) -> String? { identity(json).whole }

  private static let role =
    #"{"type":"AssumedRole","principalId":"AROAEXAMPLE:kim","arn":"arn:aws:sts::1:assumed-role/ci/kim","accountId":"1","accessKeyId":"ASIA1","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::1:role/ci","accountId":"1","userName":"ci"},"webIdFederationData":{ },"attributes":{"creationDate":"2026-01-01T00:00:00Z","mfaAuthenticated":"false"},"ec2RoleDelivery":"2.0"},"inScopeOf":null}"#

  @Test func aPersonOfIdentityCenter() {
    let text =
      #"{"type":"IdentityCenterUser","accountId":"1","onBehalfOf":{"userId":"544894e8","identityStoreArn":"arn:x"},"credentialId":"C"}"#
    let found = identity(text)
    #expect(found.user == "544894e8" && found.session == nil && found.whole == text)
    #expect(found.entities.contains(Entity(.user, "544894e8")))
  }

  @Test(arguments: [
    #"{"type":"WebIdentityUser","principalId":"arn:aws:iam::1:oidc-provider/x:sts.amazonaws.com:repo:acme/app:ref:refs/heads/main","userName":"u"}"#,
    #"{"type":"SAMLUser","principalId":"_example:jdoe@example.com","userName":"jdoe@example.com"}"#,
    #"{"type":"IAMUser","principalId":"AIDAEXAMPLE","userName":"u"}"#,
  ])
  func thoseWithoutASession(_ text: String) {
    #expect(identity(text).session == nil && identity(text).user != nil && identity(text).whole == nil)
  }

  @Test func thoseWithOne() {
    let role = identity(Self.role)
    #expect(role.session == "kim" && role.role == "ci" && role.roleID == "AROAEXAMPLE")
    let federated = identity(#"{"type":"FederatedUser","principalId":"1:Bob"}"#)
    #expect(federated.session == "Bob" && federated.roleID == nil)
    #expect(identity(#"{"type":"AWSAccount","principalId":"AROAOTHER:s","accountId":"2"}"#).session == "s")
    #expect(identity(#"{"type":"AWSAccount","principalId":"AROAOTHER:s","accountId":"2"}"#).roleID == "AROAOTHER")
  }

  /// The usual record says nothing more, and is not kept twice.
  @Test func theWholeIsKeptOnlyWhereItHoldsMore() {
    #expect(whole(Self.role) == nil)
    let token = Self.role.replacing(
      "\"webIdFederationData\":{ }", with: #""webIdFederationData":{"attributes":{"sub":"repo:acme/app"}}"#)
    #expect(whole(token) == token)
    let root = Self.role.replacing("\"ec2RoleDelivery\":\"2.0\"", with: "\"assumedRoot\":\"true\"")
    #expect(whole(root) == root)
    let scope = Self.role.replacing("\"inScopeOf\":null", with: #""inScopeOf":{"sourceArn":"arn:y"}"#)
    #expect(whole(scope) == scope)
    #expect(whole(Self.role.replacing("\"inScopeOf\":null", with: "\"inScopeOf\":\"\"")) == nil)
  }

  @Test func theyStandInTheEvent() throws {
    func event(_ identity: String, _ more: String = "") throws -> Event? {
      try EventDump(
        #"{"eventTime":"2026-01-01T00:00:00Z","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","userIdentity":\#(identity)\#(more)}"#,
        path: "x.json"
      ).events.first
    }
    let usual = try #require(try event(Self.role, #","vpcEndpointAccountId":"2""#))
    #expect(usual["user_identity"] == nil && usual.text("role_id") == "AROAEXAMPLE")
    #expect(usual.text("vpc_endpoint_account") == "2" && usual["unknown_fields"] == nil)
    let person = #"{"type":"IdentityCenterUser","onBehalfOf":{"userId":"5"}}"#
    #expect(try event(person)?.text("user_identity") == person)
  }

  @Test func aFileInWhichNobodyCalled() throws {
    for text in ["{\"Records\":[]}", "{ \"Records\" : [ ] }\n"] {
      let dump = try EventDump(text, path: "x.json")
      #expect(dump.format == "aws.cloudtrail" && dump.events.isEmpty)
      #expect(dump.coverages.allSatisfy { $0.state == .parsed })
    }
    for text in ["{\"Records\":[{}]}", "{\"Rows\":[]}", "[]", "\"Records\""] {
      #expect(try EventDump(text, path: "x.json").format != "aws.cloudtrail", "\(text)")
    }
  }
}
