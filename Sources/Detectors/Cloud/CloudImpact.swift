import Bytes
import Evidence

/// Finds single calls that destroy data or what opens it, run an attacker's code, or make an account pay for somebody else.
///
/// Nearly all of them are somebody's work as well: low for people where they are told at all, and only what an instance's role
/// has no business with is more.
public final class CloudImpact: CloudCallDetector {
  public static let version = 1

  /// What the events that follow were read from.
  public var artifact: Digest

  /// What one identity did of one kind, told once: a bucket's objects are overwritten one by one.
  private var told: Set<String> = []
  private static let maximum = 10_000

  public init(artifact: Digest) { self.artifact = artifact }

  private struct Rule {
    var rule: String
    var title: String
    var attack: [String]
  }

  private static let destruction = Rule(
    rule: "cloud.destruction", title: "Data, its copies or its key taken away", attack: ["T1485", "T1490"])
  private static let ransom = Rule(
    rule: "cloud.ransom-encryption", title: "Data encrypted with a key from outside", attack: ["T1486"])
  private static let code = Rule(
    rule: "cloud.code-sent", title: "Code sent to run in the cloud", attack: ["T1651", "T1648"])
  private static let hijack = Rule(
    rule: "cloud.service-hijack", title: "Service prepared that an account pays for", attack: ["T1496"])

  private static let names: Set<String> = [
    "ScheduleKeyDeletion", "DisableKey", "DeleteImportedKeyMaterial", "DeleteRecoveryPoint", "DeleteBackupVault",
    "DeleteDBInstance", "DeleteDBCluster", "PutBucketVersioning", "PutBucketEncryption", "CopyObject",
    "ModifyEbsDefaultKmsKeyId", "SendCommand", "StartSession", "CreateAssociation", "ModifyInstanceAttribute",
    "UpdateFunctionCode20150331v2", "CreateFunction20150331", "UpdateFunctionConfiguration20150331v2",
    "PutUseCaseForModelAccess", "PutFoundationModelEntitlement", "CreateFoundationModelAgreement",
    "PutAccountDetails", "UpdateAccountSendingEnabled", "CreateEmailIdentity", "VerifyEmailIdentity",
    "VerifyDomainIdentity", "RequestServiceQuotaIncrease", "EnableRegion",
  ]

  public func inspect(_ call: CloudCall, _ report: (Finding) -> Void) {
    guard Self.names.contains(call.name), call.identityType != "AWSService", call.error == nil || call.isDenied,
      let (rule, found) = judge(call)
    else { return }
    var severity = found
    // What was denied did nothing; a service does what somebody set up.
    if call.isDenied { severity = min(severity, call.instance == nil ? .low : .medium) }
    if call.isService, call.instance == nil { severity = min(severity, .low) }
    let key = "\(rule.rule)|\(call.name)|\(call.identity)|\(call.address)|\(call.isDenied)"
    guard told.count < Self.maximum, told.insert(key).inserted else { return }
    report(finding(call, rule, severity))
  }

  /// - Returns: nil for what is everybody's work.
  private func judge(_ call: CloudCall) -> (Rule, Severity)? {
    let isInstance = call.instance != nil
    func by(_ instance: Severity, _ person: Severity?) -> Severity? {
      // A machine that builds takes down what it had built, by a description of it all.
      isInstance ? call.isVouched ? min(instance, .medium) : instance : person
    }
    func told(_ rule: Rule, _ severity: Severity?) -> (Rule, Severity)? { severity.map { (rule, $0) } }
    switch call.name {
    case "ScheduleKeyDeletion", "DeleteImportedKeyMaterial": return told(Self.destruction, by(.high, .low))
    case "DisableKey": return call.source.hasPrefix("kms") ? told(Self.destruction, by(.high, .low)) : nil
    case "DeleteRecoveryPoint": return told(Self.destruction, by(.medium, nil))
    case "DeleteBackupVault": return told(Self.destruction, by(.high, .low))
    case "DeleteDBInstance", "DeleteDBCluster":
      // With no last copy kept; test databases go like that too.
      return call.parameters { $0.isTrue(["skipFinalSnapshot"]) } == true
        ? told(Self.destruction, by(.medium, .low)) : nil
    case "PutBucketVersioning":
      return call.parameters { $0.has(["Status"], of: ["Suspended"]) } == true
        ? told(Self.destruction, by(.medium, .low)) : nil
    case "PutBucketEncryption", "ModifyEbsDefaultKmsKeyId":
      // Who owns the key can take it away, and with it all that is written from now on. Large organizations keep all keys in one
      // account.
      return isForeignKey(call) ? told(Self.ransom, by(.medium, .low)) : nil
    case "CopyObject": return isOverwritten(call) ? told(Self.ransom, by(.high, .medium)) : nil
    case "SendCommand", "StartSession", "CreateAssociation":
      return call.source.hasPrefix("ssm") ? told(Self.code, by(.medium, nil)) : nil
    case "ModifyInstanceAttribute":
      // What an instance runs as root when it starts.
      return call.parameters { $0.hasMember("userData") } == true ? told(Self.code, by(.medium, .low)) : nil
    case "UpdateFunctionCode20150331v2", "CreateFunction20150331": return told(Self.code, by(.low, nil))
    case "UpdateFunctionConfiguration20150331v2":
      return isForeignLayer(call) ? told(Self.code, by(.medium, .low)) : nil
    case "EnableRegion": return told(Self.hijack, by(.medium, .low))
    case "PutUseCaseForModelAccess", "PutFoundationModelEntitlement", "CreateFoundationModelAgreement",
      "PutAccountDetails":
      return told(Self.hijack, by(.medium, .low))
    case "UpdateAccountSendingEnabled":
      return call.parameters { $0.isTrue(["enabled"]) } == true ? told(Self.hijack, by(.medium, .low)) : nil
    case "RequestServiceQuotaIncrease": return told(Self.hijack, by(.medium, nil))
    // Services that send for their customers do so for each.
    default: return told(Self.hijack, by(.low, nil))
    }
  }

  /// `arn:aws:kms:us-east-1:999988887777:key/…`, of another account than this.
  private func isForeignKey(_ call: CloudCall) -> Bool {
    guard let account = call.account else { return false }
    return call.parameters { said in
      CloudParameters.search(said.root) { name, value in
        guard name.equalsIgnoringCase("KMSMasterKeyID") || name.equalsIgnoringCase("KmsKeyId"),
          let owner = value.rawString.flatMap({ Self.owner($0, of: "kms") })
        else { return false }
        return owner != account
      }
    } == true
  }

  /// A layer of another account's. AWS and makers of monitors hand out theirs in the same way, so it is no more than a hint.
  private func isForeignLayer(_ call: CloudCall) -> Bool {
    guard let account = call.account else { return false }
    return call.parameters { said in
      CloudParameters.search(said.root) { name, value in
        name.equalsIgnoringCase("layers")
          && value.elements.prefix(16).contains { layer in
            layer.rawString.flatMap { Self.owner($0, of: "lambda") }.map { $0 != account } ?? false
          }
      }
    } == true
  }

  private static func owner(_ arn: ByteView, of service: StaticString) -> String? {
    let parts = arn.split(0x3A, limit: 7)
    guard parts.count > 5, parts[0] == "arn", parts[2] == service, parts[4].count == 12 else { return nil }
    return parts[4].string
  }

  /// An object copied onto itself, under a key that only who asked for it has.
  private func isOverwritten(_ call: CloudCall) -> Bool {
    call.parameters { said in
      guard said.hasMember("x-amz-server-side-encryption-customer-algorithm"),
        let bucket = said.text("bucketName"), let key = said.text("key"), var source = said.text("x-amz-copy-source")
      else { return false }
      if source.hasPrefix("/") { source.removeFirst() }
      return source == "\(bucket)/\(key)" || source.hasPrefix("\(bucket)/\(key)?versionId=")
    } == true
  }

  private func finding(_ call: CloudCall, _ rule: Rule, _ severity: Severity) -> Finding {
    var entities = call.event.entities
    entities.addNew(AddressText.entity(call.address))
    var attributes: [Attribute] = [Attribute("event_name", call.name)]
    attributes.add("error_code", call.error)
    attributes.add("remote_host", call.address)
    attributes.add("request_parameters", call.parameters.map { String($0.prefix(4096)) })
    return Finding(
      rule: rule.rule, title: rule.title, severity: severity, confidence: severity >= .high ? .high : .medium,
      attack: rule.attack, firstSeen: call.event.time, entities: entities,
      evidence: [call.event.reference(artifact)],
      message:
        "\(call.who) \(call.isDenied ? "tried and was denied" : "made") the call \(call.name) from \(call.address).",
      attributes: attributes)
  }
}
