@testable import ArtifactStore
import Evidence
import Foundation
import TestSupport
import Testing

struct CredentialTests {
  private let home: TemporaryFolder

  init() throws { home = try TemporaryFolder() }

  private func settings(_ variables: [String: String] = [:], profile: String? = nil) -> AWSSettings {
    var options = S3Options()
    options.profile = profile
    var all = ["AWS_EC2_METADATA_DISABLED": "true"]
    all.merge(variables) { $1 }
    options.environment = AWSEnvironment(variables: all, home: home.path)
    return AWSSettings(options)
  }

  private func keys(_ variables: [String: String] = [:], profile: String? = nil) throws -> AWSCredentials {
    try CredentialChain(settings(variables, profile: profile)).current()
  }

  private func writeProfiles() throws {
    try home.write(
      ".aws/config",
      """
      # settings
      [default]
      region = eu-west-1
      [profile ir]
      region=ap-northeast-2 # Seoul
      aws_access_key_id = from-config
      aws_secret_access_key = s
      s3 =
        addressing_style = path
        use_accelerate_endpoint = false
      endpoint_url = http://127.0.0.1:1
      [profile "two words"]
      aws_access_key_id = AKIATWO
      aws_secret_access_key = s=with=signs
      [profile circle]
      role_arn = arn:aws:iam::1:role/r
      source_profile = circle2
      [profile circle2]
      role_arn = arn:aws:iam::1:role/r
      source_profile = circle
      [profile sso]
      sso_session = corp
      [ir2]
      aws_access_key_id = not-a-profile-here
      """)
    try home.write(
      ".aws/credentials",
      "[default]\r\naws_access_key_id = AKIADEFAULT\r\naws_secret_access_key = d\r\n"
        + "[ir]\naws_access_key_id = AKIAIR\naws_secret_access_key = i\naws_session_token = t\n; end\n")
  }

  @Test func theEnvironmentComesFirst() throws {
    try writeProfiles()
    let variables = ["AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "e", "AWS_PROFILE": "ir"]
    #expect(try keys(variables).accessKey == "AKIAENV")
    #expect(try keys(variables, profile: "ir").accessKey == "AKIAIR")
    #expect(throws: StoreError(.badSource, "")) { try keys(["AWS_ACCESS_KEY_ID": "AKIAENV"]) }
  }

  @Test func thenTheProfile() throws {
    try writeProfiles()
    #expect(try keys().accessKey == "AKIADEFAULT")
    let ir = try keys(["AWS_PROFILE": "ir"])
    #expect(ir.accessKey == "AKIAIR" && ir.token == "t" && ir.source == "profile ir")
    #expect(try keys(profile: "two words").secretKey == "s=with=signs")
    let chosen = settings(profile: "ir")
    #expect(try chosen.chosenRegion() == "ap-northeast-2" && chosen.addressing == .path)
    #expect(try chosen.endpoint(of: "S3")?.authority == "127.0.0.1:1")
    #expect(try settings(["AWS_REGION": "us-west-2"]).chosenRegion() == "us-west-2")
    #expect(throws: StoreError(.badSource, "")) { try settings(["AWS_REGION": "evil.example/"]).chosenRegion() }
  }

  @Test(arguments: ["missing", "ir2", "circle", "sso"])
  func profilesWithoutKeysSaySo(name: String) throws {
    try writeProfiles()
    do {
      _ = try keys(profile: name)
      Issue.record("\(name) gave keys")
    } catch let error as StoreError {
      #expect(error.code == .badSource && error.reason.contains(name == "circle" ? "circle" : name))
    }
  }

  @Test func withoutAnyKeysTheUserIsTold() {
    #expect(throws: StoreError(.badSource, "")) { try keys() }
  }

  @Test func brokenProfileFilesDoNoHarm() throws {
    try home.write(
      ".aws/config", "[\n]\n=\n[profile]\n x = y\n[default\nregion=\n\u{0}[profile a]b\n  c\n=d\n[[[]]]\nk=v")
    try home.write(".aws/credentials", [0xFF, 0x5B, 0xFE, 0x5D, 0x0A, 0x3D])
    #expect(try settings().chosenRegion() == nil)
  }

  @Test(.enabled(if: LocalServer.hasPython, "needs python3"))
  func containersGiveKeysForTheirToken() throws {
    let server = try LocalServer("faults.py", ["1"])
    let token = try home.write("token", "pod-token\n")
    var variables = [
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(server.port)/container?a=b%20c",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
    ]
    let found = try keys(variables)
    #expect(found.accessKey == "ASIAROLE00000001" && found.token == "role-token-1" && found.expires != nil)
    variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = nil
    #expect(throws: StoreError(.badSource, "")) { try keys(variables) }
    variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://evil.example/container"
    #expect(throws: StoreError(.badSource, "")) { try keys(variables) }
  }

  @Test(.enabled(if: LocalServer.hasPython, "needs python3"))
  func keysNearTheirEndAreFetchedAnew() throws {
    let server = try LocalServer("faults.py", ["1"])
    let variables = [
      "AWS_CONTAINER_AUTHORIZATION_TOKEN": "pod-token",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(server.port)/container-soon",
    ]
    let soon = CredentialChain(settings(variables))
    #expect(try [soon.current(), soon.current()].map(\.accessKey) == ["ASIAROLE00000001", "ASIAROLE00000002"])
    var long = variables
    long["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:\(server.port)/container"
    let kept = CredentialChain(settings(long))
    #expect(try kept.current().accessKey == kept.current().accessKey)
    #expect(kept.renew(try kept.current()))
    #expect(try kept.current().accessKey == "ASIAROLE00000004")
  }

  @Test(.enabled(if: LocalServer.hasPython, "needs python3"))
  func instancesGiveTheirRolesKeysAndRegion() throws {
    let server = try LocalServer("faults.py", ["1"])
    let variables = [
      "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(server.port)/",
    ]
    let found = try keys(variables)
    #expect(found.accessKey.hasPrefix("ASIAROLE") && found.source == "the instance's role")
    #expect(InstanceMetadata(settings(variables).environment).region() == "ap-northeast-2")
    #expect(InstanceMetadata(settings().environment).region() == nil)
  }

  @Test(.enabled(if: LocalServer.hasMoto, LocalS3.without))
  func rolesAreAssumedAtSTS() throws {
    let s3 = try LocalS3()
    let token = try home.write("jwt", "header.body.signature")
    let found = try keys([
      "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/ir",
      "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:\(s3.proxy.port)",
    ])
    #expect(found.accessKey.hasPrefix("ASIA") && found.token != nil && found.expires != nil)
    try home.write(
      ".aws/credentials",
      """
      [base]
      aws_access_key_id = AKIABASE
      aws_secret_access_key = b
      [role]
      role_arn = arn:aws:iam::123456789012:role/ir
      source_profile = base
      """)
    let role = try keys(["AWS_ENDPOINT_URL": "http://127.0.0.1:\(s3.proxy.port)"], profile: "role")
    #expect(role.accessKey.hasPrefix("ASIA") && role.source == "profile role")
    try s3.spoil(#"[{"match": "POST /", "times": 9, "do": {"status": 403, "code": "AccessDenied"}}]"#)
    #expect(throws: StoreError(.badSource, "")) {
      try keys(["AWS_ENDPOINT_URL": "http://127.0.0.1:\(s3.proxy.port)"], profile: "role")
    }
  }
}
