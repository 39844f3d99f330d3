import Evidence

/// Tells the stages of the attack, each once, as far as evidence goes.
struct StepWriter {
  let view: CaseView
  let story: [Finding]
  let attackPIDs: Set<Int64>
  let byDigest: [Digest: ArtifactRecord]
  let successes: [Log4ShellJoin.Success]
  let credentials: [CredentialStory]

  private let reached: Set<Endpoint>
  /// Of each event or process that several findings speak of, the stage of the one that says most.
  private var telling: [String: Stage] = [:]

  /// Facts that one step lists.
  static let maximumFacts = 200

  init(
    view: CaseView, story: [Finding], attackPIDs: Set<Int64>, byDigest: [Digest: ArtifactRecord],
    successes: [Log4ShellJoin.Success], credentials: [CredentialStory] = []
  ) {
    self.view = view
    self.story = story
    self.attackPIDs = attackPIDs
    self.byDigest = byDigest
    self.successes = successes
    self.credentials = credentials
    reached = view.reached
    telling = mostTelling()
  }

  func steps() -> [Step] {
    guard !story.isEmpty else { return [] }
    var steps: [Stage: Step] = [:]
    let delivery = payloadDelivery()
    for (stage, findings) in Dictionary(grouping: story, by: { stage(of: $0, delivery) })
    where stage != .payloadDelivery {
      steps[stage] = observed(stage, findings)
    }
    add(reconnaissance(), to: &steps)
    add(delivery?.step, to: &steps)
    add(typedCommands(), to: &steps)
    add(cloudCalls(), to: &steps)
    add(containment(), to: &steps)
    if let alert = steps[.alert] { steps[.alert] = raised(alert) }
    // Flows show that the host connected; that the server did, for the lookup's sake, follows from the time alone.
    if steps[.callback] != nil, !successes.isEmpty, successes.allSatisfy({ $0.pid == nil }) {
      steps[.callback]?.status = .inferred
      steps[.callback]?.basis = Phrase(.becauseFlowOnly)
    }
    for step in inferred(steps) + missing(steps) where steps[step.stage] == nil { steps[step.stage] = step }
    return ordered(Array(steps.values))
  }

  /// By time. A step without a time keeps its usual place in an intrusion: before the first timed one of a later stage.
  private func ordered(_ steps: [Step]) -> [Step] {
    var told = steps.filter { $0.first != nil }.sorted {
      ($0.first?.nanoseconds ?? 0, $0.stage.order) < ($1.first?.nanoseconds ?? 0, $1.stage.order)
    }
    for step in steps.filter({ $0.first == nil }).sorted(by: { $0.stage < $1.stage }) {
      told.insert(step, at: told.firstIndex { $0.stage > step.stage } ?? told.endIndex)
    }
    return told
  }

  private func add(_ step: Step?, to steps: inout [Stage: Step]) {
    guard let step else { return }
    guard var known = steps[step.stage] else {
      steps[step.stage] = step
      return
    }
    if known.status == .inferred { known.status = step.status }
    // What sums up many events leaves each of them to be told.
    let told = Set(known.facts.filter { $0.evidence.count == 1 }.flatMap(\.evidence))
    known.facts += step.facts.filter { !$0.evidence.allSatisfy(told.contains) || $0.evidence.isEmpty }
    known.facts = Array(known.facts.sorted(by: Fact.precedes).prefix(Self.maximumFacts))
    known.first = [known.first, step.first].compactMap { $0 }.earliest
    known.last = [known.last, step.last].compactMap { $0 }.max()
    known.entities = Array(Set(known.entities + step.entities)).sorted()
    steps[step.stage] = known
  }

  // MARK: From findings

  /// A connection belongs to the step that explains it: the fetched class, the download, the upload.
  private func stage(of finding: Finding, _ delivery: Delivery?) -> Stage {
    let own = Stage(of: finding)
    if own == .remoteControl, !isOpened(finding) { return .exploitation }
    // What the account's log shows was done with credentials, whatever it was meant to lead to.
    if finding.isOfCloud { return .cloudAccess }
    if own == .commandAndControl, let end = finding.remoteEnd, successes.contains(where: { $0.end == end }) {
      return .callback
    }
    if Self.isDescription(own), let stage = telling[subject(finding)] { return stage }
    guard finding.rule == JoinedFinding.connectionToAttacker, let end = finding.remoteEnd else {
      return Stage(of: finding)
    }
    if let delivery, delivery.ends.contains(end) { return .payloadDelivery }
    let explaining = story.filter { $0.rule != JoinedFinding.connectionToAttacker && $0.remoteEnd == end }
    return explaining.map { Stage(of: $0) }.filter { $0 == .toolTransfer || $0 == .exfiltration }.min()
      ?? .commandAndControl
  }

  private func observed(_ stage: Stage, _ findings: [Finding]) -> Step {
    let ordered = findings.sorted(by: FindingOrder.byTime)
    var step = Step(
      stage: stage, status: .observed, title: title(stage, ordered), severity: ordered.map(\.severity).max() ?? .high)
    // The same payload in the WAF's log, in memory and in a listing is one thing with three witnesses.
    var groups: [String: [Finding]] = [:]
    for finding in ordered { groups[groupKey(finding), default: []].append(finding) }
    step.facts = groups.values.map { fact($0.sorted(by: FindingOrder.byTime)) }.sorted(by: Fact.precedes)
    step.first = ordered.compactMap(\.firstSeen).earliest
    step.last = ordered.compactMap(\.lastSeen).max()
    step.findings = ordered.map(\.id)
    step.entities = Array(Set(ordered.flatMap(\.entities))).sorted()
    step.facts = Array(step.facts.prefix(Self.maximumFacts))
    return step
  }

  /// Whether the shell was there, and not only asked for in a request that may have come to nothing.
  private func isOpened(_ finding: Finding) -> Bool {
    if let end = finding.remoteEnd, reached.contains(end) { return true }
    return !finding.evidence.allSatisfy { [.waf, .web].contains(source($0)) }
  }

  private func groupKey(_ finding: Finding) -> String {
    let stage = Stage(of: finding)
    if stage == .exploitation, let payload = finding.payload { return payload }
    if stage == .remoteControl || stage == .callback, let end = finding.remoteEnd { return end.text }
    return subject(finding)
  }

  /// Stages of findings that say what a thing looks like rather than what was done with it.
  private static func isDescription(_ stage: Stage) -> Bool { stage == .defenseEvasion || stage == .other }

  private func mostTelling() -> [String: Stage] {
    var best: [String: (severity: Severity, stage: Stage)] = [:]
    for finding in story {
      let stage = Stage(of: finding)
      if Self.isDescription(stage) || finding.isOfCloud || stage == .remoteControl { continue }
      let key = subject(finding)
      if let known = best[key], (known.severity, stage) >= (finding.severity, known.stage) { continue }
      best[key] = (finding.severity, stage)
    }
    return best.mapValues(\.stage)
  }

  /// The process or the event that a finding speaks of, so that several findings of one thing are one fact.
  private func subject(_ finding: Finding) -> String {
    guard let first = finding.evidence.first else { return finding.rule }
    let event = view.index.said[EvidencePlace(first.artifact, first.locator)]?.event
    if event?.dataType.hasSuffix(":process") ?? false, let pid = finding.pid ?? event?.pid { return "process \(pid)" }
    if let command = event?.text("command"), event?.dataType == "linux:shell:command" {
      return "command \(event?.pid ?? 0) \(command)"
    }
    // The same line in two logs, or in a log and its copy.
    if let event { return event.message }
    return finding.evidence.count == 1
      ? first.artifact.hex + first.locator.text : finding.rule + "\u{1F}" + finding.message
  }

  private func fact(_ group: [Finding]) -> Fact {
    let clearest = group.max { left, right in
      if left.severity != right.severity { return left.severity < right.severity }
      // Of a payload the longest tells what it runs; of anything else the shortest is the plainest.
      let isPayload = left.payload != nil && Stage(of: left) == .exploitation
      let (one, other) = (left.message.utf8.count, right.message.utf8.count)
      if one != other { return isPayload ? one < other : one > other }
      return left.message > right.message
    }
    var seen: Set<EvidenceReference> = []
    let evidence = group.flatMap(\.evidence).filter { seen.insert($0).inserted }
    return Fact(
      time: group.compactMap(\.firstSeen).earliest, text: clearest?.message ?? "",
      sources: Array(Set(evidence.map(source))).sorted(), evidence: Array(evidence.prefix(64)),
      findings: group.map(\.id))
  }

  func source(_ reference: EvidenceReference) -> Source {
    if let sighting = view.index.said[EvidencePlace(reference.artifact, reference.locator)] { return sighting.source }
    return Source(locator: reference.locator, artifact: byDigest[reference.artifact])
  }

  private func title(_ stage: Stage, _ findings: [Finding]) -> Phrase {
    switch stage {
    case .exploitation where !findings.contains(where: \.isLog4ShellPayload):
      return Phrase(.intrusion, [distinct(findings.map(\.title))])
    case .exploitation: return Phrase(.exploitation, [String(Set(findings.compactMap(\.payload)).count)])
    case .alert: return Phrase(.alert, [String(findings.count)])
    case .callback, .remoteControl, .commandAndControl, .exfiltration:
      return Phrase(stage.phrase, [distinct(findings.compactMap { $0.remoteEnd?.text })])
    case .cloudAccess:
      let far = findings.flatMap { one -> [String] in
        if case .texts(let all)? = one["source_ips"] { return all }
        return [one.text("source_ip", "remote_host")].compactMap { $0 }
      }
      return Phrase(.cloudAccess, [distinct(far.filter { view.marks.hosts.contains($0) })])
    case .toolTransfer, .persistence:
      let files = findings.flatMap(\.entities).filter { $0.kind == .file }.map(\.value)
      return Phrase(stage.phrase, [distinct(files.isEmpty ? findings.map(\.title) : files)])
    case .credentialAccess:
      let roles = findings.flatMap(\.entities).filter { $0.kind == .role }.map(\.value)
      return Phrase(stage.phrase, [distinct(roles.isEmpty ? findings.map(\.title) : roles)])
    default: return Phrase(stage.phrase, [distinct(findings.map(\.title))])
    }
  }

  /// The first two of the different ones, in the order in which they came.
  private func distinct(_ texts: [String]) -> String {
    var seen: Set<String> = []
    let different = texts.filter { seen.insert($0).inserted }
    return different.prefix(2).joined(separator: ", ") + (different.count > 2 ? ", +\(different.count - 2)" : "")
  }

  // MARK: From events

  /// What the attack's addresses asked the web server for before the first payload.
  private func reconnaissance() -> Step? {
    guard let attempt = story.filter({ Stage(of: $0) == .exploitation }).compactMap(\.firstSeen).min() else {
      return nil
    }
    let before = view.index.requests.filter { request in
      guard let time = request.event.time, let client = request.event.firstText("client_ip", "client", "remote_address")
      else { return false }
      return time < attempt && view.marks.hosts.contains(client)
    }.sorted(by: SightingOrder.precedes)
    guard let first = before.first, let last = before.last else { return nil }
    var step = Step(
      stage: .reconnaissance, status: .observed, title: Phrase(.reconnaissance, [String(before.count)]),
      basis: Phrase(.becauseSameAddress), severity: .low, first: first.event.time, last: last.event.time)
    step.facts = before.prefix(Self.maximumFacts).map(fact)
    step.entities = Array(Set(before.flatMap(\.event.entities))).sorted()
    return step
  }

  private struct Delivery {
    var step: Step
    var ends: Set<Endpoint>
  }

  /// Flows to the attack's host that began just after the callback: the class that the lookup pointed to.
  private func payloadDelivery() -> Delivery? {
    guard let callback = successes.flatMap({ $0.connections.compactMap(\.time) }).min() else { return nil }
    let hosts = Set(successes.map(\.end.host))
    let ends = Set(successes.map(\.end))
    let shells = Set(story.filter { Stage(of: $0) == .remoteControl }.compactMap(\.remoteEnd))
    let shellStart = (view.flows + view.sockets).filter { shells.contains($0.remote) }.compactMap(\.time).min()
    let fetched = view.flows.filter { flow in
      guard let time = flow.time, hosts.contains(flow.remote.host), !ends.contains(flow.remote),
        !shells.contains(flow.remote), !flow.isRefused
      else { return false }
      if let shellStart, shellStart < time { return false }
      let distance = seconds(from: callback, to: time)
      return distance >= 0 && distance <= 60
    }.sorted(by: CaseView.precedes)
    guard let first = fetched.first else { return nil }
    var step = Step(
      stage: .payloadDelivery, status: .inferred, title: Phrase(.payloadDelivery, [first.remote.text]),
      basis: Phrase(.becauseFlowAfterCallback, [first.remote.text]), severity: .high, first: first.time,
      last: fetched.last?.time)
    step.facts = fetched.prefix(Self.maximumFacts).map { fact($0.sighting) }
    step.entities = Array(Set(fetched.flatMap(\.sighting.event.entities))).sorted()
    let fetchedFrom = Set(fetched.map(\.remote))
    step.findings = story.filter { finding in
      finding.rule == JoinedFinding.connectionToAttacker && finding.remoteEnd.map(fetchedFrom.contains) ?? false
    }.map(\.id)
    return Delivery(step: step, ends: fetchedFrom)
  }

  /// What was typed in the attack's shells.
  private func typedCommands() -> Step? {
    let typed = view.index.commands.filter { $0.event.pid.map(attackPIDs.contains) ?? false }
      .sorted(by: SightingOrder.precedes)
    guard let first = typed.first, let last = typed.last else { return nil }
    var step = Step(
      stage: .commands, status: .observed, title: Phrase(.commands, [String(typed.count)]), severity: .high,
      first: first.event.time, last: last.event.time)
    step.facts = typed.prefix(Self.maximumFacts).map(fact)
    step.entities = Array(Set(typed.flatMap(\.event.entities))).sorted()
    return step
  }

  func fact(_ sighting: Sighting) -> Fact {
    var reference = sighting.reference
    reference.path = byDigest[sighting.artifact]?.name
    return Fact(
      time: sighting.event.time, text: sighting.event.message, sources: [sighting.source], evidence: [reference],
      findings: [])
  }

  // MARK: Gaps

  /// What must have happened although nothing shows it.
  private func inferred(_ steps: [Stage: Step]) -> [Step] {
    var made: [Step] = []
    if steps[.cloudAccess] == nil, let alarm = credentialAlarms().first {
      made.append(
        Step(
          stage: .cloudAccess, status: .inferred,
          title: Phrase(.cloudAccess, [alarm.text("remote_host") ?? ""]), basis: Phrase(.becauseAlarm), severity: .high,
          first: alarm.firstSeen, last: alarm.lastSeen, findings: credentialAlarms().map(\.id)))
    }
    if let cloud = steps[.cloudAccess], steps[.credentialAccess] == nil {
      made.append(
        Step(
          stage: .credentialAccess, status: .inferred, title: Phrase(.credentialAccess),
          basis: Phrase(.becauseKeyUsedElsewhere), severity: .high, last: cloud.first, findings: cloud.findings))
    }
    if let shell = steps[.remoteControl], steps[.callback] == nil, steps[.exploitation] != nil {
      made.append(
        Step(
          stage: .callback, status: .inferred, title: Phrase(.callback), basis: Phrase(.becauseProcessTree),
          severity: .high, last: shell.first, findings: shell.findings))
    }
    return made
  }

  /// What cannot be told because its source is not in the case.
  private func missing(_ steps: [Stage: Step]) -> [Step] {
    let isIntrusion = steps[.remoteControl] != nil || steps[.callback] != nil || steps[.exploitation] != nil
    guard isIntrusion else { return [] }
    func has(_ source: Source) -> Bool { view.index.sources[source] != nil }
    func step(_ stage: Stage, _ why: Phrase.Key) -> Step {
      Step(stage: stage, status: .missing, title: Phrase(stage.phrase), basis: Phrase(why), severity: .informational)
    }
    var made: [Step] = []
    if !has(.waf), !has(.web) {
      var entry = step(.exploitation, .missingWeb)
      // Which way it was is what nobody knows.
      entry.title = Phrase(.intrusion)
      made.append(entry)
    }
    let isLookup = story.contains(where: \.isLog4ShellPayload)
    if isLookup, !has(.flow), !has(.memory), !has(.capture) { made.append(step(.callback, .missingFlows)) }
    if !has(.memory), !has(.capture) { made.append(step(.remoteControl, .missingMemory)) }
    if !has(.memory), !has(.shell) { made.append(step(.commands, .missingCommands)) }
    if !has(.cloudTrail) { made.append(step(.cloudAccess, .missingCloudTrail)) }
    return made
  }
}

extension Fact {
  static func precedes(_ left: Fact, _ right: Fact) -> Bool {
    let times = (left.time?.nanoseconds ?? .max, right.time?.nanoseconds ?? .max)
    if times.0 != times.1 { return times.0 < times.1 }
    return (left.text, left.findings.first ?? "") < (right.text, right.findings.first ?? "")
  }
}

extension Stage {
  /// The title's phrase; every stage has one of its own name.
  var phrase: Phrase.Key { Phrase.Key(rawValue: camelCase) ?? .other }

  private var camelCase: String {
    let words = rawValue.split(separator: "-")
    return words.enumerated().map { $0 == 0 ? String($1) : $1.prefix(1).uppercased() + $1.dropFirst() }.joined()
  }
}
