import Bytes
import Evidence

/// Finds single API calls that change who may do what, open data to the world, or blind the account.
///
/// People and pipelines make many of these every day: low for them. An instance's role that makes one has been taken over,
/// and a denied try says the same of what it wanted.
public final class CloudActions: CloudCallDetector {
  public static let version = 7

  /// What the events that follow were read from.
  public var artifact: Digest

  /// Whose tool was named already: one finding says it.
  private var toolUsers: Set<String> = []

  public init(artifact: Digest) { self.artifact = artifact }

  private struct Rule {
    var rule: String
    var title: String
    var attack: [String]
    /// For a person.
    var severity: Severity
  }

  private static let identity = Rule(
    rule: "cloud.identity-change", title: "Identity or key created or changed", attack: ["T1136.003", "T1098.001"],
    severity: .low)
  private static let policy = Rule(
    rule: "cloud.permission-change", title: "Permissions changed", attack: ["T1098.003"], severity: .low)
  private static let logging = Rule(
    rule: "cloud.logging-off", title: "Logging or detection switched off", attack: ["T1562.008"], severity: .medium)
  private static let exposure = Rule(
    rule: "cloud.exposure", title: "Data or network opened", attack: ["T1537", "T1530"], severity: .medium)
  private static let secret = Rule(
    rule: "cloud.secret-denied", title: "Secret asked for and denied", attack: ["T1555.006"], severity: .low)
  private static let root = Rule(
    rule: "cloud.root-use", title: "Root user signed in", attack: ["T1078.004"], severity: .medium)
  private static let rootFailed = Rule(
    rule: "cloud.root-login-failed", title: "Root user's sign-in failed", attack: ["T1110", "T1078.004"],
    severity: .low)
  private static let firewall = Rule(
    rule: "cloud.firewall-off", title: "Web firewall taken away", attack: ["T1562.007"], severity: .low)
  private static let access = Rule(
    rule: "cloud.instance-access", title: "Key sent to log in to an instance", attack: ["T1021.004", "T1098.004"],
    severity: .low)
  private static let metadata = Rule(
    rule: "cloud.metadata-unguarded", title: "Instance metadata opened to requests without a token",
    attack: ["T1552.005"], severity: .medium)
  private static let console = Rule(
    rule: "cloud.console-by-instance", title: "Console opened with an instance's credentials",
    attack: ["T1550.001", "T1078.004"], severity: .high)
  private static let tool = Rule(
    rule: "cloud.attack-tool", title: "Attack tool's user agent", attack: ["T1580"], severity: .high)

  private static let identityCalls: Set<String> = [
    "CreateUser", "CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile", "AddUserToGroup",
    "CreateServiceSpecificCredential", "CreateSAMLProvider",
    "CreateOpenIDConnectProvider", "UpdateAccessKey", "DeactivateMFADevice", "DeleteVirtualMFADevice", "ImportKeyPair",
    "CreateKeyPair", "CreateRole", "UpdateSAMLProvider", "CreateTrustAnchor", "CreateAccountAssignment",
    "UploadSSHPublicKey", "UploadSigningCertificate", "CreateAccessEntry",
  ]
  private static let policyCalls: Set<String> = [
    "AttachUserPolicy", "PutUserPolicy", "AttachRolePolicy", "PutRolePolicy", "AttachGroupPolicy", "PutGroupPolicy",
    "CreatePolicyVersion", "CreatePolicy",
    "SetDefaultPolicyVersion", "AttachManagedPolicyToPermissionSet", "PutInlinePolicyToPermissionSet",
    "UpdateAssumeRolePolicy", "AddRoleToInstanceProfile", "PassRole", "DeleteUserPermissionsBoundary",
    "DeleteRolePermissionsBoundary", "ReplaceIamInstanceProfileAssociation", "AssociateIamInstanceProfile",
    "AssociateAccessPolicy", "CreatePodIdentityAssociation",
  ]
  /// What gives somebody a way back in: a role that an instance has makes no users.
  private static let takeover: Set<String> = [
    "CreateUser", "CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile", "AddUserToGroup",
    "DeactivateMFADevice",
    "CreateSAMLProvider", "CreateTrustAnchor", "UpdateSAMLProvider",
  ]
  /// What leaves an account blind. Its owners do so too, when they move a trail: that alone does not make it an attack.
  private static let worst: Set<String> = ["StopLogging", "DeleteTrail", "DeleteDetector"]
  private static let loggingCalls: Set<String> = [
    "StopLogging", "DeleteTrail", "DeleteFlowLogs", "DeleteDetector", "StopConfigurationRecorder",
    "DeleteConfigurationRecorder", "DeleteDeliveryChannel",
    "DeleteLoggingConfiguration", "DeleteEventDataStore", "StopEventDataStoreIngestion", "DisableSecurityHub",
    "DeleteMembers", "DisassociateFromMasterAccount",
    "DisassociateFromAdministratorAccount", "StopMonitoringMembers", "DeletePublishingDestination",
    "DeleteBucketLogging", "DisassociateResolverQueryLogConfig", "DeleteResolverQueryLogConfig", "DisableMacie",
    "DisassociateMembers", "DisableOrganizationAdminAccount", "DeleteModelInvocationLoggingConfiguration",
    "LeaveOrganization", "DeleteGraph", "DeleteAnalyzer",
  ]

  public func inspect(_ call: CloudCall, _ report: (Finding) -> Void) {
    if let agent = call.userAgent, let name = Self.attackTool(agent), toolUsers.count < 10_000,
      toolUsers.insert("\(call.identity)|\(call.address)|\(name)").inserted
    {
      report(finding(call, Self.tool, .high, " with a user agent of \(name)"))
    }
    // What a service does on its own, a pipeline set up.
    guard call.identityType != "AWSService", Self.judged.contains(call.name), let (rule, severity) = judge(call)
    else { return }
    report(finding(call, rule, severity, ""))
  }

  /// Every name that `judge` asks for, so that most calls are asked one question.
  private static let judged: Set<String> = identityCalls.union(policyCalls).union(loggingCalls).union([
    "UpdateDetector", "PutEventSelectors", "PutBucketLogging", "ModifyLoadBalancerAttributes", "UpdateClusterConfig",
    "UpdateLoggingConfiguration", "PutRetentionPolicy", "DeleteBucket", "PutKeyPolicy", "AddPermission20150331v2",
    "AddPermission20150331", "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig", "ModifyDBInstance",
    "CreateDBInstance", "ModifySnapshotAttribute", "ModifyImageAttribute",
    "ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute", "PutBucketPolicy", "PutBucketAcl",
    "DeleteBucketPublicAccessBlock", "DeleteAccountPublicAccessBlock", "PutBucketPublicAccessBlock",
    "PutAccountPublicAccessBlock", "AuthorizeSecurityGroupIngress", "GetSecretValue", "BatchGetSecretValue",
    "GetParameter", "GetParameters", "GetParametersByPath", "GetPasswordData", "ConsoleLogin",
    "PutObjectAcl", "CreateBucket", "UpdateTrail", "CreateFilter", "UpdateFilter", "CreateIPSet", "UpdateIPSet",
    "DisassociateWebACL", "DeleteWebACL", "DeleteLogGroup", "SendSSHPublicKey", "SendSerialConsoleSSHPublicKey",
    "EnableSerialConsoleAccess", "ModifyInstanceMetadataOptions", "GetSigninToken", "PutBucketLifecycle",
    "PutBucketLifecycleConfiguration", "Disable", "DisableRule", "DeleteRule", "AuthorizeSnapshotAccess",
    "ModifySecurityGroupRules", "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime",
    "RestoreDBInstanceFromS3", "SetRepositoryPolicy", "PutResourcePolicy", "UpdateElasticsearchDomainConfig",
    "UpdateDomainConfig", "SetQueueAttributes", "SetTopicAttributes", "ModifyDocumentPermission",
    "PutBucketReplication", "ExportTableToPointInTime", "GetFederationToken",
  ])

  private func judge(_ call: CloudCall) -> (Rule, Severity)? {
    // Whoever has keys of a role can turn them into a sign-in; an instance has nobody who would look at the console.
    if call.name == "ConsoleLogin" || call.name == "GetSigninToken", call.instance != nil {
      return call.isFailedSignIn ? nil : (Self.console, .high)
    }
    if call.name == "ConsoleLogin" {
      guard call.identityType == "Root" else { return nil }
      return call.isFailedSignIn ? (Self.rootFailed, .low) : (Self.root, .medium)
    }
    let isInstance = call.instance != nil
    // Failing for another reason than rights changed nothing and says little.
    if call.error != nil, !call.isDenied { return nil }
    func raised(_ rule: Rule, _ severity: Severity? = nil, isGrave: Bool = false) -> (Rule, Severity) {
      let base = severity ?? rule.severity
      if call.isDenied { return (rule, isInstance ? .medium : min(base, .low)) }
      // What AWS Backup and its like do is set up by someone, once, and done every night.
      if call.isService, call.instance == nil { return (rule, min(base, .low)) }
      // Machines that build and controllers of clusters make roles, change policies and open ports all day; people and their
      // keys they do not make, and they give nobody everything.
      return (
        rule, isInstance ? max(base, isGrave || Self.takeover.contains(call.name) ? .high : .medium) : base
      )
    }
    switch call.name {
    // A key of root's own opens everything, and nobody should have one.
    case "CreateAccessKey" where call.identityType == "Root": return raised(Self.identity, .medium)
    // A role that anyone in any account may take.
    case "CreateRole" where call.opensToEveryone == .toAll:
      return raised(Self.identity, .medium, isGrave: true)
    case let name where Self.identityCalls.contains(name): return raised(Self.identity)
    // Keys that outlive what they were made with.
    case "GetFederationToken": return call.givesEverything ? raised(Self.identity, .medium, isGrave: true) : nil
    case "CreatePolicy": return call.givesEverything ? raised(Self.policy, .medium, isGrave: true) : nil
    case "UpdateAssumeRolePolicy" where call.opensToEveryone == .toForeign:
      return raised(Self.policy, .medium, isGrave: true)
    case let name where Self.policyCalls.contains(name):
      let isAll = call.givesEverything || call.opensToEveryone == .toAll
      // Single sign-on's sets of permissions are changed by the people who keep them.
      if name.hasSuffix("ToPermissionSet"), !isAll { return nil }
      return raised(Self.policy, isAll ? .medium : .low, isGrave: isAll)
    case let name where Self.loggingCalls.contains(name):
      return raised(Self.logging, isGrave: Self.worst.contains(name))
    case "AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules":
      return call.parameters(contain: ["0.0.0.0/0", "::/0"]) ? raised(Self.exposure, .low) : nil
    case "DeleteBucketPublicAccessBlock", "DeleteAccountPublicAccessBlock": return raised(Self.exposure)
    case "DisassociateWebACL", "DeleteWebACL": return raised(Self.firewall)
    // Many log in this way every day; by the serial console only when nothing else works.
    case "SendSSHPublicKey", "EnableSerialConsoleAccess": return raised(Self.access)
    case "SendSerialConsoleSSHPublicKey": return raised(Self.access, .medium)
    case "GetSecretValue", "BatchGetSecretValue", "GetParameter", "GetParameters", "GetParametersByPath",
      "GetPasswordData":
      return call.isDenied ? raised(Self.secret) : nil
    case "PutObjectAcl":
      // Applications hand out single files that way.
      return call.opens == nil ? nil : (Self.exposure, .low)
    default:
      if let severity = call.blinds { return raised(Self.logging, min(severity, .medium), isGrave: severity >= .high) }
      if let (severity, isGrave) = call.opens { return raised(Self.exposure, severity, isGrave: isGrave) }
      let isOptional = call.parameters { $0.has(["httpTokens"], of: ["optional"]) } == true
      return call.name == "ModifyInstanceMetadataOptions" && isOptional ? raised(Self.metadata) : nil
    }
  }

  /// Distributions and frameworks that exist for attacking; the SDKs under them put the system's name into the agent.
  private static func attackTool(_ agent: String) -> String? {
    agent.withView { agent in
      var found: String?
      attackToolSet.forEachMatch(in: agent) { place, tool in
        let name = attackTools[tool]
        // `app/alkaline-orders` is somebody's shop.
        guard !isLetter(agent[place - 1]), !isLetter(agent[place + name.utf8CodeUnitCount]) else { return place + 1 }
        found = String(describing: name)
        return nil
      }
      return found.map { $0.hasPrefix("parrot") || $0.hasSuffix("parrot") ? "parrot" : $0 }
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

  /// Parrot is a maker of drones too, so only as a system: `6.5.0-13parrot1-amd64`.
  private static let attackTools: [StaticString] = [
    "kali", "parrot1-amd64", "parrot1-arm64", "distrib#parrot", "distrib/parrot", "pentoo", "pacu", "scoutsuite",
    "cloudfox", "peirates", "trufflehog", "s3scanner", "cloudmapper", "enumerate-iam",
  ]
  private static let attackToolSet = LiteralSet(exact: [], ignoringCase: attackTools)

  private func finding(_ call: CloudCall, _ rule: Rule, _ severity: Severity, _ more: String) -> Finding {
    var entities = call.event.entities
    entities.addNew(AddressText.entity(call.address))
    var attributes: [Attribute] = [Attribute("event_name", call.name)]
    attributes.add("error_code", call.error)
    attributes.add("remote_host", call.address)
    attributes.add("request_parameters", call.parameters.map { String($0.prefix(4096)) })
    if severity == .medium, rule.rule == Self.logging.rule, !call.isVouched,
      Self.worst.contains(call.name) || call.blinds == .high
    {
      attributes.add(Finding.besideOtherSigns, Severity.high.rawValue)
    }
    let result =
      rule.rule == Self.rootFailed.rule
      ? "tried without success" : call.isDenied ? "tried and was denied" : "made"
    return Finding(
      rule: rule.rule, title: rule.title, severity: severity, confidence: severity >= .high ? .high : .medium,
      attack: rule.attack,
      firstSeen: call.event.time, entities: entities, evidence: [call.event.reference(artifact)],
      message: "\(call.who) \(result) the call \(call.name) from \(call.address)\(more).", attributes: attributes)
  }
}
