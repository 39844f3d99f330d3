import Bytes
import Evidence

/// What to do, in order, with commands filled in from this incident.
///
/// Names come from evidence, and evidence is hostile: a name enters a command only when it has exactly the form that AWS
/// gives such names. What is not known is looked up by the command itself.
struct ResponsePlan {
  let incident: Incident
  let view: CaseView

  func actions() -> [ResponseAction] {
    let isSerious = incident.findings.contains { incident.storyFindings.contains($0.id) && $0.severity >= .high }
    guard isSerious else { return [] }
    var actions: [ResponseAction] = []
    if let instance = incident.host.instance, Self.isInstance(instance) {
      actions += preserve(instance) + isolate(instance)
    }
    actions += revocations
    if !incident.exposures.isEmpty || incident.steps.contains(where: { $0.stage == .credentialAccess }) {
      actions.append(
        ResponseAction(
          group: .rotate,
          title: incident.exposures.isEmpty
            ? Phrase(.rotateSecretsUnseen) : Phrase(.rotateSecrets, [String(incident.exposures.count)]),
          commands: rotations, breaks: Phrase(.breaksConsumers)))
    }
    actions += block()
    if incident.host.instance != nil {
      actions.append(
        ResponseAction(group: .recover, title: Phrase(.rebuild), commands: [], breaks: Phrase(.breaksHost)))
    }
    actions.append(
      ResponseAction(group: .recover, title: Phrase(.hunt), commands: hunting, breaks: Phrase(.breaksNothing)))
    return actions
  }

  /// Roles by their sessions, users by their keys; what is revoked already is not asked for again.
  private var revocations: [ResponseAction] {
    var actions: [ResponseAction] = []
    let open = incident.credentials.filter { $0.revoked == nil || $0.answeredAfter > 0 }
    var sessions: Set<String> = []
    var roles = open.compactMap { one in one.role.map { [$0, one.account ?? ""] } }
    // Somebody on the instance itself uses the role from where it belongs, and leaves keys that he made.
    let isOnHost = incident.credentials.isEmpty || view.findings.contains { $0.rule == CredentialStory.passedOn }
    if isOnHost, touchesCloud, let role = incident.host.role, !incident.credentials.contains(where: { $0.role == role })
    {
      roles.append([role, ""])
    }
    for role in Array(Set(roles)).sorted(by: { $0.lexicographicallyPrecedes($1) }).prefix(8)
    where Self.isName(role[0]) {
      actions.append(revoke(.role, role[0], in: role[1]))
    }
    for one in open.prefix(16) where one.role == nil && Self.isKey(one.key) {
      // A session's key has no switch of its own: its user's rights are taken from all that are open.
      guard one.key.hasPrefix("ASIA") else {
        actions.append(disable(one))
        continue
      }
      guard let user = one.user, Self.isName(user), sessions.insert(user + (one.account ?? "")).inserted else {
        continue
      }
      actions.append(revoke(.user, user, in: one.account ?? ""))
    }
    return actions
  }

  /// Names the account where it is not the host's own: the command must be given there.
  private func elsewhere(_ account: String) -> String {
    guard let own = incident.host.account, !account.isEmpty, account != own, account.utf8.count == 12,
      account.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return "" }
    return " (account \(account))"
  }

  /// A long-lived key of a user has no sessions to revoke.
  private func disable(_ one: CredentialFacts) -> ResponseAction {
    let user = one.user.flatMap { Self.isName($0) ? " --user-name \($0)" : nil } ?? ""
    return ResponseAction(
      group: .revoke, title: Phrase(.disableKey, [one.key + elsewhere(one.account ?? "")]),
      commands: [.init(text: "aws iam update-access-key --access-key-id \(one.key) --status Inactive\(user)")],
      breaks: Phrase(.breaksKey))
  }

  private var touchesCloud: Bool {
    incident.steps.contains { ($0.stage == .cloudAccess || $0.stage == .credentialAccess) && $0.status != .missing }
  }

  private var region: String { incident.host.region.flatMap { Self.isRegion($0) ? " --region \($0)" : nil } ?? "" }

  private func preserve(_ instance: String) -> [ResponseAction] {
    let snapshot =
      "aws ec2 create-snapshots --instance-specification InstanceId=\(instance) --description 'evidence \(instance)'"
      + " --copy-tags-from-source volume\(region)"
    let protect = "aws ec2 modify-instance-attribute --instance-id \(instance) --disable-api-termination\(region)"
    let hasMemory = incident.sources.contains { $0.source == .memory }
    let capture =
      "aws ssm describe-instance-information --filters Key=InstanceIds,Values=\(instance)"
      + " --query 'InstanceInformationList[0].[PingStatus,PlatformName,PlatformVersion]' --output text\(region)"
    let memory = ResponseAction(
      group: .preserve, title: Phrase(.captureMemory, [instance]), commands: [.init(text: capture)],
      breaks: Phrase(.breaksNothing))
    return (hasMemory ? [] : [memory]) + [
      ResponseAction(
        group: .preserve, title: Phrase(.preserveDisk, [instance]),
        commands: [.init(text: snapshot, dryRun: snapshot + " --dry-run")], breaks: Phrase(.breaksNothing)),
      ResponseAction(
        group: .preserve, title: Phrase(.preserveInstance, [instance]),
        commands: [.init(text: protect, dryRun: protect + " --dry-run")], breaks: Phrase(.breaksNothing)),
    ]
  }

  private func isolate(_ instance: String) -> [ResponseAction] {
    let lookup =
      "VPC=$(aws ec2 describe-instances --instance-ids \(instance) --query 'Reservations[0].Instances[0].VpcId'"
      + " --output text\(region))"
    let make =
      "SG=$(aws ec2 create-security-group --group-name isolate-\(instance) --description 'isolation, no traffic'"
      + " --vpc-id \"$VPC\" --query GroupId --output text\(region))"
    let close =
      "aws ec2 revoke-security-group-egress --group-id \"$SG\""
      + " --ip-permissions '[{\"IpProtocol\":\"-1\",\"IpRanges\":[{\"CidrIp\":\"0.0.0.0/0\"}]}]'\(region)"
    let apply = "aws ec2 modify-instance-attribute --instance-id \(instance) --groups \"$SG\"\(region)"
    let scaling =
      "aws autoscaling detach-instances --instance-ids \(instance) --no-should-decrement-desired-capacity"
      + " --auto-scaling-group-name \"$(aws autoscaling describe-auto-scaling-instances --instance-ids \(instance)"
      + " --query 'AutoScalingInstances[0].AutoScalingGroupName' --output text\(region))\"\(region)"
    return [
      ResponseAction(
        group: .isolate, title: Phrase(.detachFromService, [instance]), commands: [.init(text: scaling)],
        breaks: Phrase(.breaksCapacity)),
      ResponseAction(
        group: .isolate, title: Phrase(.isolateInstance, [instance]),
        commands: [
          .init(text: lookup), .init(text: make), .init(text: close, dryRun: close + " --dry-run"),
          .init(text: apply, dryRun: apply + " --dry-run"),
        ], breaks: Phrase(.breaksConnections)),
    ] + closeMetadata(instance)
  }

  /// Only where credentials were taken from it.
  private func closeMetadata(_ instance: String) -> [ResponseAction] {
    guard touchesCloud else { return [] }
    let close =
      "aws ec2 modify-instance-metadata-options --instance-id \(instance) --http-tokens required"
      + " --http-put-response-hop-limit 1\(region)"
    return [
      ResponseAction(
        group: .isolate, title: Phrase(.closeMetadata, [instance]),
        commands: [.init(text: close, dryRun: close + " --dry-run")], breaks: Phrase(.breaksMetadata))
    ]
  }

  private enum Owner: String { case role, user }

  /// What the console's "Revoke active sessions" writes.
  private func revoke(_ owner: Owner, _ name: String, in account: String) -> ResponseAction {
    let policy =
      "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\","
      + "\"Condition\":{\"DateLessThan\":{\"aws:TokenIssueTime\":\"'\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"'\"}}}]}"
    return ResponseAction(
      group: .revoke,
      title: Phrase(owner == .role ? .revokeRoleSessions : .revokeUserSessions, [name + elsewhere(account)]),
      commands: [
        .init(
          text:
            "aws iam put-\(owner.rawValue)-policy --\(owner.rawValue)-name \(name) --policy-name AWSRevokeOlderSessions"
            + " --policy-document '\(policy)'")
      ], breaks: Phrase(owner == .role ? .breaksRole : .breaksKey))
  }

  private var rotations: [ResponseAction.Command] {
    let list = "aws secretsmanager list-secrets --query 'SecretList[].[Name,LastAccessedDate]' --output table\(region)"
    return [.init(text: list)]
  }

  private func block() -> [ResponseAction] {
    let addresses = incident.attackers.filter { AddressRange.isAddress($0) && !AddressRange.isPrivate($0) }.prefix(8)
    guard !addresses.isEmpty else { return [] }
    let network =
      "ACL=$(aws ec2 describe-network-acls --filters Name=association.subnet-id,Values=\"$(aws ec2 describe-instances"
      + " --instance-ids \(incident.host.instance.flatMap { Self.isInstance($0) ? $0 : nil } ?? "\"$INSTANCE\"")"
      + " --query 'Reservations[0].Instances[0].SubnetId' --output text\(region))\""
      + " --query 'NetworkAcls[0].NetworkAclId' --output text\(region))"
    var commands: [ResponseAction.Command] = [.init(text: network)]
    for (number, address) in addresses.enumerated() {
      let isNew = address.utf8.contains(0x3A)
      for direction in ["ingress", "egress"] {
        let command =
          "aws ec2 create-network-acl-entry --network-acl-id \"$ACL\" --\(direction) --rule-number \(10 + number)"
          + " --protocol=-1 --rule-action deny"
          + (isNew ? " --ipv6-cidr-block \(address)/128" : " --cidr-block \(address)/32") + region
        commands.append(.init(text: command, dryRun: command + " --dry-run"))
      }
    }
    let version = addresses.contains { $0.utf8.contains(0x3A) } ? "IPV6" : "IPV4"
    let same = addresses.filter { $0.utf8.contains(0x3A) == (version == "IPV6") }
    let set =
      "aws wafv2 create-ip-set --name incident-block --scope REGIONAL --ip-address-version \(version) --addresses "
      + same.map { $0 + (version == "IPV6" ? "/128" : "/32") }.joined(separator: " ") + region
    return [
      ResponseAction(
        group: .block, title: Phrase(.blockAddress, [addresses.joined(separator: ", ")]), commands: commands,
        breaks: Phrase(.breaksAddress)),
      ResponseAction(
        group: .block, title: Phrase(.blockInWAF, [addresses.joined(separator: ", ")]), commands: [.init(text: set)],
        breaks: Phrase(.breaksRequests)),
    ]
  }

  private var hunting: [ResponseAction.Command] {
    let keys = incident.entities.filter { $0.entity.kind == .accessKey && Self.isKey($0.entity.value) }.prefix(4)
    return keys.map { key in
      .init(
        text: "aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue="
          + "\(key.entity.value) --query 'Events[].[EventTime,EventName,EventSource]' --output table\(region)")
    }
  }

  // MARK: Forms of AWS names

  static func isInstance(_ text: String) -> Bool {
    text.hasPrefix("i-") && (text.utf8.count == 10 || text.utf8.count == 19)
      && text.utf8.dropFirst(2).allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  /// Role names have letters, digits and `+=,.@-_`; of these all but what a shell might read are allowed.
  static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 64 && text.utf8.first != 0x2D
      && text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
          || [0x2B, 0x2C, 0x2E, 0x40, 0x2D, 0x5F].contains($0)
      }
  }

  static func isRegion(_ text: String) -> Bool {
    text.utf8.count <= 20 && text.utf8.filter { $0 == 0x2D }.count >= 2 && text.utf8.first != 0x2D
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D }
  }

  static func isKey(_ text: String) -> Bool {
    (16...32).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }
  }
}
