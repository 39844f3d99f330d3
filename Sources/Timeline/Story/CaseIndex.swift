import Bytes
import Evidence

/// What the story needs of ten million events: counts of all, and the few that may belong to it. Bounded.
///
/// Fed with each event once, in any order that does not change between runs.
public final class CaseIndex {
  /// How many events of each kind are kept for the story. Beyond that the story says that it saw only part.
  private enum Limit {
    static let processes = 100_000
    static let connections = 200_000
    static let commands = 100_000
    static let calls = 50_000
    static let requests = 50_000
    /// Eight bytes each; copies beyond are counted twice.
    static let identities = 2_000_000
    static let alerts = 10_000
    static let hostValues = 512
  }

  public let marks: AttackMarks
  private let evidence: [EvidencePlace: Severity]
  private(set) var processes: [Sighting] = []
  private(set) var sockets: [Sighting] = []
  private(set) var flows: [Sighting] = []
  private(set) var commands: [Sighting] = []
  private(set) var calls: [Sighting] = []
  private(set) var requests: [Sighting] = []
  private(set) var alerts: [Sighting] = []
  /// Files that processes hold open in folders that anybody may write to.
  private(set) var openFiles: [Sighting] = []
  /// API calls that a responder, or an intruder, changes credentials and machines with.
  private(set) var controls: [Sighting] = []
  /// Use of every access key, whoever used it.
  private(set) var keys = KeyUses()
  /// Public addresses that the account was given while it was watched.
  private(set) var elastic: Set<String> = []
  /// Identities of the calls and alerts that were taken.
  private var told: Set<UInt64> = []
  /// What the events at findings' evidence say.
  private(set) var said: [EvidencePlace: Sighting] = [:]
  private(set) var sources: [Source: SourceFacts] = [:]
  private(set) var hostValues: [Entity: Int] = [:]
  private(set) var regions: [String: Int] = [:]
  private(set) var interfaces: [String: Int] = [:]
  private(set) var limits: Set<String> = []
  /// Events without a time, by type.
  public private(set) var untimed: [String: Int] = [:]
  public private(set) var total = 0

  public init(findings: [Finding]) {
    marks = AttackMarks(findings)
    var evidence: [EvidencePlace: Severity] = [:]
    for finding in findings {
      for reference in finding.evidence {
        let place = EvidencePlace(reference.artifact, reference.locator)
        evidence[place] = max(evidence[place] ?? .informational, finding.severity)
      }
    }
    self.evidence = evidence
  }

  /// The span of all events that have a time.
  public var firstSeen: Timestamp? { sources.values.compactMap(\.first).min() }
  public var lastSeen: Timestamp? { sources.values.compactMap(\.last).max() }

  /// What the event at that place says, once all events were seen.
  public func message(at reference: EvidenceReference) -> String? {
    said[EvidencePlace(reference.artifact, reference.locator)]?.event.message
  }

  /// What tells the record of an API call there from others, however often it was delivered; nil for other records.
  func recordIdentity(at reference: EvidenceReference) -> UInt64? {
    guard let event = said[EvidencePlace(reference.artifact, reference.locator)]?.event,
      event.dataType.hasPrefix("aws:cloudtrail:"), event.text("event_id") != nil
    else { return nil }
    return event.identity
  }

  /// Takes note of the event.
  ///
  /// - Returns: how much it matters to the story, 0 to 9; for choosing which events a page can hold.
  public func take(_ event: Event, _ artifact: Digest) -> UInt8 {
    total += 1
    let source = Source(dataType: event.dataType)
    count(event, source)
    let sighting = Sighting(event: event, artifact: artifact)
    let place = EvidencePlace(artifact, event.locator)
    let proof = evidence[place]
    if proof != nil, said[place] == nil { said[place] = sighting }
    let touches = marks.touches(event)
    keep(sighting, source, touches)
    if let proof, proof >= .medium { return proof >= .high ? 9 : 8 }
    // A stolen key is used by its owner too: those calls are kept to compare, and are not the attack's.
    if touches, source != .cloudTrail || marks.hosts.contains(event.text("source_ip") ?? "") { return 7 }
    return switch source {
    case .guardDuty: 6
    case .shell: 5
    case .memory, .capture: 4
    case .linuxLog, .file: 3
    case .cloudTrail: 2
    case .other: 1
    case .waf, .web, .flow: 0
    }
  }

  private func count(_ event: Event, _ source: Source) {
    var facts = sources[source] ?? SourceFacts(source: source, events: 0)
    facts.events += 1
    if let time = event.time {
      facts.first = facts.first.map { min($0, time) } ?? time
      facts.last = facts.last.map { max($0, time) } ?? time
    } else {
      untimed[event.dataType, default: 0] += 1
    }
    sources[source] = facts
    for entity in event.entities {
      switch entity.kind {
      case .instance, .account, .role, .host:
        if hostValues[entity] != nil || hostValues.count < Limit.hostValues { hostValues[entity, default: 0] += 1 }
      default: continue
      }
    }
    if source == .cloudTrail || source == .guardDuty || source == .flow {
      if let region = event.firstText("aws_region", "region"), regions[region] != nil || regions.count < 64 {
        regions[region, default: 0] += 1
      }
      if let interface = event.firstText("interface_id", "interface", "network_interface_id"),
        interfaces[interface] != nil || interfaces.count < 64
      {
        interfaces[interface, default: 0] += 1
      }
    }
  }

  private func keep(_ sighting: Sighting, _ source: Source, _ touches: Bool) {
    let type = sighting.event.dataType
    switch source {
    case .waf, .web:
      if touches { append(sighting, to: &requests, Limit.requests, "web requests") }
    case .flow:
      if touches { append(sighting, to: &flows, Limit.connections, "flow records") }
    case .cloudTrail: keepCall(sighting, touches)
    case .guardDuty: if isFirst(sighting) { append(sighting, to: &alerts, Limit.alerts, "GuardDuty findings") }
    case .shell: append(sighting, to: &commands, Limit.commands, "shell commands")
    case .memory, .capture:
      if type.hasSuffix(":process") {
        append(sighting, to: &processes, Limit.processes, "processes")
      } else if type.hasSuffix(":socket") {
        append(sighting, to: &sockets, Limit.connections, "sockets")
      } else if type.hasSuffix(":open_file") {
        if sighting.event.entities.contains(where: { $0.kind == .file && AttackMarks.isDropPlace($0.value) }) {
          append(sighting, to: &openFiles, Limit.connections, "open files")
        }
      } else if type.hasSuffix(":command") || type.hasSuffix(":bash") {
        append(sighting, to: &commands, Limit.commands, "shell commands")
      }
    case .linuxLog, .file, .other: break
    }
  }

  private func keepCall(_ sighting: Sighting, _ touches: Bool) {
    if elastic.count < Limit.hostValues { elastic.formUnion(ElasticAddresses.given(by: sighting.event)) }
    let isControl = KeyUses.controlCalls.contains(sighting.event.text("event_name") ?? "")
    guard sighting.event.firstText("access_key") != nil || isControl || touches, isFirst(sighting) else { return }
    keys.take(sighting)
    if touches { append(sighting, to: &calls, Limit.calls, "API calls") }
    if isControl { append(sighting, to: &controls, Limit.calls, "API calls that change credentials and instances") }
  }

  /// Copies of one record in several artifacts are one call, one alert.
  private func isFirst(_ sighting: Sighting) -> Bool {
    guard let identity = sighting.event.identity else { return true }
    return told.count >= Limit.identities || told.insert(identity).inserted
  }

  private func append(_ sighting: Sighting, to list: inout [Sighting], _ limit: Int, _ what: String) {
    if list.count < limit {
      list.append(sighting)
    } else {
      limits.insert("the story uses the first \(limit) \(what) of the case")
    }
  }
}
