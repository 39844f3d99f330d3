import Bytes
import Evidence

/// Follows what stolen credentials were used to make: keys, sessions of other roles and accounts, users and roles, and what
/// those made in turn. To revoke the first ends none of them.
///
/// Whose credentials are stolen other findings say, so it speaks only when those of the whole case are there.
final class CredentialHeirs {
  static let rule = "cloud.credentials-passed-on"

  /// What the calls that follow were read from.
  var artifact = Digest.unnamed

  /// What somebody can go on with.
  private enum Heir: Hashable {
    case key(String)
    case user(String, account: String)
    case role(String, account: String)
  }

  private struct Grant {
    var heir: Heir
    var parent: String
    var who: String
    var address: String
    var call: String
    var time: Timestamp?
    var place: EvidenceReference
  }

  /// A class, for each call changes it.
  private final class Use {
    let who: String
    let user: String?
    let role: String?
    let account: String
    let isInstance: Bool
    var number = 0
    var calls: [String] = []
    var addresses: [String] = []
    var first: Timestamp?
    var last: Timestamp?
    var evidence: [EvidenceReference] = []

    init(_ call: CloudCall) {
      who = call.who
      user = call.user
      role = call.role
      account = call.identityAccount ?? ""
      isInstance = call.instance != nil
    }

    func take(_ call: CloudCall, _ artifact: Digest) {
      number += 1
      if calls.count < 48, !calls.contains(call.name) { calls.append(call.name) }
      if addresses.count < 16, !addresses.contains(call.address) { addresses.append(call.address) }
      if let time = call.event.time {
        first = min(first ?? time, time)
        last = max(last ?? time, time)
      }
      if evidence.count < 8 { evidence.append(call.event.reference(artifact)) }
    }
  }

  private var uses: [String: Use] = [:]
  private var grants: [String: [Grant]] = [:]
  private var handedOut: Set<String> = []
  private var count = 0
  private(set) var isFull = false
  private static let maximum = 50_000
  /// More than anybody makes by hand.
  private static let maximumHeirs = 256

  func inspect(_ call: CloudCall) {
    guard !call.isService, let key = call.accessKey else { return }
    if let use = uses[key] ?? begin(key, call) { use.take(call, artifact) }
    guard call.error == nil, let heir = heir(of: call) else { return }
    guard count < Self.maximum else {
      isFull = true
      return
    }
    count += 1
    if case .key(let child) = heir { handedOut.insert(child) }
    grants[key, default: []].append(
      Grant(
        heir: heir, parent: key, who: call.who, address: call.address, call: call.name, time: call.event.time,
        place: call.event.reference(artifact)))
  }

  private func begin(_ key: String, _ call: CloudCall) -> Use? {
    guard uses.count < Self.maximum else {
      isFull = true
      return nil
    }
    let use = Use(call)
    uses[key] = use
    return use
  }

  private func heir(of call: CloudCall) -> Heir? {
    switch call.name {
    case "CreateAccessKey", "AssumeRole", "AssumeRoot", "GetFederationToken", "GetSessionToken":
      call.keyHandedOut.map { .key($0) }
    case "CreateUser" where call.source.hasPrefix("iam."):
      call.parameters { $0.text("userName") }.map { .user($0, account: call.identityAccount ?? "") }
    case "CreateRole" where call.source.hasPrefix("iam."):
      call.parameters { $0.text("roleName") }.map { .role($0, account: call.identityAccount ?? "") }
    default: nil
    }
  }

  // MARK: At the end

  /// - Parameter findings: of the whole case; they say which credentials are stolen, and from where they were used.
  func finish(_ findings: [Finding], _ report: (Finding) -> Void) {
    defer {
      uses = [:]
      grants = [:]
      handedOut = []
      count = 0
    }
    guard !grants.isEmpty else { return }
    let intruders = intruders(findings)
    let stolen = stolen(findings, intruders)
    var seen: Set<Heir> = Set(stolen.keys.map { .key($0) })
    var queue =
      stolen.sorted { $0.key < $1.key }.flatMap { key, far in
        (grants[key] ?? []).filter { far.contains($0.address) }
      } + made(for: intruders)
    var next = 0
    while next < queue.count, next < Self.maximumHeirs {
      let grant = queue[next]
      next += 1
      guard seen.insert(grant.heir).inserted else { continue }
      switch grant.heir {
      case .key(let key):
        report(finding(key, uses[key], grant, isPerson: true))
        queue += grants[key] ?? []
      case .user(let name, let account):
        queue += sessions(of: grant, seen: &seen, report) { $0.user == name && $0.account == account && $0.role == nil }
      case .role(let name, let account):
        queue += sessions(of: grant, seen: &seen, report) { $0.role == name && $0.account == account }
      }
    }
  }

  /// Keys of a user or a role that the intruder made, all of them his.
  private func sessions(
    of grant: Grant, seen: inout Set<Heir>, _ report: (Finding) -> Void, _ isMeant: (Use) -> Bool
  ) -> [Grant] {
    var more: [Grant] = []
    for (key, use) in uses.sorted(by: { $0.key < $1.key }) where isMeant(use) {
      if let made = grant.time, let last = use.last, last < made { continue }
      // A key that a call handed out is told with that call.
      guard !handedOut.contains(key), seen.insert(.key(key)).inserted else { continue }
      // A function with the role calls from addresses of AWS.
      report(finding(key, use, grant, isPerson: use.role == nil))
      more += grants[key] ?? []
    }
    return more
  }

  /// What an instance made and the attack's addresses used: somebody sat on the instance itself.
  private func made(for intruders: Set<String>) -> [Grant] {
    guard !intruders.isEmpty else { return [] }
    return grants.sorted { $0.key < $1.key }.flatMap { parent, grants -> [Grant] in
      guard uses[parent]?.isInstance == true else { return [] }
      return grants.filter { grant in
        guard case .key(let key) = grant.heir else { return false }
        return uses[key]?.addresses.contains { intruders.contains($0) } ?? false
      }
    }
  }

  /// Addresses that sent a payload, or that one named.
  private func intruders(_ findings: [Finding]) -> Set<String> {
    var intruders: Set<String> = []
    for finding in findings {
      guard finding.rule.hasPrefix("log4shell."), finding.severity >= .medium, finding.confidence > .low else {
        continue
      }
      for entity in finding.entities where entity.kind == .address && !AddressText.isPrivate(entity.value) {
        intruders.insert(entity.value)
      }
      if let far = finding.text("remote_host"), AddressText.isAddress(far), !AddressText.isPrivate(far) {
        intruders.insert(far)
      }
    }
    return intruders
  }

  /// Keys with the addresses from which others used them.
  private func stolen(_ findings: [Finding], _ intruders: Set<String>) -> [String: Set<String>] {
    var stolen: [String: Set<String>] = [:]
    for finding in findings {
      let addresses = finding.entities.filter { $0.kind == .address }.map(\.value)
      if finding.rule == InstanceCredentialUse.rule, finding.severity >= .high {
        for key in finding.entities where key.kind == .accessKey {
          stolen[key.value, default: []].formUnion(InstanceCredentialUse.places(in: finding))
        }
      } else if finding.rule.hasPrefix("guardduty."), finding.severity >= .high,
        let type = finding.text("finding_type")
      {
        let isSequence = type.hasPrefix("AttackSequence:IAM/")
        guard isSequence || type.contains(":IAMUser/") else { continue }
        let far = isSequence ? addresses : finding.text("remote_host").map { [$0] } ?? []
        for key in finding.entities where key.kind == .accessKey { stolen[key.value, default: []].formUnion(far) }
      }
    }
    guard !intruders.isEmpty else { return stolen }
    for (key, use) in uses where use.isInstance {
      let far = use.addresses.filter { intruders.contains($0) }
      if !far.isEmpty { stolen[key, default: []].formUnion(far) }
    }
    return stolen
  }

  private func finding(_ key: String, _ use: Use?, _ grant: Grant, isPerson: Bool) -> Finding {
    var entities = [Entity(.accessKey, key), Entity(.accessKey, grant.parent)]
    let far = use?.addresses.filter { AddressText.isAddress($0) && !AddressText.isPrivate($0) } ?? []
    if isPerson { entities += far.map { Entity(.address, $0) } }
    if let role = use?.role { entities.append(Entity(.role, role)) }
    if let user = use?.user, use?.role == nil { entities.append(Entity(.user, user)) }
    if let account = use?.account, !account.isEmpty { entities.append(Entity(.account, account)) }
    var attributes = [Attribute("access_key", key), Attribute("parent_key", grant.parent)]
    attributes.add("source_ip", far.first)
    attributes.add("source_ips", use?.addresses ?? [])
    attributes.add("calls", use?.calls ?? [])
    attributes.add("made_by", grant.call)
    let used =
      use.map { use in
        "was used from \(use.addresses.prefix(6).joined(separator: ", ")) "
          + "(\(use.number) calls: \(use.calls.prefix(12).joined(separator: ", ")))"
      } ?? "was not used in this evidence"
    return Finding(
      rule: Self.rule, title: "Credentials made with stolen ones", severity: .high, confidence: .high,
      attack: ["T1098.001", "T1078.004"], firstSeen: use?.first ?? grant.time, lastSeen: use?.last ?? grant.time,
      entities: entities, evidence: [grant.place] + (use?.evidence ?? []),
      message: "Key \(key)\(use.map { " of \($0.who)" } ?? ""), which \(grant.who) made from \(grant.address) with "
        + "\(grant.call)\(grant.time.map { " at \($0)" } ?? ""), \(used).",
      attributes: attributes)
  }
}

extension Finding {
  fileprivate func text(_ name: String) -> String? { attributes.first { $0.name == name }?.value.text }
}
