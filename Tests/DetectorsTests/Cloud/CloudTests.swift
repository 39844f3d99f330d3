import Evidence
import Testing

@testable import Detectors

private func call(
  _ name: String, from address: String, instance: String? = "i-0123456789abcdef0", user: String? = nil,
  error: String? = nil, parameters: String? = nil,
  agent: String = "aws-cli/2.19", service: String = "ec2.amazonaws.com", second: Int64 = 0, more: [Attribute] = []
) -> Event {
  var attributes: [Attribute] = [
    Attribute("event_source", service), Attribute("event_name", name), Attribute("source_ip", address),
    Attribute("user_agent", agent),
  ]
  attributes.add("error_code", error)
  if let instance {
    attributes += [
      Attribute("identity_type", "AssumedRole"), Attribute("role", "web"), Attribute("session_name", instance),
      Attribute("access_key", "ASIAEXAMPLE"),
    ]
  }
  attributes.add("user", user)
  attributes.add("request_parameters", parameters)
  return Event(
    time: Timestamp(seconds: 1_700_000_000 + second), dataType: "aws:cloudtrail:entry", message: "",
    attributes: attributes + more, locator: .whole)
}

@Suite struct CloudTests {
  @Test func aSecondNetworkUnderOneInstance() {
    let calls =
      (0..<5).map { call("UpdateInstanceInformation", from: "192.0.2.10", service: "ssm.amazonaws.com", second: $0) }
      + [
        call("GetCallerIdentity", from: "203.0.113.66", second: 60),
        call("ListBuckets", from: "203.0.113.66", second: 70),
      ]
    let found = findings(InstanceCredentialUse(artifact: artifact), calls)
    #expect(found.map(\.rule) == ["cloud.instance-credentials-elsewhere"])
    #expect(found.first?.severity == .high)
    #expect(found.first?.message.contains("the instance itself calls from 192.0.2.10") == true)
    #expect(found.first?.evidence.count == 2)
  }

  @Test func machinesThatBuildAndServicesThatBackUpAreNoIntruders() {
    func severities(_ calls: [Event]) -> [Severity] {
      findings(CloudActions(artifact: artifact), calls).map(\.severity)
    }
    #expect(severities([call("CreateRole", from: "192.0.2.10", service: "iam.amazonaws.com")]) == [.medium])
    #expect(severities([call("CreateUser", from: "192.0.2.10", service: "iam.amazonaws.com")]) == [.high])
    let share = "{\"createVolumePermission\":{\"add\":{\"items\":[{\"userId\":\"444455556666\"}]}}}"
    #expect(
      severities([
        call("ModifySnapshotAttribute", from: "backup.amazonaws.com", instance: nil, parameters: share),
        call("ModifySnapshotAttribute", from: "203.0.113.66", instance: nil, user: "ops", parameters: share),
      ]) == [.low, .medium])
  }

  @Test func theConsoleAsksForWhatItsPagesShow() {
    func severities(_ agent: String) -> [Severity] {
      let calls = ["ListUsers", "ListRoles", "GetAccountSummary", "ListGroups"].map {
        call($0, from: "192.0.2.201", instance: nil, user: "dev", error: "AccessDenied", agent: agent)
      }
      return findings(CloudRecon(artifact: artifact), calls).map(\.severity)
    }
    #expect(severities("Mozilla/5.0 (Macintosh) Chrome/131") == [.low])
    #expect(severities("aws-cli/2.19") == [.medium])
  }

  @Test func callsOfManyFilesAreJoined() {
    let detector = InstanceCredentialUse(artifact: artifact)
    detector.inspect(call("UpdateInstanceInformation", from: "192.0.2.10")) { _ in }
    let other = Digest(of: [1])
    detector.artifact = other
    detector.inspect(call("ListBuckets", from: "203.0.113.66")) { _ in }
    var found: [Finding] = []
    detector.finish { found.append($0) }
    #expect(found.first?.evidence.map(\.artifact) == [other])
  }

  @Test func oneWayOutIsNone() {
    let calls = [
      call("UpdateInstanceInformation", from: "192.0.2.10"), call("GetObject", from: "192.0.2.11"),
      call("Decrypt", from: "secretsmanager.amazonaws.com"),
      call("GetObject", from: "10.0.2.15"), call("ListBuckets", from: "203.0.113.66", instance: nil, user: "ops"),
    ]
    #expect(findings(InstanceCredentialUse(artifact: artifact), calls).isEmpty)
  }

  @Test func anInstanceThatExplores() {
    let calls = [
      call("GetCallerIdentity", from: "203.0.113.66", service: "sts.amazonaws.com"),
      call("ListUsers", from: "203.0.113.66", error: "AccessDenied", service: "iam.amazonaws.com", second: 9),
      call(
        "GetSecretValue", from: "203.0.113.66", error: "AccessDeniedException", service: "secretsmanager.amazonaws.com",
        second: 20),
    ]
    #expect(findings(CloudRecon(artifact: artifact), calls).map(\.rule) == ["cloud.recon"])
  }

  @Test func aPersonAtTheConsoleIsNone() {
    let names = [
      "GetCallerIdentity", "ListBuckets", "DescribeInstances", "DescribeVpcs", "ListUsers", "GetMetricData",
      "DescribeDBInstances", "ListRoles", "GetBucketLocation",
    ]
    let calls = names.enumerated().map {
      call(
        $0.element, from: "192.0.2.200", instance: nil, user: "ops", error: $0.offset == 4 ? "AccessDenied" : nil,
        service: "s\($0.offset)", second: Int64($0.offset))
    }
    #expect(findings(CloudRecon(artifact: artifact), calls).isEmpty)
  }

  @Test(
    arguments: [
      ("StopLogging", nil, "cloud.logging-off", .medium), ("DeleteFlowLogs", nil, "cloud.logging-off", .medium),
      ("CreateAccessKey", nil, "cloud.identity-change", .low),
      (
        "AttachUserPolicy", "{\"policyArn\":\"arn:aws:iam::aws:policy/AdministratorAccess\"}",
        "cloud.permission-change", .medium
      ),
      (
        "ModifySnapshotAttribute", "{\"createVolumePermission\":{\"add\":{\"items\":[{\"group\":\"all\"}]}}}",
        "cloud.exposure", .high
      ),
      ("PutBucketPolicy", "{\"bucketPolicy\":{\"Statement\":[{\"Principal\":\"*\"}]}}", "cloud.exposure", .medium),
      ("UpdateDetector", "{\"enable\":false}", "cloud.logging-off", .medium),
    ] as [(String, String?, String, Severity)])
  func callsThatMatter(name: String, parameters: String?, rule: String, severity: Severity) {
    let found = findings(
      CloudActions(artifact: artifact),
      [call(name, from: "192.0.2.200", instance: nil, user: "ops", parameters: parameters)])
    #expect(found.map(\.rule) == [rule])
    #expect(found.first?.severity == severity)
  }

  /// Its owner stops a trail as well; an instance never does. Who is not vouched for is weighed with what else he did.
  @Test func whoBlindsTheAccount() {
    func found(_ instance: String?, agent: String = "aws-cli/2.19", _ more: [Attribute] = []) -> Finding? {
      findings(
        CloudActions(artifact: artifact),
        [CloudSamples.call("StopLogging", "cloudtrail", instance: instance, agent: agent, more: more)]
      ).first
    }
    let sign = Attribute(Finding.besideOtherSigns, "high")
    #expect(found(nil)?.severity == .medium && found(nil)?.attributes.contains(sign) == true)
    for vouched in [
      found(nil, [Attribute("mfa", .flag(true))]), found(nil, agent: "APN/1.0 HashiCorp/1.0 Terraform/1.9.8"),
    ] {
      #expect(vouched?.severity == .medium && vouched?.attributes.contains(sign) == false)
    }
    #expect(found(CloudSamples.instance)?.severity == .high)
  }

  private func judged(
    _ name: String, _ parameters: String?, service: String = "ec2.amazonaws.com", more: [Attribute] = []
  ) -> [Severity] {
    findings(
      CloudActions(artifact: artifact),
      [
        call(
          name, from: "192.0.2.200", instance: nil, user: "ops", parameters: parameters, service: service, more: more)
      ]
    ).map(\.severity)
  }

  @Test(
    arguments: [
      ("UpdateTrail", #"{"name":"t","isMultiRegionTrail": false}"#, .medium),
      ("UpdateTrail", #"{"name":"t","isMultiRegionTrail": true}"#, nil),
      ("DeleteLogGroup", #"{"logGroupName":"/aws/CloudTrail/all"}"#, .medium),
      ("DeleteLogGroup", #"{"logGroupName":"/aws/lambda/x"}"#, nil), ("DisassociateWebACL", nil, .low),
      ("SendSSHPublicKey", nil, .low), ("SendSerialConsoleSSHPublicKey", nil, .medium),
      (
        "ModifyInstanceMetadataOptions", #"{"ModifyInstanceMetadataOptionsRequest": {"HttpTokens": "optional"}}"#,
        .medium
      ), ("ModifyInstanceMetadataOptions", #"{"httpTokens":"required"}"#, nil),
      (
        "PutUserPolicy", #"{"policyDocument":"{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": [\"*\"]}]}"}"#,
        .medium
      ),
      ("PutUserPolicy", #"{"policyDocument":"{\"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"*\"}]}"}"#, .low),
      ("PutBucketAcl", #"{"bucketName":"b","x-amz-acl":["public-read"]}"#, .medium),
      ("PutBucketAcl", #"{"bucketName":"b","x-amz-acl":"private"}"#, nil),
      ("PutObjectAcl", #"{"x-amz-acl": "authenticated-read"}"#, .low),
      ("CreateBucket", #"{"x-amz-acl": "public-read-write"}"#, .medium), ("CreateBucket", #"{"bucketName":"b"}"#, nil),
      ("PutBucketPublicAccessBlock", #"{"C": {"BlockPublicAcls": false, "BlockPublicPolicy" : false}}"#, .medium),
      ("PutBucketPublicAccessBlock", #"{"C": {"BlockPublicAcls": true, "BlockPublicPolicy" : true}}"#, nil),
      ("ModifySnapshotAttribute", #"{"createVolumePermission":{"remove":{"items":[{"group":"all"}]}}}"#, nil),
      (
        "ModifySnapshotAttribute", #"{"createVolumePermission": {"add": {"items": [{"userId": "444455556666"}]}}}"#,
        .medium
      ),
      ("ModifyDBSnapshotAttribute", #"{"attributeName": "restore", "valuesToAdd": ["all"]}"#, .high),
      ("ModifyDBSnapshotAttribute", #"{"valuesToAdd": [], "valuesToRemove": ["all"]}"#, nil),
    ] as [(String, String?, Severity?)])
  func whatTheParametersSay(name: String, parameters: String?, severity: Severity?) {
    #expect(judged(name, parameters) == (severity.map { [$0] } ?? []))
  }

  @Test(
    arguments: [
      (#"{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}"#, .medium),
      (#"{"Effect":"Allow","Principal":{"AWS": "*"}}"#, .medium),
      (#"{"Effect":"Allow","Principal":{"AWS": ["*"]}}"#, .medium),
      (#"{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/a"}}"#, .medium),
      (#"{"Effect":"Allow","Principal":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}"#, .low),
      (#"{"Effect":"Allow","Principal":"*","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}}"#, .medium),
      (#"{"Effect":"Deny","Principal":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#, nil),
      (#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"}}"#, nil),
    ] as [(String, Severity?)])
  func whoAPolicyLetsIn(statement: String, severity: Severity?) {
    let policy = "{\"Version\": \"2012-10-17\", \"Statement\": [\(statement)]}"
    let expected = severity.map { [$0] } ?? []
    #expect(judged("PutBucketPolicy", "{\"bucketPolicy\": \(policy)}") == expected)
    // The same as a text within.
    let escaped = policy.replacing("\"", with: "\\\"")
    #expect(judged("PutBucketPolicy", "{\"bucketPolicy\": \"\(escaped)\"}") == expected)
  }

  @Test func whatGuardDutyNoLongerReports() {
    let guardDuty = "guardduty.amazonaws.com"
    #expect(judged("CreateFilter", #"{"action": "ARCHIVE"}"#, service: guardDuty) == [.low])
    #expect(judged("CreateFilter", #"{"action": "NOOP"}"#, service: guardDuty).isEmpty)
    #expect(judged("CreateIPSet", #"{"activate": true}"#, service: guardDuty) == [.medium])
    #expect(judged("CreateIPSet", #"{"name": "x"}"#, service: "wafv2.amazonaws.com").isEmpty)
  }

  @Test func rootsOwnDoings() {
    let root = Attribute("identity_type", "Root")
    #expect(judged("CreateAccessKey", nil, more: [root]) == [.medium])
    #expect(judged("CreateAccessKey", nil) == [.low])
    func signIn(_ answer: String) -> [String] {
      findings(
        CloudActions(artifact: artifact),
        [
          call(
            "ConsoleLogin", from: "192.0.2.200", instance: nil,
            more: [root, Attribute("response_elements", "{\"ConsoleLogin\": \"\(answer)\"}")])
        ]
      ).map { "\($0.rule) \($0.severity)" }
    }
    #expect(signIn("Success") == ["cloud.root-use medium"])
    #expect(signIn("Failure") == ["cloud.root-login-failed low"])
  }

  @Test func brokenParametersSayNothing() {
    let deep = String(repeating: "{\"Statement\":[", count: 3000)
    for parameters in ["", "{", "null", "[]", "\"{\"", "{\"Statement\":", deep] {
      #expect(judged("PutBucketPolicy", parameters).isEmpty)
    }
  }

  @Test func anInstanceThatMakesUsersIsTakenOver() {
    #expect(
      findings(CloudActions(artifact: artifact), [call("CreateUser", from: "203.0.113.66")]).map(\.severity) == [.high])
    #expect(
      findings(CloudActions(artifact: artifact), [call("CreateUser", from: "203.0.113.66", error: "AccessDenied")]).map(
        \.severity) == [.medium])
  }

  @Test func everydayCallsAreNone() {
    let calls = [
      call("UpdateInstanceInformation", from: "192.0.2.10"), call("GetSecretValue", from: "192.0.2.10"),
      call(
        "PutBucketPolicy", from: "192.0.2.200", instance: nil, user: "ops",
        parameters: "{\"Principal\":{\"AWS\":\"111122223333\"}}"),
      call("CreateUser", from: "192.0.2.200", instance: nil, user: "ops", error: "EntityAlreadyExistsException"),
      call("DescribeInstances", from: "192.0.2.200", instance: nil, user: "ops"),
    ]
    #expect(findings(CloudActions(artifact: artifact), calls).isEmpty)
  }

  @Test func aToolIsNamedOnce() {
    let calls = (0..<4).map {
      call("ListBuckets", from: "203.0.113.66", agent: "Boto3/1.26 md/Botocore os/linux#6.5.0-kali3-amd64", second: $0)
    }
    #expect(findings(CloudActions(artifact: artifact), calls).map(\.rule) == ["cloud.attack-tool"])
  }
}
