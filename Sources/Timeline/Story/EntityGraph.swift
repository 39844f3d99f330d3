import Evidence

/// Who and what the story is about, and by which shared keys they are tied.
struct EntityGraph {
  /// More than these nobody can read.
  private static let maximumEntities = 400
  private static let maximumEdges = 800

  private(set) var entities: [StoryEntity] = []
  private(set) var edges: [Edge] = []
  private let view: CaseView

  init(
    view: CaseView, story: [Finding], successes: [Log4ShellJoin.Success], credentials: [CredentialStory] = []
  ) {
    self.view = view
    collect(story)
    let requests = RequestJoin.find(in: view, story)
    add(requests)
    for success in successes { join(success) }
    joinProcesses()
    joinConnections()
    joinFiles(story)
    for one in credentials { join(one) }
    let known = Set(entities.map(\.entity))
    edges = Array(
      Self.merged(edges.filter { known.contains($0.from) && known.contains($0.to) })
        .sorted { Self.order($0) < Self.order($1) }.prefix(Self.maximumEdges))
  }

  /// One edge for each pair, relation and key, with the evidence of all.
  private static func merged(_ edges: [Edge]) -> [Edge] {
    struct Name: Hashable {
      var from: Entity
      var to: Entity
      var relation: Phrase.Key
      var key: String
    }
    var made: [Name: Edge] = [:]
    for edge in edges {
      let name = Name(from: edge.from, to: edge.to, relation: edge.relation, key: edge.key)
      guard var known = made[name] else {
        made[name] = edge
        continue
      }
      for place in edge.evidence where !known.evidence.contains(place) && known.evidence.count < 32 {
        known.evidence.append(place)
      }
      known.distance = [known.distance, edge.distance].compactMap { $0 }.min { abs($0) < abs($1) }
      known.tolerance = known.tolerance ?? edge.tolerance
      made[name] = known
    }
    return Array(made.values)
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

  /// Instance, its role, the role's key, and from where the key was used.
  private mutating func join(_ story: CredentialStory) {
    let facts = story.facts
    let key = Entity(.accessKey, facts.key)
    let evidence = Array(story.calls.map(\.reference).prefix(16))
    func edge(_ from: Entity, _ to: Entity, _ relation: Phrase.Key, _ key: String, distance: Double? = nil) -> Edge {
      Edge(
        from: from, to: to, relation: relation, key: key, tolerance: distance == nil ? nil : CredentialStory.clockSlack,
        distance: distance, evidence: evidence)
    }
    for place in facts.elsewhere {
      edges.append(
        edge(
          key, Entity(.address, place.address), .usedFrom, facts.key,
          distance: story.finding.number("seconds_after_read").map(Double.init)))
    }
    let owner = facts.role.map { Entity(.role, $0) } ?? facts.user.map { Entity(.user, $0) }
    if let owner { edges.append(edge(owner, key, .belongsTo, facts.principal ?? owner.value)) }
    if let instance = facts.instance, let owner {
      edges.append(edge(Entity(.instance, instance), owner, .hasCredentials, facts.principal ?? instance))
    }
    for measure in facts.measures where measure.kind == .newKey {
      let other = Entity(.accessKey, measure.subject)
      entities.append(
        StoryEntity(
          entity: other, label: nil, side: .victim, first: measure.time, severity: .informational, findings: []))
      if let owner {
        edges.append(
          Edge(
            from: owner, to: other, relation: .belongsTo, key: facts.principal ?? owner.value, tolerance: nil,
            distance: nil, evidence: [measure.evidence]))
      }
    }
  }

  // MARK: Requests

  /// The addresses that asked, the pages that they asked for, and the server that wrote it down.
  private mutating func add(_ requests: [RequestJoin]) {
    let server = view.processes.sorted.first { view.processes.isJava($0.pid) }.map { Entity(.process, String($0.pid)) }
    var known = Set(entities.map(\.entity))
    for request in requests {
      if known.insert(request.page).inserted {
        entities.append(
          StoryEntity(
            entity: request.page, label: nil, side: .victim, first: request.time, last: request.time,
            severity: .informational, findings: request.findings))
      }
      edges.append(
        Edge(
          from: Entity(.address, request.client), to: request.page, relation: .asked, key: request.key, tolerance: nil,
          distance: nil, evidence: request.records))
      if let server, !request.served.isEmpty {
        if known.insert(server).inserted {
          entities.append(
            StoryEntity(entity: server, label: label(server), side: .victim, severity: .informational, findings: []))
        }
        edges.append(
          Edge(
            from: request.page, to: server, relation: .servedBy, key: request.words, tolerance: RequestJoin.tolerance,
            distance: request.distance, evidence: request.served))
      }
    }
  }
}
