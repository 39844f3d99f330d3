import Evidence

/// A lookup that a request carried, and a connection to the very host and port that it names: the lookup was resolved.
enum Log4ShellJoin {
  /// A flow that began this long before the request is not its doing; clocks and flow windows are allowed for.
  static let secondsBefore: Double = 70
  /// Logging may be asynchronous, and a queue may hold the text for a while.
  static let secondsAfter: Double = 600

  struct Success {
    var finding: Finding
    var payloads: [Finding]
    var connections: [Connection]
    var end: Endpoint
    /// Seconds from request to connection, where both have a time.
    var distance: Double?
    var pid: Int64?
  }

  static func find(in view: CaseView) -> [Success] {
    let attempts = view.findings.filter { $0.isLog4ShellPayload && $0.remoteEnd != nil }
    let byEnd = Dictionary(grouping: attempts) { $0.remoteEnd }
    return byEnd.keys.compactMap { $0 }.sorted().compactMap { end in
      byEnd[end].flatMap { success(end, $0.sorted(by: FindingOrder.byTime), view) }
    }
  }

  private static func success(_ end: Endpoint, _ payloads: [Finding], _ view: CaseView) -> Success? {
    let earliest = payloads.compactMap(\.firstSeen).min()
    let connections = view.connections(to: end).filter { connection in
      if let pid = view.owner(of: connection), !view.processes.isJava(pid), connection.process != "java" {
        return false
      }
      guard let time = connection.time, let earliest else { return true }
      let distance = seconds(from: earliest, to: time)
      return distance >= -secondsBefore - time.slack && distance <= secondsAfter
    }
    guard let first = connections.first else { return nil }
    let pid = connections.lazy.compactMap { view.owner(of: $0) }.first
    let started = connections.compactMap(\.time).min()
    let lines = Array(Set(connections.map(\.text))).sorted()
    let who = pid.map { "the Java process (pid \($0))" } ?? "the server"
    let lookups = Array(Set(payloads.compactMap(\.payload))).sorted()
    var finding = Finding(
      rule: JoinedFinding.log4shellSucceeded, title: "Log4Shell lookup was resolved: the server called back",
      severity: .critical, confidence: pid != nil || started != nil ? .high : .medium, attack: ["T1190", "T1203"],
      firstSeen: started ?? earliest, lastSeen: connections.compactMap(\.time).max() ?? earliest,
      entities: Array(Set(payloads.flatMap(\.entities) + first.sighting.event.entities)).sorted(),
      evidence: references(payloads, connections),
      message: "A request told the server to look up \(end.text), and \(who) has connected there"
        + (started.map { " (first at \($0))" } ?? "") + ": \(lines.prefix(6).joined(separator: ", ")).")
    finding.attributes.add("payload", lookups.first)
    finding.attributes.add("payloads", Array(lookups.prefix(16)))
    finding.attributes.add("remote_host", end.host)
    finding.attributes.add("remote_port", Int64(end.port))
    finding.attributes.add("pid", pid)
    finding.attributes.add("connections", Array(lines.prefix(32)))
    let distance: Double? = earliest.flatMap { early in started.map { seconds(from: early, to: $0) } }
    return Success(
      finding: finding, payloads: payloads, connections: connections, end: end, distance: distance, pid: pid)
  }

  private static func references(_ payloads: [Finding], _ connections: [Connection]) -> [EvidenceReference] {
    var seen: Set<EvidenceReference> = []
    let all = payloads.compactMap(\.evidence.first) + connections.map(\.sighting.reference)
    return Array(all.filter { seen.insert($0).inserted }.prefix(JoinedFinding.maximumEvidence))
  }
}

/// Orders of findings that do not depend on the order in which they came.
public enum FindingOrder {
  /// By time, those without one last.
  public static func byTime(_ left: Finding, _ right: Finding) -> Bool {
    let times = (left.firstSeen?.nanoseconds ?? .max, right.firstSeen?.nanoseconds ?? .max)
    return times.0 != times.1 ? times.0 < times.1 : left.id < right.id
  }
}
