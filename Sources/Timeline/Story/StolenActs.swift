import Evidence

/// Weighs what was done in the account anew where it was done with stolen credentials: what many do every day is grave when
/// it is the intruder who does it.
enum StolenActs {
  static func raise(_ findings: inout [Finding], by credentials: [CredentialStory]) {
    var places: [String: Set<String>] = [:]
    for one in credentials { places[one.facts.key, default: []].formUnion(one.facts.elsewhere.map(\.address)) }
    guard !places.isEmpty else { return }
    for index in findings.indices where findings[index].rule.hasPrefix("cloud.") {
      let finding = findings[index]
      guard finding.severity < .high, let far = finding.text("remote_host", "source_ip"),
        finding.entities.contains(where: { $0.kind == .accessKey && places[$0.value]?.contains(far) == true })
      else { continue }
      // What was refused, and mere questions, changed nothing.
      let isDone = finding.text("error_code") == nil && finding.text("event_name") != nil
      findings[index].severity = max(finding.severity, isDone ? .high : .medium)
      findings[index].confidence = .high
      findings[index].message += " The credentials were stolen."
    }
  }
}
