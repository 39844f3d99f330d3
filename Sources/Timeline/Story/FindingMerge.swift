import Evidence

/// One finding an id: the same rule at the same place said once, with all that was said.
enum FindingMerge {
  static func merge(_ findings: [Finding], into exposures: inout ExposureList) -> [Finding] {
    var order: [String] = []
    var byID: [String: [Finding]] = [:]
    for finding in findings where !finding.evidence.isEmpty {
      let masked = SecretMask.mask(finding, into: &exposures)
      let id = masked.id
      if byID[id] == nil { order.append(id) }
      byID[id, default: []].append(masked)
    }
    // Ids are computed, so they are kept beside the findings while these are sorted.
    let merged = order.compactMap { id in byID[id].flatMap { one($0) }.map { (id: id, finding: $0) } }
    return merged.sorted { left, right in
      if left.finding.severity != right.finding.severity { return left.finding.severity > right.finding.severity }
      let times = (left.finding.firstSeen?.nanoseconds ?? .max, right.finding.firstSeen?.nanoseconds ?? .max)
      return times.0 != times.1 ? times.0 < times.1 : left.id < right.id
    }.map(\.finding)
  }

  /// Joins findings of one id. Which is first must not depend on the order in which they came.
  private static func one(_ group: [Finding]) -> Finding? {
    guard group.count > 1 else { return group.first }
    let ordered = group.sorted {
      $0.severity != $1.severity ? $0.severity > $1.severity : ($0.message, $0.text) < ($1.message, $1.text)
    }
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
      if !messages.contains(other.message), messages.count < 8 { messages.append(other.message) }
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

extension Finding {
  /// All attributes as text, to order findings that are otherwise alike.
  fileprivate var text: String { attributes.map { "\($0.name)=\($0.value.text)" }.joined(separator: "\u{1F}") }
}
