import Evidence

/// The story in three sentences: what happened, how far it went, what now.
struct Verdict {
  let incident: Incident
  let view: CaseView
  let successes: [Log4ShellJoin.Success]

  func sentences() -> [Phrase] { [whatHappened, howFar, whatNow] }

  private func step(_ stage: Stage) -> Step? { incident.steps.first { $0.stage == stage && $0.status != .missing } }

  private func findings(_ stage: Stage) -> [Finding] {
    let told = Set(step(stage)?.findings ?? [])
    return view.findings.filter { told.contains($0.id) }
  }

  private var whatHappened: Phrase {
    let host = incident.host.name
    if let success = successes.first {
      let attempt = success.payloads.first
      let client =
        attempt?.text("client_ip")
        ?? attempt?.entities.first { $0.kind == .address && view.marks.hosts.contains($0.value) }?.value
        ?? success.end.host
      let time = attempt?.firstSeen ?? success.finding.firstSeen
      let when = time.map(moment) ?? "?"
      return Phrase(.takenOverByLog4Shell, [host, client, when, success.end.text])
    }
    if let shell = findings(.remoteControl).first(where: { $0.severity >= .high }) {
      let end = shell.remoteEnd?.text ?? view.marks.hosts.sorted().first ?? "?"
      return Phrase(isConnected(shell) ? .takenOver : .shellCommanded, [host, end])
    }
    if let stolen = worstCredentials {
      return Phrase(
        .credentialsStolen,
        [
          stolen.owner + (stolen.instance.map { " (\($0))" } ?? ""),
          stolen.elsewhere.map(\.address).prefix(3).joined(separator: ", "),
          String(stolen.elsewhere.reduce(0) { $0 + $1.calls }), stolen.first.map(moment) ?? "",
          stolen.last.map(moment) ?? "",
        ])
    }
    let attempts = findings(.exploitation)
    if !attempts.isEmpty { return Phrase(.attackedWithoutProof, [host, String(attempts.count)]) }
    let serious = view.findings.filter { $0.severity >= .medium }
    return serious.isEmpty ? Phrase(.quiet, [host]) : Phrase(.suspicious, [host, String(serious.count)])
  }

  /// Whether more than a command's words says that the shell got through: its socket, memory, or a connection to its far end.
  private func isConnected(_ shell: Finding) -> Bool {
    guard shell.rule.hasSuffix(".command-line") else { return true }
    guard let end = shell.remoteEnd else { return false }
    return findings(.remoteControl).contains { !$0.rule.hasSuffix(".command-line") && $0.remoteEnd?.host == end.host }
      || !view.connections(to: end).isEmpty
  }

  /// Whether the first sentence says that somebody got in.
  private var isProven: Bool {
    switch whatHappened.key {
    case .suspicious, .attackedWithoutProof, .quiet: false
    default: true
    }
  }

  /// `2026-11-25 05:22:33 UTC`
  private func moment(_ time: Timestamp) -> String { time.description.prefix(19).replacing("T", with: " ") + " UTC" }

  /// The credentials that were used most by somebody else.
  private var worstCredentials: CredentialFacts? {
    incident.credentials.max { left, right in
      let calls = [left, right].map { one in one.elsewhere.reduce(0) { $0 + $1.calls } }
      return calls[0] != calls[1] ? calls[0] < calls[1] : left.key > right.key
    }
  }

  private var howFar: Phrase {
    var parts: [Phrase] = []
    let shells = findings(.remoteControl).filter(isConnected)
    // A shell's own process says more than a text in some other's memory.
    if let shell = shells.first(where: { $0.pid.map(view.marks.pids.contains) ?? false && !isServer($0) })
      ?? shells.first
    {
      parts.append(Phrase(.heldShell, [shell.pid.map(String.init) ?? "", shell.remoteEnd?.text ?? ""]))
    }
    if let typed = step(.commands) { parts.append(Phrase(.typedCommands, typed.title.arguments)) }
    if step(.privilegeEscalation) != nil { parts.append(Phrase(.escalated)) }
    if let read = step(.credentialAccess), read.status == .observed {
      parts.append(Phrase(.readCredentials, [incident.host.role ?? ""]))
    }
    if step(.toolTransfer) != nil {
      let files = names(.file, in: findings(.toolTransfer))
      parts.append(Phrase(.transferredTools, [files]))
    }
    if step(.persistence) != nil {
      let files = names(.file, in: findings(.persistence))
      parts.append(Phrase(.leftPersistence, [files]))
    }
    if step(.exfiltration) != nil {
      parts.append(Phrase(.sentDataOut, [findings(.exfiltration).lazy.compactMap { $0.remoteEnd?.text }.first ?? ""]))
    }
    if let stolen = worstCredentials {
      // The first sentence says it already where there is nothing else to say.
      if !successes.isEmpty || !shells.isEmpty {
        parts.append(Phrase(.usedCredentials, [stolen.elsewhere.map(\.address).prefix(2).joined(separator: ", ")]))
        let changed = incident.credentials.flatMap(\.calls)
          .filter { $0.error == nil && CredentialWords.isChange($0.name) }
          .sorted { ($0.first?.nanoseconds ?? .max, $0.name) < ($1.first?.nanoseconds ?? .max, $1.name) }
          .map(\.name)
        if !changed.isEmpty { parts.append(Phrase(.calledServices, [CredentialWords.list(changed)])) }
      } else {
        let answered = stolen.calls.filter { $0.error == nil }.map(\.name)
        if !answered.isEmpty { parts.append(Phrase(.calledServices, [CredentialWords.list(answered)])) }
      }
      let refused = stolen.calls.filter { $0.error != nil }.map(\.name)
      if !refused.isEmpty { parts.append(Phrase(.wasRefused, [CredentialWords.list(refused)])) }
    } else if let use = findings(.cloudAccess).first {
      parts.append(Phrase(.usedCredentials, [use.text("source_ip", "remote_host") ?? incident.attackers.first ?? ""]))
    }
    if step(.lateralMovement) != nil { parts.append(Phrase(.movedLaterally)) }
    if step(.defenseEvasion) != nil { parts.append(Phrase(.coveredTracks)) }
    if step(.impact) != nil { parts.append(Phrase(.causedDamage)) }
    if parts.isEmpty { return Phrase(incident.storyFindings.isEmpty ? .nothingFurtherSought : .noFurtherSteps) }
    return Phrase(isProven ? .intruderThen : .intruderWouldHave, parts: parts)
  }

  private func isServer(_ finding: Finding) -> Bool { finding.pid.map { view.processes.isJava($0) } ?? false }

  private func names(_ kind: Entity.Kind, in findings: [Finding]) -> String {
    Array(Set(findings.flatMap(\.entities).filter { $0.kind == kind }.map(\.value))).sorted().prefix(3)
      .joined(separator: ", ")
  }

  private var whatNow: Phrase {
    let urgent = incident.response.filter { $0.group == .isolate || $0.group == .revoke || $0.group == .block }
    if !urgent.isEmpty {
      let parts = urgent.prefix(3).map(\.title)
      // Only where the key is the whole story does its end change what is urgent.
      guard successes.isEmpty, findings(.remoteControl).isEmpty, let stolen = worstCredentials,
        let revoked = stolen.revoked?.time
      else { return Phrase(.actNow, parts: parts) }
      return stolen.answeredAfter > 0
        ? Phrase(.actNowStillOpen, [moment(revoked), String(stolen.answeredAfter)], parts: parts)
        : Phrase(.actNowAfterRevoking, [moment(revoked), stolen.firstRefused.map(moment) ?? ""], parts: parts)
    }
    return Phrase(incident.findings.contains { $0.severity >= .medium } ? .lookAtFindings : .keepCollecting)
  }
}
