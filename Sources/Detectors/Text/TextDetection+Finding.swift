import Evidence

extension TextDetection {
  /// A finding in bytes without records: memory, free pages, an unknown file.
  ///
  /// - Parameters:
  ///   - evidence: the places where the same text lies; the first gives the finding its id.
  ///   - occurrences: of the text, which may be more than the places kept.
  public func finding(evidence: [EvidenceReference], occurrences: Int) -> Finding {
    var entities: [Entity] = []
    entities.addNew(AddressText.entity(host))
    var attributes: [Attribute] = []
    attributes.add("payload", raw)
    attributes.add("decoded", decoded)
    attributes.add("inner_command", commands.last)
    attributes.add("inner_commands", commands)
    attributes.add("technique", technique)
    attributes.add("scheme", scheme)
    attributes.add("remote_host", host)
    attributes.add("remote_port", port.map(Int64.init))
    attributes.add("remote_path", path)
    attributes.add("leaks", leaks)
    attributes.add("steps", steps)
    attributes.add("occurrences", Int64(occurrences))
    let places = occurrences == 1 ? "in one place" : "in \(occurrences) places"
    return Finding(
      rule: rule, title: title, severity: severity, confidence: confidence, attack: attack, entities: entities,
      evidence: evidence, message: "\(message), found as text \(places).", attributes: attributes)
  }
}
