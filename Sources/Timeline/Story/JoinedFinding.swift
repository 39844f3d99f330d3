import Evidence

/// Findings that no single source can make: what follows when two of them are read together.
public enum JoinedFinding {
  public static let log4shellSucceeded = "incident.log4shell-succeeded"
  public static let serverSpawnedShell = "incident.server-spawned-shell"
  public static let connectionToAttacker = "incident.connection-to-attacker"
  public static let droppedFile = "incident.dropped-file"
  public static let fileOfTheTime = "incident.file-of-the-time"
  public static let credentialsUsedElsewhere = "incident.credentials-used-elsewhere"

  public static let stolenCredentials = "incident.stolen-credentials"
  public static let openFile = "incident.open-file"

  /// Evidence that one joined finding lists at most.
  static let maximumEvidence = 64
}

/// Sources side by side: what the joins are made of.
struct CaseView {
  var findings: [Finding]
  var index: CaseIndex
  var processes: ProcessTable
  var sockets: [Connection]
  var flows: [Connection]
  var artifacts: [ArtifactRecord]
  var own: Set<String>
  var marks: AttackMarks

  init(findings: [Finding], index: CaseIndex, artifacts: [ArtifactRecord]) {
    self.findings = findings
    self.index = index
    self.artifacts = artifacts
    marks = index.marks
    processes = ProcessTable(index.processes)
    let unturned = index.sockets.compactMap { Connection($0, own: []) }
    var counts: [String: Int] = [:]
    for socket in unturned where !AddressRange.isSpecial(socket.local.host) && socket.local.host != "*" {
      counts[socket.local.host, default: 0] += 1
    }
    let own = Set(counts.keys).subtracting(index.marks.hosts)
    self.own = own
    sockets = unturned
    // Without a list of sockets a private address that talks to the attacker is the host's.
    let near =
      own.isEmpty
      ? Set(
        index.flows.compactMap { Connection($0, own: []) }.flatMap { [$0.local.host, $0.remote.host] }
          .filter { AddressRange.isPrivate($0) && !index.marks.hosts.contains($0) })
      : own
    flows = index.flows.compactMap { Connection($0, own: near) }
  }

  /// Every far end that something reached.
  var reached: Set<Endpoint> { Set((sockets + flows).filter { !$0.isRefused }.map(\.remote)) }

  /// Sockets and flows that reach out to that end, sockets first; refused flows are no connection.
  func connections(to end: Endpoint) -> [Connection] {
    (sockets + flows).filter { $0.remote == end && !$0.isRefused }.sorted(by: Self.precedes)
  }

  static func precedes(_ left: Connection, _ right: Connection) -> Bool {
    func key(_ one: Connection) -> (Int, Int64, Digest, UInt64) {
      (
        one.sighting.source.order, one.time?.nanoseconds ?? .min, one.sighting.artifact,
        one.sighting.event.locator.order
      )
    }
    return key(left) < key(right)
  }

  /// The process at the near end, by the socket's own word or by another socket with the same ends.
  func owner(of connection: Connection) -> Int64? {
    connection.pid
      ?? sockets.first { $0.pid != nil && $0.local == connection.local && $0.remote == connection.remote }?.pid
  }
}
