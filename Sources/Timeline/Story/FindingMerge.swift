import Evidence

/// One finding an id: the same rule at the same place said once, with all that was said.
///
/// Copies of one record are one place: a call that two trails delivered, an alarm that is exported again with every update.
enum FindingMerge {
  /// - Parameter identity: tells the record at a place from others, wherever its copies lie; nil where nothing does.
  static func merge(
    _ findings: [Finding], into exposures: inout ExposureList, identity: (EvidenceReference) -> UInt64? = { _ in nil }
  ) -> [Finding] {
    var order: [String] = []
    var byID: [String: [Finding]] = [:]
    for finding in findings where !finding.evidence.isEmpty {
      let masked = SecretMask.mask(finding, into: &exposures)
      let id = name(of: masked, identity)
      if byID[id] == nil { order.append(id) }
      byID[id, default: []].append(masked)
    }
    // Ids are computed, so they are kept beside the findings while these are sorted.
    let merged = order.compactMap { id in byID[id].flatMap { one($0) }.map { (id: $0.id, finding: $0) } }
    return merged.sorted { left, right in
      if left.finding.severity != right.finding.severity { return left.finding.severity > right.finding.severity }
      let times = (left.finding.firstSeen?.nanoseconds ?? .max, right.finding.firstSeen?.nanoseconds ?? .max)
      return times.0 != times.1 ? times.0 < times.1 : left.id < right.id
    }.map(\.finding)
  }

  private static func name(of finding: Finding, _ identity: (EvidenceReference) -> UInt64?) -> String {
    if finding.isAlarm, let id = finding.text("finding_id") { return "\(finding.rule)|\(id)" }
    return finding.evidence.first.flatMap(identity).map { "\(finding.rule)|\($0)" } ?? finding.id
  }

  /// Joins findings of one id. Which is first must not depend on the order in which they came.
  private static func one(_ group: [Finding]) -> Finding? {
    guard group.count > 1 else { return group.first }
    let ordered = group.sorted { precedes($0, $1) }
    guard var whole = ordered.first else { return nil }
    var messages = [whole.message]
    var payloads = Set([whole.payload].compactMap { $0 })
    var more: [String] = []
    for other in ordered.dropFirst() {
      whole.confidence = max(whole.confidence, other.confidence)
      whole.firstSeen = [whole.firstSeen, other.firstSeen].compactMap { $0 }.earliest
      if let seen = other.lastSeen { whole.lastSeen = max(whole.lastSeen ?? seen, seen) }
      for technique in other.attack where !whole.attack.contains(technique) { whole.attack.append(technique) }
      for entity in other.entities where !whole.entities.contains(entity) { whole.entities.append(entity) }
      for reference in other.evidence where !whole.evidence.contains(reference) && whole.evidence.count < 256 {
        whole.evidence.append(reference)
      }
      for attribute in other.attributes where whole[attribute.name] == nil { whole.attributes.append(attribute) }
      // An older state of an alarm says less, or what is no longer so.
      if !whole.isAlarm, !messages.contains(other.message), messages.count < 8 { messages.append(other.message) }
      if let payload = other.payload, payloads.insert(payload).inserted, more.count < 32 { more.append(payload) }
    }
    whole.message = messages.joined(separator: " ")
    if !more.isEmpty {
      if case .texts(let known)? = whole["other_payloads"] { more = known + more.filter { !known.contains($0) } }
      whole.attributes.removeAll { $0.name == "other_payloads" }
      whole.attributes.add("other_payloads", more)
    }
    return whole
  }
}

extension FindingMerge {
  private static func precedes(_ left: Finding, _ right: Finding) -> Bool {
    // Of an alarm the latest state speaks.
    if left.isAlarm, left.lastSeen != right.lastSeen {
      return (left.lastSeen?.nanoseconds ?? .min) > (right.lastSeen?.nanoseconds ?? .min)
    }
    if left.severity != right.severity { return left.severity > right.severity }
    if left.message != right.message { return left.message < right.message }
    let texts = (left.text, right.text)
    return texts.0 != texts.1 ? texts.0 < texts.1 : left.place < right.place
  }
}

extension Finding {
  fileprivate var isAlarm: Bool { rule.hasPrefix("guardduty.") }

  fileprivate var place: (String, UInt64, String) {
    evidence.first.map { ($0.artifact.hex, $0.locator.order, $0.locator.text) } ?? ("", 0, "")
  }

  /// All attributes as text, to order findings that are otherwise alike.
  fileprivate var text: String { attributes.map { "\($0.name)=\($0.value.text)" }.joined(separator: "\u{1F}") }
}
