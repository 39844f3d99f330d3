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
    // What the server uses as a tool was looked at by what it runs.
    let ordinary = Set(
      view.findings.filter { $0.rule == "behaviour.server-shell" && $0.severity < .high }.compactMap(\.pid))
    return view.processes.sorted.compactMap { node in
      guard let parent = node.parent, view.processes.isJava(parent), ProcessTable.shells.contains(node.name),
        !known.contains(node.pid), !ordinary.contains(node.pid), node.evidence.first != nil
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
    let services = servicePorts(view)
    let all = (view.sockets + view.flows).filter { connection in
      view.marks.hosts.contains(connection.remote.host) && !view.own.contains(connection.remote.host)
        && !told.contains(connection.remote) && !connection.isRefused && isOutbound(connection)
        && !services.contains(connection.local)
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

  /// Near ends that are a server's: one listens there, several far ends have met it, or such a port is nothing else. What a
  /// machine gives its own connections (32768 and up) is left out, for in time each of those meets several.
  private static func servicePorts(_ view: CaseView) -> Set<Endpoint> {
    var met: [Endpoint: Set<Endpoint>] = [:]
    var services: Set<Endpoint> = []
    for connection in view.sockets + view.flows where connection.local.port < 32768 {
      let near = connection.local
      if near.port < 1024 || usualServices.contains(near.port) { services.insert(near) }
      if met[near]?.count ?? 0 < 2 { met[near, default: []].insert(connection.remote) }
    }
    return services.union(met.filter { $0.value.count >= 2 }.keys)
  }

  private static let usualServices: Set<Int> = [3000, 5000, 8000, 8008, 8080, 8081, 8443, 8888, 9000, 9090, 9443]

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

  /// Files in folders open to everybody that processes of the attack hold open, and that nothing else names.
  static func openFiles(in view: CaseView, of pids: Set<Int64>, besides named: Set<String>) -> [Finding] {
    var byPath: [String: [Sighting]] = [:]
    for sighting in view.index.openFiles where sighting.event.pid.map(pids.contains) ?? false {
      for file in sighting.event.entities
      where file.kind == .file && AttackMarks.isDropPlace(file.value) && !named.contains(file.value) {
        byPath[file.value, default: []].append(sighting)
      }
    }
    return byPath.keys.sorted().prefix(100).compactMap { path in
      guard let all = byPath[path]?.sorted(by: SightingOrder.precedes), let pid = all.first?.event.pid else {
        return nil
      }
      var finding = Finding(
        rule: JoinedFinding.openFile, title: "A file that a process of the attack holds open", severity: .medium,
        attack: path.contains("/.") ? ["T1564.001"] : ["T1074.001"],
        firstSeen: all.compactMap(\.event.time).min(),
        entities: [Entity(.file, path), Entity(.process, String(pid))],
        evidence: Array(all.map(\.reference).prefix(JoinedFinding.maximumEvidence)),
        message: "\(view.processes.title(pid)) of the attack holds \(path) open.")
      finding.attributes.add("path", path)
      finding.attributes.add("pid", pid)
      return finding
    }
  }

  /// Files that the attack's findings name and that are in evidence: with digest and size.
  static func droppedFiles(in view: CaseView, named: Set<String>, by findings: [Finding]) -> [Finding] {
    let paths = named.filter { AttackMarks.isDropPlace($0) }.sorted()
    guard !paths.isEmpty else { return [] }
    var made: [Finding] = []
    for artifact in view.artifacts.sorted(by: { $0.digest < $1.digest }) {
      // A root that was collected as a folder has paths without a slash in front.
      for path in paths where artifact.paths.contains(where: { $0.hasSuffix(path) || "/" + $0 == path }) {
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

/// By time, then by place: an order that does not depend on how events came.
enum SightingOrder {
  static func precedes(_ left: Sighting, _ right: Sighting) -> Bool {
    (left.event.time?.nanoseconds ?? .max, left.artifact, left.event.locator.order)
      < (right.event.time?.nanoseconds ?? .max, right.artifact, right.event.locator.order)
  }
}
