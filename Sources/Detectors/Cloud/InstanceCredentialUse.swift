import Bytes
import Evidence

/// Finds an instance's role credentials used from somewhere else: stolen from the metadata service.
///
/// The session of an instance role is named after the instance, and its calls come out of one place: its own address, its
/// NAT, endpoints in its network. A second place under the same session is somebody else's machine. One file seldom shows
/// both, so the calls of many artifacts may be fed, with `artifact` set to each in turn.
///
/// A NAT with two addresses, a second address family and an instance that was started anew look like that too; so it is
/// grave only where who calls from there also explores.
public final class InstanceCredentialUse: CloudCallDetector {
  public static let version = 3

  public static let rule = "cloud.instance-credentials-elsewhere"

  /// What the events that follow were read from.
  public var artifact: Digest

  /// By instance, then by place: where each stands in `all`.
  private var uses: [String: [CredentialPlace: Int]] = [:]
  private var all: [CredentialUse] = []
  /// Places from which agents on instances report, whichever the instance: the account's own ways out.
  private var homes: [CredentialPlace: Int] = [:]
  /// How many instances use endpoints in a network of that other account.
  private var sharing: [CredentialPlace: Int] = [:]
  public private(set) var isFull = false
  private static let maximum = 50_000
  /// Where the calls of one instance from one address stand in `all`: who calls, calls again.
  private var places: [Caller: (place: CredentialPlace, use: Int)] = [:]

  private struct Caller: Hashable {
    var instance: String
    var address: String
    /// The same private address may be in any network.
    var endpointAccount: String?
  }

  public init(artifact: Digest) { self.artifact = artifact }

  /// Calls that only software on the instance itself makes.
  private static let agentCalls: Set<String> = [
    "UpdateInstanceInformation", "UpdateInstanceAssociationStatus", "ListInstanceAssociations", "PutInventory",
    "RegisterManagedInstance",
    "CreateControlChannel", "CreateDataChannel", "PutComplianceItems", "SendHeartbeat", "UpdateAgentInformation",
  ]

  public func inspect(_ call: CloudCall, _ report: (Finding) -> Void) {
    guard let instance = call.instance, !call.isService, let (place, use) = use(of: call, instance) else { return }
    let isAgent = Self.agentCalls.contains(call.name)
    all[use].take(call, isAgent: isAgent, artifact)
    if isAgent { homes[place, default: 0] += 1 }
  }

  /// nil where the address says nothing, or there are too many.
  private func use(of call: CloudCall, _ instance: String) -> (CredentialPlace, Int)? {
    let caller = Caller(instance: instance, address: call.address, endpointAccount: call.foreignEndpointAccount)
    // An address of the Internet comes through an endpoint only under a name of its own.
    let isPlain = !call.isFromEndpoint || call.foreignEndpointAccount != nil
    if isPlain, let known = places[caller] { return known }
    guard let place = CredentialPlace(call), let use = uses[instance]?[place] ?? begin(instance, place, call)
    else { return nil }
    if isPlain, places.count < Self.maximum { places[caller] = (place, use) }
    return (place, use)
  }

  private func begin(_ instance: String, _ place: CredentialPlace, _ call: CloudCall) -> Int? {
    guard all.count < Self.maximum else {
      isFull = true
      return nil
    }
    all.append(CredentialUse(call))
    uses[instance, default: [:]][place] = all.count - 1
    if case .foreignEndpoint = place { sharing[place, default: 0] += 1 }
    return all.count - 1
  }

  public func finish(_ report: (Finding) -> Void) {
    let accountHome = homes.max { ($0.value, $1.key) < ($1.value, $0.key) }
    for (instance, uses) in uses.sorted(by: { $0.key < $1.key }) {
      // Seen from one place only: strange where the account's other instances have another.
      if uses.count == 1 {
        guard let (place, number) = uses.first, place != .inside, all[number].agents == 0, homes[place] == nil,
          let accountHome, accountHome.value >= 3, place.isComparable(to: accountHome.key)
        else { continue }
        report(finding(instance, all[number], nil, .medium))
        continue
      }
      // The instance's own way out is where its agents report from, else where most calls come from.
      guard let home = uses.max(by: { weight($0) < weight($1) }) else { continue }
      let families = CredentialPlace.Families(uses.keys)
      var told: [Finding] = []
      for (place, number) in uses.sorted(by: { $0.key < $1.key })
      where place != .inside && place != home.key && all[number].agents == 0 {
        guard let severity = judge(all[number], at: place, home: all[home.value], at: home.key, families) else {
          continue
        }
        told.append(finding(instance, all[number], all[home.value], severity))
      }
      Self.gather(told).forEach(report)
    }
    uses = [:]
    places = [:]
    all = []
    homes = [:]
    sharing = [:]
  }

  /// Whoever goes through many proxies is one thief: what more than a few places say alike is one finding.
  private static func gather(_ findings: [Finding]) -> [Finding] {
    [Severity.high, .medium].flatMap { severity -> [Finding] in
      let some = findings.filter { $0.severity == severity }
      guard some.count > few, var one = some.first else { return some }
      var places: [String] = []
      var calls: [String] = []
      for finding in some {
        places += Self.places(in: finding)
        one.firstSeen = [one.firstSeen, finding.firstSeen].compactMap { $0 }.min()
        one.lastSeen = [one.lastSeen, finding.lastSeen].compactMap { $0 }.max()
        for entity in finding.entities where one.entities.count < 1000 { one.entities.addNew(entity) }
        one.evidence += finding.evidence.prefix(max(0, 16 - one.evidence.count))
        if case .texts(let names)? = finding.attributes.first(where: { $0.name == "calls" })?.value {
          for name in names where !calls.contains(name) && calls.count < 64 { calls.append(name) }
        }
      }
      one.attributes = one.attributes.filter { $0.name != "calls" }
      one.attributes.add("calls", calls)
      one.attributes.add("remote_hosts", places)
      one.message +=
        " So they were from \(places.count - 1) more places: "
        + "\(places.dropFirst().prefix(6).joined(separator: ", "))… Calls: \(calls.prefix(12).joined(separator: ", "))."
      return [one]
    }
  }

  private static let few = 4

  /// From where a finding of this rule says that the credentials were used.
  static func places(in finding: Finding) -> [String] {
    if case .texts(let all)? = finding.attributes.first(where: { $0.name == "remote_hosts" })?.value { return all }
    return finding.attributes.first { $0.name == "remote_host" }.map { [$0.value.text] } ?? []
  }

  /// How grave it is that the second place is used beside the first; nil where it is none.
  private func judge(
    _ use: CredentialUse, at place: CredentialPlace, home: CredentialUse, at homePlace: CredentialPlace,
    _ families: CredentialPlace.Families
  ) -> Severity? {
    let suspicious = use.suspicious(besides: home)
    let isSuspicious = suspicious > 0
    // Other instances' agents come out there.
    if homes[place] != nil { return isSuspicious ? .medium : nil }
    if case .foreignEndpoint = place {
      // A network that one account has for all: many instances use its endpoints.
      if sharing[place, default: 0] > 2 { return isSuspicious ? .medium : nil }
      return isSuspicious ? .high : .medium
    }
    // Endpoints serve some services only; for the others the instance has another way out.
    if homePlace == .inside {
      let goesAround = !use.services.isDisjoint(with: home.services)
      guard isSuspicious, goesAround || home.agents > 0 else { return nil }
      return home.agents > 0 && (goesAround || suspicious > 2) ? .high : .medium
    }
    if !families.hasOther(comparableTo: place) || !use.isBeside(home) { return isSuspicious ? .medium : nil }
    return isSuspicious ? .high : .medium
  }

  private func weight(_ one: (key: CredentialPlace, value: Int)) -> (Int, Int, CredentialPlace) {
    (all[one.value].agents * 1000 + (homes[one.key] ?? 0), all[one.value].number, one.key)
  }

  private func finding(
    _ instance: String, _ use: CredentialUse, _ home: CredentialUse?, _ severity: Severity
  ) -> Finding {
    var entities = use.entities
    entities.addNew(Entity(.address, use.address))
    entities.addNew(Entity(.instance, instance))
    for key in use.keys.sorted() { entities.addNew(Entity(.accessKey, key)) }
    var attributes: [Attribute] = [
      Attribute("instance", instance), Attribute("remote_host", use.address), Attribute("calls", .texts(use.calls)),
    ]
    attributes.add("access_keys", use.keys.sorted())
    attributes.add("usual_address", home?.address)
    let usual =
      home.map { "; the instance itself calls from \($0.address)" } ?? "; the account's instances call from elsewhere"
    return Finding(
      rule: Self.rule, title: "Instance credentials used from another machine",
      severity: severity, confidence: severity >= .high ? .high : .medium, attack: ["T1552.005", "T1078.004"],
      firstSeen: use.first,
      lastSeen: use.last,
      entities: entities, evidence: use.evidence,
      message:
        "Credentials of \(use.who) were used from \(use.address) (\(use.number) calls: \(use.calls.prefix(12).joined(separator: ", ")))\(usual).",
      attributes: attributes)
  }
}
