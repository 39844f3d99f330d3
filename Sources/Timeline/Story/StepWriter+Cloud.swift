import Evidence

/// Steps that the account's own records tell: what the credentials were used for, what was done about it, the alarms.
extension StepWriter {
  /// Every call that somebody else made with the credentials.
  func cloudCalls() -> Step? {
    let calls = credentials.flatMap(\.calls).sorted(by: SightingOrder.precedes)
    guard let first = calls.first, let last = calls.last else { return nil }
    var step = Step(
      stage: .cloudAccess, status: .observed,
      title: Phrase(
        .cloudAccess, [credentials.flatMap(\.facts.elsewhere).map(\.address).prefix(2).joined(separator: ", ")]),
      severity: .high, first: first.event.time, last: last.event.time)
    step.facts = Array(folded(calls).prefix(Self.maximumFacts))
    step.findings = credentials.map(\.finding.id)
    step.entities = Array(Set(calls.flatMap(\.event.entities))).sorted()
    return step
  }

  /// Of many calls that say the same the first few, then one line for the others: a thousand objects read must not hide the
  /// user that was made after them.
  private func folded(_ calls: [Sighting]) -> [Fact] {
    let few = 5
    let many = 10
    var groups: [String: [Sighting]] = [:]
    for call in calls { groups[call.event.message, default: []].append(call) }
    let facts = groups.values.flatMap { group -> [Fact] in
      guard group.count > many else { return group.map(fact) }
      var rest = fact(group[few])
      rest.text += " (\(group.count - few) calls until \(group.last?.event.time.map(\.description) ?? "?"))"
      return group.prefix(few).map(fact) + [rest]
    }
    return facts.sorted(by: Fact.precedes)
  }

  /// What was done about stolen credentials, and whether the log shows that it worked.
  func containment() -> Step? {
    var facts: [Fact] = []
    for one in credentials.map(\.facts) {
      for measure in one.measures {
        facts.append(
          Fact(
            time: measure.time, text: CredentialWords.measure(measure, one), sources: [.cloudTrail],
            evidence: [located(measure.evidence)], findings: []))
      }
    }
    guard !facts.isEmpty else { return nil }
    facts.sort(by: Fact.precedes)
    var step = Step(
      stage: .containment, status: .observed, title: Phrase(.containment, [String(facts.count)]), severity: .low,
      first: facts.compactMap(\.time).earliest, last: facts.compactMap(\.time).max())
    step.facts = Array(facts.prefix(Self.maximumFacts))
    step.findings = credentials.filter { !$0.facts.measures.isEmpty }.map(\.finding.id)
    return step
  }

  private func located(_ reference: EvidenceReference) -> EvidenceReference {
    var reference = reference
    reference.path = byDigest[reference.artifact]?.name
    return reference
  }

  /// GuardDuty's alarms about credentials, first seen first.
  func credentialAlarms() -> [Finding] {
    story.filter {
      Stage(of: $0) == .alert && AttackMarks.isCredentialAlarm($0.text("finding_type"), $0.severity.rawValue)
    }.sorted(by: FindingOrder.byTime)
  }

  /// An alarm belongs where it was raised, not where what it is about began: nobody knew then.
  func raised(_ step: Step) -> Step {
    var times: [EvidenceReference: Timestamp] = [:]
    for alert in view.index.alerts where alert.event.dataType == "aws:guardduty:finding" {
      if let time = alert.event.time { times[alert.reference] = time }
    }
    var step = step
    for index in step.facts.indices {
      let raised = step.facts[index].evidence.compactMap { place -> Timestamp? in
        times[EvidenceReference(artifact: place.artifact, locator: place.locator)]
      }
      step.facts[index].time = raised.min() ?? step.facts[index].time
    }
    step.facts.sort(by: Fact.precedes)
    step.first = step.facts.compactMap(\.time).earliest
    step.last = step.facts.compactMap(\.time).max()
    return step
  }
}
