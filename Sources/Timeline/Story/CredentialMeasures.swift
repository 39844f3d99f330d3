import Evidence

extension CredentialStory {
  /// What was done about a key after somebody else had used it, as the API calls show.
  struct Measures {
    var measures: [CredentialFacts.Measure] = []
    var isRestarted = false
    var isRebooted = false

    static func find(_ name: String, _ key: KeyUses.Key, since: Timestamp?, _ view: CaseView) -> Measures {
      var found = Measures()
      var stopped = false
      for call in view.index.controls.sorted(by: SightingOrder.precedes) {
        guard call.event.text("error_code") == nil, let time = call.event.time, since.map({ time >= $0 }) ?? true,
          let kind = kind(call.event, name, key)
        else { continue }
        if kind == .stopped { stopped = true }
        if kind == .started, stopped { found.isRestarted = true }
        if kind == .rebooted { found.isRebooted = true }
        found.add(kind, call.event.time, who(call.event), call.reference)
      }
      // The same session under another key: the instance was handed new credentials.
      for (other, use) in view.index.keys.keys.sorted(by: { $0.key < $1.key })
      where other != name && key.principal != nil && use.principal == key.principal {
        guard let first = use.first, let old = key.first, first > old, let place = use.firstCall else { continue }
        found.add(.newKey, first, other, place)
      }
      found.measures.sort { ($0.time?.nanoseconds ?? .max, $0.subject) < ($1.time?.nanoseconds ?? .max, $1.subject) }
      return found
    }

    private mutating func add(
      _ kind: CredentialFacts.Measure.Kind, _ time: Timestamp?, _ subject: String, _ evidence: EvidenceReference
    ) {
      guard measures.count < 64 else { return }
      measures.append(CredentialFacts.Measure(kind: kind, time: time, subject: subject, evidence: evidence))
    }

    private static func kind(_ event: Event, _ name: String, _ key: KeyUses.Key) -> CredentialFacts.Measure.Kind? {
      let parameters = event.text("request_parameters") ?? ""
      func names(_ text: String?) -> Bool { text.map { !$0.isEmpty && parameters.contains("\"\($0)\"") } ?? false }
      switch event.text("event_name") ?? "" {
      case "PutRolePolicy", "AttachRolePolicy": return names(key.role) && refuses(parameters) ? .revoked : nil
      case "PutUserPolicy", "AttachUserPolicy": return names(key.user) && refuses(parameters) ? .revoked : nil
      case "UpdateAccessKey": return names(name) && parameters.contains("Inactive") ? .keyDisabled : nil
      case "DeleteAccessKey": return names(name) ? .keyDisabled : nil
      case "StopInstances": return names(key.instance) ? .stopped : nil
      case "StartInstances": return names(key.instance) ? .started : nil
      case "RebootInstances": return names(key.instance) ? .rebooted : nil
      case "TerminateInstances": return names(key.instance) ? .terminated : nil
      default: return nil
      }
    }

    /// A policy that takes rights away: what the console's "Revoke active sessions" writes, or AWS's own deny-all.
    private static func refuses(_ parameters: String) -> Bool {
      parameters.contains("AWSRevokeOlderSessions") || parameters.contains("TokenIssueTime")
        || parameters.contains("AWSDenyAll")
    }

    private static func who(_ event: Event) -> String {
      event.text("user").map { "user \($0)" } ?? event.text("role").map { "role \($0)" } ?? event.text("identity_type")
        ?? "somebody unnamed"
    }
  }
}

/// The facts of a key's use in plain sentences.
enum CredentialWords {
  static func message(_ facts: CredentialFacts, reads: [Finding]) -> String {
    var sentences: [String] = []
    let elsewhere = facts.elsewhere
    let count = elsewhere.reduce(0) { $0 + $1.calls }
    let belongs = [facts.type, facts.instance.map { "instance \($0)" }].compactMap { $0 }.joined(separator: ", ")
    let answered = facts.calls.filter { $0.error == nil }.map(\.name)
    let refused = facts.calls.filter { $0.error != nil }.map(\.name)
    if !reads.isEmpty { sentences.append("The metadata service was asked for the role's credentials.") }
    sentences.append(
      "Key \(facts.key) of \(facts.owner)" + (belongs.isEmpty ? "" : " (\(belongs))") + " was used from "
        + elsewhere.map(\.address).prefix(6).joined(separator: ", ") + ": \(count) calls"
        + span(facts.first, facts.last) + ".")
    if !answered.isEmpty { sentences.append("Answered: \(list(answered)).") }
    if !refused.isEmpty { sentences.append("Refused: \(list(refused)).") }
    let usual = facts.places.filter { !$0.isElsewhere }
    if usual.isEmpty {
      sentences.append("No other use of the key is in this evidence.")
    } else {
      sentences.append(
        "Otherwise it was used from "
          + usual.prefix(4).map { "\($0.address) (\($0.calls) calls\(span($0.first, $0.last)))" }
          .joined(separator: ", ") + ".")
    }
    sentences += facts.measures.prefix(12).map { measure($0, facts) }
    sentences.append(effect(facts))
    return sentences.filter { !$0.isEmpty }.joined(separator: " ")
  }

  static func measure(_ measure: CredentialFacts.Measure, _ facts: CredentialFacts) -> String {
    let when = measure.time.map { " at \($0)" } ?? ""
    return switch measure.kind {
    case .revoked: "\(measure.subject) revoked the sessions of \(facts.owner)\(when)."
    case .keyDisabled: "\(measure.subject) disabled the key\(when)."
    case .stopped: "\(measure.subject) stopped the instance\(when)."
    case .started: "\(measure.subject) started the instance\(when)."
    case .rebooted: "\(measure.subject) rebooted the instance\(when), which leaves its credentials as they are."
    case .terminated: "\(measure.subject) terminated the instance\(when)."
    case .newKey: "Key \(measure.subject) of the same session was first used\(when)."
    }
  }

  private static func effect(_ facts: CredentialFacts) -> String {
    guard facts.revoked != nil else { return "Nothing in this evidence revokes the key." }
    if facts.answeredAfter > 0 { return "After that \(facts.answeredAfter) calls from elsewhere were still answered." }
    return facts.firstRefused.map { "The first call refused after that was at \($0)." }
      ?? "No call with the key was seen after that."
  }

  private static func span(_ first: Timestamp?, _ last: Timestamp?) -> String {
    guard let first, let last else { return "" }
    return first == last ? " at \(first)" : " from \(first) to \(last)"
  }

  /// Whether a call of that name changes something.
  static func isChange(_ name: String) -> Bool {
    !["Get", "List", "Describe", "Head", "Lookup", "BatchGet", "Search", "Select", "Query", "Scan"]
      .contains { name.hasPrefix($0) }
  }

  static func list(_ names: [String]) -> String {
    var seen: Set<String> = []
    let different = names.filter { seen.insert($0).inserted }
    // What changed something before what only asked, where not all can be named.
    let told = different.count > 12 ? different.filter(isChange) + different.filter { !isChange($0) } : different
    return told.prefix(12).joined(separator: ", ")
      + (different.count > 12 ? " and \(different.count - 12) more" : "")
  }
}
