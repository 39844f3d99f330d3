import Bytes
import Evidence

/// Finds an instance's role credentials used from somewhere else: stolen from the metadata service.
///
/// The session of an instance role is named after the instance, and its calls come out of one place: its own address or
/// its NAT. A second public network under the same session is somebody else's machine. One file seldom shows both, so the
/// calls of many artifacts may be fed, with `artifact` set to each in turn.
public final class InstanceCredentialUse: EventDetector {
  public static let version = 1

  /// What the events that follow were read from.
  public var artifact: Digest

  private var uses: [String: [String: Use]] = [:]
  /// Networks from which agents on instances report, whichever the instance: the account's own ways out.
  private var homes: [String: Int] = [:]
  private var count = 0
  private static let maximum = 50_000

  public init(artifact: Digest) { self.artifact = artifact }

  private struct Use {
    var address: String
    var calls: [String] = []
    var agents = 0
    var number = 0
    var first: Timestamp?
    var last: Timestamp?
    var keys: Set<String> = []
    var who: String
    var entities: [Entity]
    var evidence: [EvidenceReference] = []
  }

  /// Calls that only software on the instance itself makes.
  private static let agentCalls: Set<String> = [
    "UpdateInstanceInformation", "UpdateInstanceAssociationStatus", "ListInstanceAssociations", "PutInventory",
    "RegisterManagedInstance",
    "CreateControlChannel", "CreateDataChannel", "PutComplianceItems", "SendHeartbeat", "UpdateAgentInformation",
  ]

  public func inspect(_ event: Event, _ report: (Finding) -> Void) {
    guard let call = CloudCall(event), let instance = call.instance, !call.isService,
      !AddressText.isPrivate(call.address),
      event.text("vpc_endpoint") == nil
    else { return }
    let network = Self.network(call.address)
    var use = uses[instance]?[network]
    if use == nil {
      guard count < Self.maximum else { return }
      count += 1
    }
    var next = use ?? Use(address: call.address, who: call.who, entities: event.entities)
    use = nil
    next.number += 1
    if Self.agentCalls.contains(call.name) {
      next.agents += 1
      homes[network, default: 0] += 1
    }
    if !next.calls.contains(call.name), next.calls.count < 64 { next.calls.append(call.name) }
    if let key = call.accessKey, next.keys.count < 16 { next.keys.insert(key) }
    if let time = event.time {
      next.first = min(next.first ?? time, time)
      next.last = max(next.last ?? time, time)
    }
    if next.evidence.count < 16 { next.evidence.append(event.reference(artifact)) }
    uses[instance, default: [:]][network] = next
  }

  public func finish(_ report: (Finding) -> Void) {
    for (instance, networks) in uses.sorted(by: { $0.key < $1.key }) {
      // The instance's own way out is where its agents report from, else where most calls come from.
      let usual = networks.max { Self.weight($0, homes) < Self.weight($1, homes) }
      for (network, use) in networks.sorted(by: { $0.key < $1.key }) where network != usual?.key && use.agents == 0 {
        if let home = usual?.value { report(finding(instance, use, home)) }
      }
      // Seen from one place only: strange where the account's other instances have another.
      if networks.count == 1, let only = networks.first, only.value.agents == 0, homes[only.key] == nil,
        let home = homes.max(by: { $0.value < $1.value }),
        home.value >= 3
      {
        report(finding(instance, only.value, nil))
      }
    }
    uses = [:]
    homes = [:]
    count = 0
  }

  private static func weight(_ one: (key: String, value: Use), _ homes: [String: Int]) -> (Int, Int, String) {
    (one.value.agents * 1000 + (homes[one.key] ?? 0), one.value.number, one.key)
  }

  /// Addresses of one NAT lie together: the first three numbers, or the first four groups.
  private static func network(_ address: String) -> String {
    if AddressText.isIPv4(address) { return address.split(separator: ".").prefix(3).joined(separator: ".") }
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
