import Evidence

/// Follows an access key through GuardDuty and CloudTrail: from an alarm, or from the attack's addresses, to every use.
struct CredentialStory {
  var facts: CredentialFacts
  var finding: Finding
  /// Calls from where the credentials do not belong, in order.
  var calls: [Sighting]

  static func find(in view: CaseView) -> [CredentialStory] {
    let passed = Set(view.findings.lazy.filter { $0.rule == passedOn }.compactMap { $0.text("access_key") })
    // Another account's network has private addresses too.
    let foreign = Set(
      view.findings.lazy.filter { $0.rule == "cloud.instance-credentials-elsewhere" && $0.severity >= .high }
        .flatMap(\.placesElsewhere).filter { AddressRange.isPrivate($0) })
    return suspects(view).sorted { $0.key < $1.key }.compactMap { key, far in
      story(key, from: far, foreign, isPassedOn: passed.contains(key), view)
    }
  }

  /// Keys with the addresses from which others used them.
  private static func suspects(_ view: CaseView) -> [String: Set<String>] {
    var found: [String: Set<String>] = [:]
    for alert in view.index.alerts where alert.event.dataType == "aws:guardduty:finding" {
      guard AttackMarks.isCredentialAlarm(alert.event.text("finding_type"), alert.event.text("severity")) else {
        continue
      }
      // Whoever put it away knew better; what else speaks of theft does so by itself.
      if case .flag(true)? = alert.event["archived"] { continue }

      // A sequence of them names its keys and its ends among its entities.
      let ends = alert.event.text("remote_host").map { [$0] } ?? alert.event.values(of: .address)
      let keys = alert.event.text("access_key").map { [$0] } ?? alert.event.values(of: .accessKey)
      for key in keys { found[key, default: []].formUnion(ends) }
    }
    // Whatever is made with stolen credentials is the intruder's alone.
    for finding in view.findings where finding.rule == Self.passedOn {
      guard let key = finding.text("access_key"), case .texts(let all)? = finding["source_ips"] else { continue }
      found[key, default: []].formUnion(all)
    }
    for finding in view.findings where finding.rule == "cloud.instance-credentials-elsewhere" {
      // Less than high it may be a second way out of the same network.
      guard finding.severity >= .high else { continue }
      for key in finding.entities where key.kind == .accessKey {
        found[key.value, default: []].formUnion(finding.placesElsewhere)
      }
    }
    let intruders = AttackMarks(view.findings.filter(\.showsIntruder)).hosts
    let proven = AttackMarks(view.findings.filter { $0.severity >= .high && $0.showsIntruder }).hosts
    for call in view.index.calls {
      guard let key = call.event.firstText("access_key"), let far = call.event.text("source_ip"),
        intruders.contains(far)
      else { continue }
      // A key that was only ever used from there may be the sender's own: who tries his own servers for holes signs his
      // calls from the same place.
      let use = view.index.keys.keys[key]
      guard use?.instance != nil || use?.places.count ?? 0 > 1 || proven.contains(far) else { continue }
      found[key, default: []].insert(far)
    }
    return found
  }

  static let passedOn = "cloud.credentials-passed-on"

  private static func story(
    _ name: String, from suspects: Set<String>, _ foreign: Set<String>, isPassedOn: Bool, _ view: CaseView
  ) -> CredentialStory? {
    guard let key = view.index.keys.keys[name] else { return nil }
    // An address where the instance's own agent reports from is the instance's, whatever an alarm says of it.
    let far = suspects.filter { address in
      guard !isPassedOn else { return AddressRange.isAddress(address) }
      return AddressRange.isAddress(address) && !view.own.contains(address)
        && !view.index.elastic.contains(address)
        && (!AddressRange.isPrivate(address) || foreign.contains(address)) && key.places[address]?.agentCalls == 0
    }
    let all = view.index.calls.filter { $0.event.text("access_key") == name }.sorted(by: SightingOrder.precedes)
    let calls = all.filter { far.contains($0.event.text("source_ip") ?? "") }
    guard let first = calls.first else { return nil }
    var facts = CredentialFacts(
      key: name, type: key.type, principal: key.principal, role: key.role, user: key.user, instance: key.instance,
      account: key.account, delivery: key.delivery, places: places(key, far), calls: groups(calls), measures: [],
      firstRefused: nil, answeredAfter: 0, isRestarted: false, isRebooted: false)
    let control = Measures.find(name, key, since: first.event.time, view)
    facts.measures = control.measures
    facts.isRestarted = control.isRestarted
    facts.isRebooted = control.isRebooted
    if let time = facts.revoked?.time {
      facts.firstRefused =
        all.first { $0.event.isRefusal && ($0.event.time.map { $0 >= time } ?? false) }?.event.time
      // IAM needs some seconds to spread what it was told.
      facts.answeredAfter =
        calls.filter { $0.event.text("error_code") == nil && ($0.event.time.map { $0 > time } ?? false) }.count
    }
    return CredentialStory(facts: facts, finding: finding(facts, calls, isPassedOn, view), calls: calls)
  }

  private static func places(_ key: KeyUses.Key, _ far: Set<String>) -> [CredentialFacts.Place] {
    key.places.map { address, place in
      CredentialFacts.Place(
        address: address, first: place.first, last: place.last, calls: place.calls, denied: place.denied,
        isElsewhere: far.contains(address))
    }.sorted {
      ($0.first?.nanoseconds ?? .max, $0.address) < ($1.first?.nanoseconds ?? .max, $1.address)
    }
  }

  private static func groups(_ calls: [Sighting]) -> [CredentialFacts.Call] {
    struct Name: Hashable {
      var service: String
      var name: String
      var error: String?
    }
    let groups = Dictionary(grouping: calls) {
      Name(
        service: $0.event.text("event_source") ?? "", name: $0.event.text("event_name") ?? "",
        error: $0.event.text("error_code"))
    }
    return groups.map { name, calls in
      CredentialFacts.Call(
        service: name.service, name: name.name, count: calls.count, first: calls.compactMap(\.event.time).min(),
        error: name.error)
    }.sorted {
      ($0.first?.nanoseconds ?? .max, $0.service, $0.name, $0.error ?? "")
        < ($1.first?.nanoseconds ?? .max, $1.service, $1.name, $1.error ?? "")
    }
  }

  // MARK: The finding

  /// Reading metadata and using the key come in this order; the clocks of host and AWS may differ by so many seconds.
  static let clockSlack: Double = 70

  private static func finding(
    _ facts: CredentialFacts, _ calls: [Sighting], _ isPassedOn: Bool, _ view: CaseView
  ) -> Finding {
    let first = calls.compactMap(\.event.time).min()
    let reads = view.findings.filter { finding in
      !isPassedOn && Stage(of: finding) == .credentialAccess && finding.attack.contains("T1552.005")
        && (finding.firstSeen.flatMap { early in first.map { seconds(from: early, to: $0) } } ?? 0) >= -clockSlack
    }.sorted(by: FindingOrder.byTime)
    let distance = reads.first?.firstSeen.flatMap { early in first.map { seconds(from: early, to: $0) } }
    let isAnswered = calls.contains { $0.event.text("error_code") == nil }
    let names = facts.calls.reduce(into: [String]()) { if !$0.contains($1.name) { $0.append($1.name) } }
    let sources = facts.elsewhere.map(\.address)
    let evidence =
      reads.compactMap(\.evidence.first).prefix(8) + calls.map(\.reference) + facts.measures.map(\.evidence)
    var finding = Finding(
      rule: reads.isEmpty ? JoinedFinding.stolenCredentials : JoinedFinding.credentialsUsedElsewhere,
      title: isPassedOn
        ? "Credentials that the intruder made were used"
        : reads.isEmpty
          ? "Credentials were used from where they do not belong"
          : "Credentials read on the host were used from elsewhere",
      severity: isAnswered ? .critical : .high, attack: ["T1552.005", "T1078.004"], firstSeen: first,
      lastSeen: calls.compactMap(\.event.time).max(),
      entities: Array(Set(calls.prefix(1000).flatMap(\.event.entities))).sorted(),
      evidence: Array(evidence.prefix(JoinedFinding.maximumEvidence)),
      message: CredentialWords.message(facts, reads: reads))
    if facts.instance == nil { finding.attack = ["T1078.004"] }
    finding.attributes.add("access_key", facts.key)
    finding.attributes.add("identity_type", facts.type)
    finding.attributes.add("principal_id", facts.principal)
    finding.attributes.add("role", facts.role)
    finding.attributes.add("user", facts.user)
    finding.attributes.add("instance", facts.instance)
    finding.attributes.add("source_ip", sources.first)
    finding.attributes.add("source_ips", Array(sources.prefix(32)))
    finding.attributes.add("usual_ips", Array(facts.places.filter { !$0.isElsewhere }.map(\.address).prefix(32)))
    finding.attributes.add("event_names", Array(names.prefix(64)))
    finding.attributes.add("denied", facts.calls.filter { $0.error != nil }.map(\.name))
    finding.attributes.add("revoked", facts.revoked?.time?.description)
    finding.attributes.add("first_refused", facts.firstRefused?.description)
    finding.attributes.add("seconds_after_read", distance.map { Int64(clamping: Int($0.rounded())) })
    return finding
  }
}

extension Event {
  fileprivate func values(of kind: Entity.Kind) -> [String] { entities.filter { $0.kind == kind }.map(\.value) }
}

extension Finding {
  /// From where it says that an instance's credentials were used.
  fileprivate var placesElsewhere: [String] {
    if case .texts(let all)? = self["remote_hosts"] { return all }
    return text("remote_host").map { [$0] } ?? []
  }

  /// Whether it shows somebody who should not be there. Whoever changes an account's settings, however grave, may be who
  /// runs it: that makes his address nobody's but his own.
  fileprivate var showsIntruder: Bool {
    guard isOfCloud else { return true }
    return rule == "cloud.attack-tool" || rule == "cloud.instance-credentials-elsewhere" && severity >= .high
  }
}
