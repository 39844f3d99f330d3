import Evidence

/// Who and what the story is about, and by which shared keys they are tied.
struct EntityGraph {
  /// More than these nobody can read.
  private static let maximumEntities = 400
  private static let maximumEdges = 800

  private(set) var entities: [StoryEntity] = []
  private(set) var edges: [Edge] = []
  private let view: CaseView

  init(view: CaseView, story: [Finding], successes: [Log4ShellJoin.Success]) {
    self.view = view
    collect(story)
    for success in successes { join(success) }
    joinProcesses()
    joinConnections()
    joinFiles(story)
    joinCredentials(story)
    let known = Set(entities.map(\.entity))
    var seen: Set<Edge> = []
    edges = Array(
      edges.filter { known.contains($0.from) && known.contains($0.to) && seen.insert($0).inserted }
        .sorted { Self.order($0) < Self.order($1) }.prefix(Self.maximumEdges))
  }

  private static func order(_ edge: Edge) -> (String, String, String, String) {
    (edge.from.text, edge.to.text, edge.relation.rawValue, edge.key)
  }

  private mutating func collect(_ story: [Finding]) {
    var found: [Entity: StoryEntity] = [:]
    for finding in story {
      for entity in finding.entities {
        var known =
          found[entity]
          ?? StoryEntity(
            entity: entity, label: label(entity), side: side(entity), severity: finding.severity, findings: [])
        known.severity = max(known.severity, finding.severity)
        if let first = finding.firstSeen { known.first = min(known.first ?? first, first) }
        if let last = finding.lastSeen { known.last = max(known.last ?? last, last) }
        known.findings.append(finding.id)
        found[entity] = known
      }
    }
    // A process whose child or socket is in the story is in it too: the server that was talked into starting a shell.
    for node in view.processes.sorted where node.isAttack {
      for pid in view.processes.ancestors(of: node.pid) where pid > 2 {
        let entity = Entity(.process, String(pid))
        if found[entity] == nil {
          found[entity] = StoryEntity(
            entity: entity, label: label(entity), side: side(entity), severity: .informational, findings: [])
        }
        if view.processes.isJava(pid) { break }
      }
    }
    entities = Array(
      found.values.sorted { left, right in
        left.severity != right.severity ? left.severity > right.severity : left.entity < right.entity
      }.prefix(Self.maximumEntities))
  }

  private func label(_ entity: Entity) -> String? {
    guard entity.kind == .process, let pid = Int64(entity.value) else { return nil }
    return view.processes.byPID[pid]?.name
  }

  private func side(_ entity: Entity) -> StoryEntity.Side {
    switch entity.kind {
    case .address, .domain:
      view.marks.hosts.contains(entity.value) ? .attacker : view.own.contains(entity.value) ? .victim : .unknown
    case .process: (Int64(entity.value).map { view.marks.pids.contains($0) } ?? false) ? .tool : .victim
    case .file: AttackMarks.isDropPlace(entity.value) ? .tool : .unknown
    case .socket:
      Connection.parse(entity.value).map { view.marks.hosts.contains($0.1.host) } ?? false ? .attacker : .unknown
    case .instance, .host, .role, .account, .accessKey: .victim
    case .url, .hash, .user, .container: .unknown
    }
  }

  // MARK: Edges

  private mutating func join(_ success: Log4ShellJoin.Success) {
    let far = Entity(.address, success.end.host)
    guard let pid = success.pid else { return }
    edges.append(
      Edge(
        from: Entity(.process, String(pid)), to: far, relation: .calledBack, key: success.end.text,
        tolerance: Log4ShellJoin.secondsAfter, distance: success.distance, evidence: success.finding.evidence))
    for client in Set(
      success.payloads.flatMap(\.entities).filter { $0.kind == .address && view.marks.hosts.contains($0.value) })
    {
      edges.append(
        Edge(
          from: client, to: Entity(.process, String(pid)), relation: .sentPayloadTo, key: success.end.text,
          tolerance: nil, distance: nil, evidence: success.payloads.compactMap(\.evidence.first)))
    }
  }

  private mutating func joinProcesses() {
    for node in view.processes.sorted where node.isAttack {
      guard let parent = node.parent else { continue }
      edges.append(
        Edge(
          from: Entity(.process, String(parent)), to: Entity(.process, String(node.pid)), relation: .isParentOf,
          key: "ppid \(parent)", tolerance: nil, distance: nil, evidence: node.evidence))
    }
  }

  private mutating func joinConnections() {
    for socket in view.sockets where view.marks.hosts.contains(socket.remote.host) {
      guard let pid = socket.pid, !view.own.contains(socket.remote.host) else { continue }
      edges.append(
        Edge(
          from: Entity(.process, String(pid)), to: Entity(.address, socket.remote.host), relation: .connectedTo,
          key: socket.remote.text, tolerance: nil, distance: nil, evidence: [socket.sighting.reference]))
    }
  }

  private mutating func joinFiles(_ story: [Finding]) {
    for finding in story {
      guard let pid = finding.pid, view.marks.pids.contains(pid) else { continue }
      for file in finding.entities where file.kind == .file {
        edges.append(
          Edge(
            from: Entity(.process, String(pid)), to: file, relation: .named, key: file.value, tolerance: nil,
            distance: nil, evidence: Array(finding.evidence.prefix(4))))
      }
    }
  }

  private mutating func joinCredentials(_ story: [Finding]) {
    for finding in story where Stage(of: finding) == .cloudAccess {
      let sources = finding.entities.filter { $0.kind == .address && view.marks.hosts.contains($0.value) }
      for key in finding.entities where key.kind == .accessKey {
        for source in sources {
          edges.append(
            Edge(
              from: key, to: source, relation: .usedFrom, key: key.value, tolerance: nil,
              distance: finding.number("seconds_after_read").map(Double.init),
              evidence: Array(finding.evidence.prefix(8))))
        }
        for role in finding.entities where role.kind == .role {
          edges.append(
            Edge(
              from: role, to: key, relation: .belongsTo, key: role.value, tolerance: nil, distance: nil,
              evidence: Array(finding.evidence.prefix(4))))
        }
      }
    }
  }
}
