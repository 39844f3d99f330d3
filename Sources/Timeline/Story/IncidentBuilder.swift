import Evidence

/// Makes the story out of findings and what the index kept of the events.
///
/// Everything in it follows from the evidence alone and comes in a fixed order, so that a second run tells the same words.
public struct IncidentBuilder {
  let index: CaseIndex
  let artifacts: [ArtifactRecord]
  let byDigest: [Digest: ArtifactRecord]
  var exposures: ExposureList

  let skews: [ClockSkew]

  public init(index: CaseIndex, artifacts: [ArtifactRecord], exposures: ExposureList, skews: [ClockSkew] = []) {
    self.index = index
    self.skews = skews
    self.artifacts = artifacts
    self.exposures = exposures
    byDigest = Dictionary(artifacts.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
  }

  public mutating func build(from findings: [Finding]) -> Incident {
    let index = index
    func identity(_ place: EvidenceReference) -> UInt64? { index.recordIdentity(at: place) }
    var merged = FindingMerge.merge(findings, into: &exposures, identity: identity)
    for finding in merged { exposures.add(finding) }
    ElasticAddresses.weigh(&merged, index.elastic)
    var view = CaseView(findings: merged, index: index, artifacts: artifacts)
    view.marks.forget(hosts: OwnAddresses.find(in: view))
    let payloads = merged.filter { $0.isLog4ShellPayload && $0.severity >= .medium }
    let successes = Log4ShellJoin.find(in: view)
    OtherSigns.raise(&merged, in: view, after: successes)
    view.findings = merged
    let attackPIDs = attackProcesses(view, payloads)
    let spawned = HostJoin.spawnedShells(in: view, after: payloads, success: successes)
    let all = view.processes.descendants(of: attackPIDs.union(spawned.compactMap(\.pid)))
    view.marks.add(pids: all)
    AttackFiles.name(in: &merged, by: all)
    view.findings = merged
    view.marks.add(files: Set(merged.filter { $0.pid.map(all.contains) ?? false }.flatMap { AttackFiles.paths($0) }))
    let shells = merged.filter { Stage(of: $0) == .remoteControl && $0.severity >= .high }
    let told = Set(successes.map(\.end)).union(shells.compactMap(\.remoteEnd))
    let named = Set(
      merged.filter { $0.severity >= .medium && view.marks.touches($0) }.flatMap(\.entities)
        .filter { $0.kind == .file }.map(\.value))
    let credentials = CredentialStory.find(in: view)
    ExposedKeys.join(&merged, with: credentials)
    StolenActs.raise(&merged, by: credentials)
    let joined =
      successes.map(\.finding) + spawned + HostJoin.connectionsToAttacker(in: view, besides: told)
      + HostJoin.droppedFiles(in: view, named: named, by: merged)
      + HostJoin.openFiles(in: view, of: all, besides: named)
      + credentials.map(\.finding) + (successes.isEmpty ? LabelJoin.find(in: view) : [])
    let during = filesOfTheTime(view, successes, shells, joined)
    view.findings = FindingMerge.merge(merged + joined + during, into: &exposures, identity: identity).map { finding in
      var traced = finding
      for place in traced.evidence.indices where traced.evidence[place].path == nil {
        traced.evidence[place].path = byDigest[traced.evidence[place].artifact]?.name
      }
      return traced
    }
    view.findings = HistoryCopies.join(view.findings)
    view.findings = ProbeGroups.gather(view.findings, besides: Set(successes.map(\.end)))
    markProcesses(&view, all)
    return tell(view, successes, all, credentials)
  }

  private func tell(
    _ view: CaseView, _ successes: [Log4ShellJoin.Success], _ attackPIDs: Set<Int64>, _ credentials: [CredentialStory]
  ) -> Incident {
    var incident = Incident()
    incident.findings = view.findings
    incident.host = HostReader.read(view)
    var core = AttackMarks(view.findings.filter { $0.severity >= .high })
    core.add(pids: attackPIDs)
    core.add(files: view.marks.files)
    // Without a proven intrusion attempts are the story; with one, attempts of others are noise beside it.
    let isProven = view.findings.contains { $0.severity >= .high }
    let story = view.findings.filter { finding in
      finding.severity >= .high
        || (finding.severity == .medium && (isProven ? core.touches(finding) : Stage(of: finding) == .exploitation))
    }
    incident.storyFindings = Set(story.map(\.id))
    incident.severity = view.findings.first?.severity
    incident.attackers = view.marks.hosts.sorted()
    incident.processes = view.processes.sorted
    let writer = StepWriter(
      view: view, story: story, attackPIDs: attackPIDs, byDigest: byDigest, successes: successes,
      credentials: credentials)
    incident.steps = writer.steps()
    // The story runs from its first observed step; a file's old times do not stretch it.
    let times = incident.steps.filter { $0.status != .missing }.flatMap { [$0.first, $0.last] }.compactMap { $0 }
    incident.first = times.earliest
    incident.last = times.max()
    incident.exposures = exposures.sorted.map { ExposedKeys.uses(of: $0, index.keys, credentials) }
    incident.skews = skews
    incident.sources = index.sources.values.sorted { $0.source < $1.source }
    incident.limits = index.limits.sorted()
    if exposures.isCut { incident.limits.append("more exposed secrets were found than are listed") }
    let graph = EntityGraph(view: view, story: story, successes: successes, credentials: credentials)
    incident.entities = graph.entities
    incident.edges = graph.edges
    incident.credentials = credentials.map(\.facts)
    incident.response = ResponsePlan(incident: incident, view: view).actions()
    incident.verdict = Verdict(incident: incident, view: view, successes: successes).sentences()
    return incident
  }

  /// The processes that findings name as the attack's. Servers and the roots of all processes are victims and stay out:
  /// what descends from them is not the attack's for that.
  private func attackProcesses(_ view: CaseView, _ payloads: [Finding]) -> Set<Int64> {
    var pids: Set<Int64> = []
    for finding in view.findings where finding.severity >= .high {
      let stage = Stage(of: finding)
      guard stage == .remoteControl || stage == .execution || stage == .commandAndControl || stage == .defenseEvasion
      else { continue }
      pids.formUnion(finding.entities.filter { $0.kind == .process }.compactMap { Int64($0.value) })
      if let pid = finding.pid { pids.insert(pid) }
    }
    let servers: Set<String> = [
      "java", "sshd", "systemd", "init", "cron", "crond", "sudo", "nginx", "apache2", "httpd",
    ]
    return pids.filter { pid in
      pid > 2 && !view.processes.isJava(pid) && !servers.contains(view.processes.byPID[pid]?.name ?? "")
    }
  }

  private func filesOfTheTime(
    _ view: CaseView, _ successes: [Log4ShellJoin.Success], _ shells: [Finding], _ joined: [Finding]
  ) -> [Finding] {
    let entries = successes.compactMap(\.finding.firstSeen) + shells.compactMap(\.firstSeen)
    guard let first = entries.min() else { return [] }
    let acts = (view.findings + joined).filter { $0.severity >= .high && Stage(of: $0) != .alert }
    guard let last = acts.compactMap(\.lastSeen).max(), last >= first else { return [] }
    let told = Set(joined.filter { $0.rule == JoinedFinding.droppedFile }.compactMap { $0.evidence.first?.artifact })
    return HostJoin.filesOfTheTime(in: view, from: first, to: last, besides: told)
  }

  private func markProcesses(_ view: inout CaseView, _ attack: Set<Int64>) {
    var connections: [Int64: [String]] = [:]
    for socket in view.sockets where socket.remote.port != 0 {
      if let pid = socket.pid, connections[pid, default: []].count < 64 {
        connections[pid, default: []].append(socket.text)
      }
    }
    view.processes.mark(attack: attack, connections: connections)
  }
}

extension AttackMarks {
  /// Whether the finding names any of these.
  func touches(_ finding: Finding) -> Bool {
    if let end = finding.remoteEnd, hosts.contains(end.host) { return true }
    if let pid = finding.pid, pids.contains(pid) { return true }
    return finding.entities.contains { entity in
      switch entity.kind {
      case .address, .domain, .host: hosts.contains(entity.value)
      case .process: Int64(entity.value).map { pids.contains($0) } ?? false
      case .file: files.contains(entity.value)
      case .accessKey: accessKeys.contains(entity.value)
      case .socket: Connection.parse(entity.value).map { hosts.contains($0.1.host) } ?? false
      default: false
      }
    }
  }
}

/// Reads the machine's own names out of the evidence: those that come most often.
enum HostReader {
  static func read(_ view: CaseView) -> HostFacts {
    var facts = HostFacts()
    func most(_ kind: Entity.Kind) -> String? {
      view.index.hostValues.filter { $0.key.kind == kind }.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key.value
    }
    func most(_ counts: [String: Int]) -> String? { counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }
    // The machine whose memory and files are here is named by its folder; logs are of many machines.
    var named: [String: Int] = [:]
    for artifact in view.artifacts { if let name = instance(in: artifact) { named[name, default: 0] += 1 } }
    facts.instance = most(named) ?? most(reachingOut(view)) ?? mentioned(.instance, view) ?? most(.instance)
    facts.account = mentioned(.account, beside: facts.instance, view) ?? most(.account)
    facts.region = most(view.index.regions)
    facts.role = stolenRole(view) ?? mentioned(.role, beside: facts.instance, view) ?? most(.role)
    facts.hostname = most(.host)
    facts.interface = most(view.index.interfaces)
    let reached = (view.sockets + view.flows).filter { view.marks.hosts.contains($0.remote.host) }.map(\.local.host)
    facts.addresses = (reached.isEmpty ? view.own : Set(reached).subtracting(view.marks.hosts)).sorted()
    return facts
  }

  /// The name that the gravest findings mention most: a build server that changes roles all day is in many findings, and in
  /// none of those that tell of the intrusion.
  ///
  /// - Parameter instance: whose role or account it is to be: what stands beside it in findings counts first.
  private static func mentioned(_ kind: Entity.Kind, beside instance: String? = nil, _ view: CaseView) -> String? {
    func most(_ isMeant: (Finding) -> Bool) -> String? {
      var counts: [String: Int] = [:]
      for finding in view.findings where isMeant(finding) {
        for entity in finding.entities where entity.kind == kind { counts[entity.value, default: 0] += 1 }
      }
      return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }
    let host = instance.map { Entity(.instance, $0) }
    if let host, let name = most({ $0.severity >= .medium && $0.entities.contains(host) }) { return name }
    for severity in [Severity.critical, .high, .medium] {
      if let name = most({ $0.severity == severity }) { return name }
    }
    return nil
  }

  /// Instances whose flows reached the attack's hosts.
  private static func reachingOut(_ view: CaseView) -> [String: Int] {
    var counts: [String: Int] = [:]
    for flow in view.flows where view.marks.hosts.contains(flow.remote.host) && !flow.isRefused {
      // Whom scanners knock at is no victim yet, nor who answers them: the higher port is that of the one who began.
      guard flow.local.port > flow.remote.port, let name = flow.sighting.event.text("instance"),
        ResponsePlan.isInstance(name)
      else { continue }
      counts[name, default: 0] += 1
    }
    return counts
  }

  /// The instance's, rather than one that the intruder took with it.
  private static func stolenRole(_ view: CaseView) -> String? {
    let stolen = view.findings.filter {
      $0.rule == JoinedFinding.credentialsUsedElsewhere || $0.rule == JoinedFinding.stolenCredentials
    }
    return (stolen.first { $0.text("instance") != nil } ?? stolen.first)?.text("role")
  }

  /// Collectors name folders by instance: `i-` and 8 or 17 hexadecimal digits.
  private static func instance(in artifact: ArtifactRecord) -> String? {
    for path in artifact.paths {
      for part in path.split(separator: "/") where ResponsePlan.isInstance(String(part)) { return String(part) }
    }
    return nil
  }
}
