import Evidence

/// Joins inside the host: which process did it, where else it reached, what it left.
enum HostJoin {
  /// Shells that a Java server started. A web application has no business to; builds and admin tools are not servers
  /// that a payload reached, so only a server that carries a payload or has called back counts.
  static func spawnedShells(in view: CaseView, after payloads: [Finding], success: [Log4ShellJoin.Success]) -> [Finding]
  {
    guard !payloads.isEmpty else { return [] }
    let earliest = payloads.compactMap(\.firstSeen).min()
    let known = Set(
      view.findings.filter { $0.severity >= .high && Stage(of: $0) == .execution }.compactMap(\.pid))
    return view.processes.sorted.compactMap { node in
      guard let parent = node.parent, view.processes.isJava(parent), ProcessTable.shells.contains(node.name),
        !known.contains(node.pid), node.evidence.first != nil
      else { return nil }
      if let start = node.start, let earliest, seconds(from: earliest, to: start) < -5 - start.slack { return nil }
      let heirs = view.processes.descendants(of: [node.pid]).subtracting([node.pid]).sorted()
      var finding = Finding(
        rule: JoinedFinding.serverSpawnedShell, title: "The Java server started a shell", severity: .high,
        attack: ["T1059.004"], firstSeen: node.start,
        entities: ([node.pid, parent] + heirs.prefix(64)).map { Entity(.process, String($0)) }, evidence: node.evidence,
        message: "The Java process (pid \(parent)) started \(node.name) (pid \(node.pid))"
          + (node.start.map { " at \($0)" } ?? "") + (node.command.isEmpty ? "." : ": \(node.command)")
          + (heirs.isEmpty
            ? ""
            : " From it descend " + heirs.prefix(16).map { view.processes.title($0) }.joined(separator: ", ") + "."))
      finding.attributes.add("pid", node.pid)
      finding.attributes.add("parent_pid", parent)
      finding.attributes.add("command_line", node.command)
      finding.attributes.add("user", node.user)
      return finding
    }
  }

  /// Everything else that reached out to the attack's hosts, one finding for each far end.
  static func connectionsToAttacker(in view: CaseView, besides told: Set<Endpoint>) -> [Finding] {
    let all = (view.sockets + view.flows).filter { connection in
      view.marks.hosts.contains(connection.remote.host) && !view.own.contains(connection.remote.host)
        && !told.contains(connection.remote) && !connection.isRefused && isOutbound(connection)
    }
    let byEnd = Dictionary(grouping: all, by: \.remote)
    return byEnd.keys.sorted().compactMap { end in
      guard let connections = byEnd[end]?.sorted(by: CaseView.precedes) else { return nil }
      let pids = Array(Set(connections.compactMap { view.owner(of: $0) })).sorted()
      let lines = Array(Set(connections.map(\.text))).sorted()
      let who = pids.map { view.processes.title($0) }
      var finding = Finding(
        rule: JoinedFinding.connectionToAttacker, title: "Connection to a host of the attack", severity: .high,
        confidence: pids.isEmpty ? .medium : .high, attack: ["T1071"], firstSeen: connections.compactMap(\.time).min(),
        lastSeen: connections.compactMap(\.time).max(),
        entities: Array(Set(connections.flatMap(\.sighting.event.entities) + [Entity(.address, end.host)])).sorted(),
        evidence: Array(connections.map(\.sighting.reference).prefix(JoinedFinding.maximumEvidence)),
        message: "This host connected to \(end.text), which belongs to the attack"
          + (who.isEmpty ? "" : ", from " + who.joined(separator: ", ")) + ": "
          + lines.prefix(6).joined(separator: ", ") + ".")
      finding.attributes.add("remote_host", end.host)
      finding.attributes.add("remote_port", Int64(end.port))
      finding.attributes.add("pid", pids.first)
      finding.attributes.add("connections", Array(lines.prefix(32)))
      return finding
    }
  }

  /// A reply to a request that came in has the server's own port at the near end.
  private static func isOutbound(_ connection: Connection) -> Bool {
    connection.local.port > connection.remote.port || connection.local.port >= 32768
  }

  /// Hidden or executable files that were changed in a folder open to everybody while the intruder was on the host.
  static func filesOfTheTime(in view: CaseView, from first: Timestamp, to last: Timestamp, besides told: Set<Digest>)
    -> [Finding]
  {
    view.artifacts.sorted { $0.digest < $1.digest }.compactMap { artifact in
      guard !told.contains(artifact.digest),
        let changed = artifact.times.first(where: { $0.meaning == .modification })?.time,
        changed >= first, changed <= last,
        let path = artifact.paths.sorted().lazy.compactMap({ AttackMarks.openFolderPath(in: $0) }).first
      else { return nil }
      let name = path.split(separator: "/").last ?? ""
      let isExecutable = ["executable", "ELF", "script"].contains { artifact.kind.contains($0) }
      guard name.hasPrefix(".") || isExecutable else { return nil }
      var finding = Finding(
        rule: JoinedFinding.fileOfTheTime, title: "A hidden or executable file from the time of the attack",
        severity: .medium, confidence: .medium, attack: ["T1564.001"], firstSeen: changed,
        entities: [Entity(.file, path), Entity(.hash, artifact.digest.hex)],
        evidence: [EvidenceReference(artifact: artifact.digest, locator: .whole)],
        message: "\(path) was changed at \(changed), while the intruder was on the host: \(artifact.size) bytes, "
          + "SHA-256 \(artifact.digest.hex).")
      finding.attributes.add("path", path)
      finding.attributes.add("sha256", artifact.digest.hex)
      finding.attributes.add("size", Int64(clamping: artifact.size))
      return finding
    }
  }

  /// Files that the attack's findings name and that are in evidence: with digest and size.
  static func droppedFiles(in view: CaseView, named: Set<String>, by findings: [Finding]) -> [Finding] {
    let paths = named.filter { AttackMarks.isDropPlace($0) }.sorted()
    guard !paths.isEmpty else { return [] }
    var made: [Finding] = []
    for artifact in view.artifacts.sorted(by: { $0.digest < $1.digest }) {
      for path in paths where artifact.paths.contains(where: { $0.hasSuffix(path) }) {
        let naming = findings.filter { $0.entities.contains(Entity(.file, path)) }.sorted(by: FindingOrder.byTime)
        // What the file is for is what the first finding that names it says.
        let purpose = naming.first { [.toolTransfer, .persistence, .collection].contains(Stage(of: $0)) }?.attack
        let changed = artifact.times.first { $0.meaning == .modification }?.time
        var finding = Finding(
          rule: JoinedFinding.droppedFile, title: "A file of the attack is in evidence", severity: .high,
          attack: purpose ?? ["T1105"], firstSeen: changed ?? naming.lazy.compactMap(\.firstSeen).first,
          entities: [Entity(.file, path), Entity(.hash, artifact.digest.hex)],
          evidence: [EvidenceReference(artifact: artifact.digest, locator: .whole)]
            + naming.compactMap(\.evidence.first).prefix(8),
          message: "\(path), which the attack's findings name, was collected: \(artifact.size) bytes, SHA-256 "
            + "\(artifact.digest.hex)" + (changed.map { ", last changed \($0)." } ?? "."))
        finding.attributes.add("path", path)
        finding.attributes.add("sha256", artifact.digest.hex)
        finding.attributes.add("size", Int64(clamping: artifact.size))
        made.append(finding)
      }
    }
    return made
  }
}

/// The instance's credentials, read on the host and used from somewhere else.
enum CredentialJoin {
  static func find(in view: CaseView) -> [Finding] {
    let calls = view.index.calls.filter { call in
      guard let source = call.event.firstText("source_ip", "source_address") else { return false }
      return view.marks.hosts.contains(source) && !view.own.contains(source)
    }
    let reads = view.findings.filter { Stage(of: $0) == .credentialAccess && $0.attack.contains("T1552.005") }
      .sorted(by: FindingOrder.byTime)
    let byKey = Dictionary(grouping: calls) { $0.event.firstText("access_key_id") ?? "" }
    return byKey.keys.filter { !$0.isEmpty }.sorted().compactMap { key in
      guard let uses = byKey[key]?.sorted(by: Self.precedes), let first = uses.first, let read = reads.first else {
        return nil
      }
      let sources = Array(Set(uses.compactMap { $0.event.firstText("source_ip", "source_address") })).sorted()
      let names = Array(Set(uses.compactMap { $0.event.firstText("event_name") })).sorted()
      let role = first.event.firstText("role", "role_name") ?? first.event.entity(.role)
      let distance = read.firstSeen.flatMap { early in first.event.time.map { seconds(from: early, to: $0) } }
      if let distance, distance < -70 { return nil }
      var finding = Finding(
        rule: JoinedFinding.credentialsUsedElsewhere,
        title: "Credentials read on the host were used from elsewhere", severity: .critical,
        attack: ["T1552.005", "T1078.004"], firstSeen: first.event.time, lastSeen: uses.last?.event.time,
        entities: Array(Set(uses.flatMap(\.event.entities))).sorted(),
        evidence: Array(
          (reads.compactMap(\.evidence.first).prefix(8) + uses.map(\.reference))
            .prefix(JoinedFinding.maximumEvidence)),
        message: "The metadata service was asked for the role's credentials, and key \(key)"
          + (role.map { " of role \($0)" } ?? "") + " was then used from \(sources.joined(separator: ", ")): "
          + "\(uses.count) calls (\(names.prefix(12).joined(separator: ", "))).")
      finding.attributes.add("access_key_id", key)
      finding.attributes.add("role", role)
      finding.attributes.add("source_ip", sources.first)
      finding.attributes.add("event_names", Array(names.prefix(64)))
      finding.attributes.add("seconds_after_read", distance.map { Int64($0.rounded()) })
      return finding
    }
  }

  static func precedes(_ left: Sighting, _ right: Sighting) -> Bool {
    (left.event.time?.nanoseconds ?? .max, left.artifact, left.event.locator.order)
      < (right.event.time?.nanoseconds ?? .max, right.artifact, right.event.locator.order)
  }
}
