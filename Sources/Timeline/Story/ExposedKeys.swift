import Evidence

/// Joins secrets that lie open in evidence with CloudTrail, by the key id beside them.
enum ExposedKeys {
  /// A key that others used is how they came by it: its finding belongs to the story.
  static func join(_ findings: inout [Finding], with credentials: [CredentialStory]) {
    for index in findings.indices where findings[index].rule.hasPrefix("exposure.") {
      guard let key = findings[index].text("access_key"),
        let story = credentials.first(where: { $0.facts.key == key })
      else { continue }
      findings[index].severity = max(findings[index].severity, .medium)
      findings[index].message +=
        " CloudTrail has the key in use from \(story.facts.elsewhere.map(\.address).joined(separator: ", "))."
    }
  }

  /// The exposure with everywhere that its key was used from.
  static func uses(of exposure: Exposure, _ keys: KeyUses, _ credentials: [CredentialStory]) -> Exposure {
    guard let name = exposure.accessKey, let key = keys.keys[name] else { return exposure }
    var exposure = exposure
    exposure.uses =
      credentials.first { $0.facts.key == name }?.facts.places
      ?? key.places.map { address, place in
        CredentialFacts.Place(
          address: address, first: place.first, last: place.last, calls: place.calls, denied: place.denied,
          isElsewhere: false)
      }.sorted { ($0.first?.nanoseconds ?? .max, $0.address) < ($1.first?.nanoseconds ?? .max, $1.address) }
    return exposure
  }
}

extension ExposureList {
  /// Takes the places of a finding that says where a secret lies.
  mutating func add(_ finding: Finding) {
    guard finding.rule.hasPrefix("exposure."), let kind = finding.text("secret_kind").flatMap(SecretKind.init),
      let fingerprint = finding.text("fingerprint")
    else { return }
    for place in finding.evidence {
      add(kind, fingerprint, place.artifact, place.locator, accessKey: finding.text("access_key"))
    }
  }
}
