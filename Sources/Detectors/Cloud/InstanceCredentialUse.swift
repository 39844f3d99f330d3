import Bytes
import Evidence

/// Finds an instance's role credentials used from somewhere else: stolen from the metadata service.
///
/// The session of an instance role is named after the instance, and its calls come out of one place: its own address or
/// its NAT. A second public network under the same session is somebody else's machine. One file seldom shows both, so the
/// calls of many artifacts may be fed, with `artifact` set to each in turn.
public final class InstanceCredentialUse: CloudCallDetector {
  public static let version = 1

  /// What the events that follow were read from.
  public var artifact: Digest

  /// By instance, then by network: where each stands in `all`.
  private var uses: [String: [String: Int]] = [:]
  private var all: [Use] = []
  /// Networks from which agents on instances report, whichever the instance: the account's own ways out.
  private var homes: [String: Int] = [:]
  private static let maximum = 50_000
  /// Where the calls of one instance from one address stand in `all`: who calls, calls again.
  private var places: [Caller: Int] = [:]

  private struct Caller: Hashable {
    var instance: String
    var address: String
  }

  public init(artifact: Digest) { self.artifact = artifact }

  /// What one network did with one instance's credentials. A class, for each call changes most of it.
  private final class Use {
    let address: String
    let who: String
    let entities: [Entity]
    var calls: [String] = []
    var agents = 0
    var number = 0
    var first: Timestamp?
    var last: Timestamp?
    var keys: Set<String> = []
    /// Who calls, calls again.
    var lastKey: String?
    var evidence: [EvidenceReference] = []

    init(_ call: CloudCall) {
      address = call.address
      who = call.who
      entities = call.event.entities
    }
  }

  /// Calls that only software on the instance itself makes.
  private static let agentCalls: Set<String> = [
    "UpdateInstanceInformation", "UpdateInstanceAssociationStatus", "ListInstanceAssociations", "PutInventory",
    "RegisterManagedInstance",
    "CreateControlChannel", "CreateDataChannel", "PutComplianceItems", "SendHeartbeat", "UpdateAgentInformation",
  ]

  public func inspect(_ call: CloudCall, _ report: (Finding) -> Void) {
    guard let instance = call.instance, !call.isService, !call.isFromEndpoint, let place = place(of: call, instance)
    else { return }
    let use = all[place]
    use.number += 1
    if Self.agentCalls.contains(call.name) {
      use.agents += 1
      homes[Self.network(call.address), default: 0] += 1
    }
    if use.calls.count < 64, !use.calls.contains(call.name) { use.calls.append(call.name) }
    if let key = call.accessKey, key != use.lastKey {
      use.lastKey = key
      if use.keys.count < 16 { use.keys.insert(key) }
    }
    if let time = call.event.time {
      use.first = min(use.first ?? time, time)
      use.last = max(use.last ?? time, time)
    }
    if use.evidence.count < 16 { use.evidence.append(call.event.reference(artifact)) }
  }

  /// nil where the address says nothing, or there are too many.
  private func place(of call: CloudCall, _ instance: String) -> Int? {
    let caller = Caller(instance: instance, address: call.address)
    if let place = places[caller] { return place }
    if AddressText.isPrivate(call.address) { return nil }
    let network = Self.network(call.address)
    guard let place = uses[instance]?[network] ?? begin(instance, network, call) else { return nil }
    if places.count < Self.maximum { places[caller] = place }
    return place
  }

  private func begin(_ instance: String, _ network: String, _ call: CloudCall) -> Int? {
    guard all.count < Self.maximum else { return nil }
    all.append(Use(call))
    uses[instance, default: [:]][network] = all.count - 1
    return all.count - 1
  }

  public func finish(_ report: (Finding) -> Void) {
    let home = homes.max { $0.value < $1.value }
    for (instance, networks) in uses.sorted(by: { $0.key < $1.key }) {
      // Seen from one place only: strange where the account's other instances have another.
      if networks.count == 1 {
        if let only = networks.first, all[only.value].agents == 0, homes[only.key] == nil, let home, home.value >= 3 {
          report(finding(instance, all[only.value], nil))
        }
        continue
      }
      // The instance's own way out is where its agents report from, else where most calls come from.
      guard let usual = networks.max(by: { weight($0) < weight($1) }) else { continue }
      for (network, place) in networks.sorted(by: { $0.key < $1.key })
      where network != usual.key && all[place].agents == 0 {
        report(finding(instance, all[place], all[usual.value]))
      }
    }
    uses = [:]
    places = [:]
    all = []
    homes = [:]
  }

  private func weight(_ one: (key: String, value: Int)) -> (Int, Int, String) {
    (all[one.value].agents * 1000 + (homes[one.key] ?? 0), all[one.value].number, one.key)
  }

  /// Addresses of one NAT lie together: the first three numbers, or the first four groups.
  private static func network(_ address: String) -> String {
    if AddressText.isIPv4(address), let dot = address.utf8.lastIndex(of: 0x2E) { return String(address[..<dot]) }
    return address.split(separator: ":", omittingEmptySubsequences: false).prefix(4).joined(separator: ":")
  }

  private func finding(_ instance: String, _ use: Use, _ home: Use?) -> Finding {
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
      rule: "cloud.instance-credentials-elsewhere", title: "Instance credentials used from another machine",
      severity: home == nil ? .medium : .high,
      confidence: home == nil ? .medium : .high, attack: ["T1552.005", "T1078.004"], firstSeen: use.first,
      lastSeen: use.last,
      entities: entities, evidence: use.evidence,
      message:
        "Credentials of \(use.who) were used from \(use.address) (\(use.number) calls: \(use.calls.prefix(12).joined(separator: ", ")))\(usual).",
      attributes: attributes)
  }
}
