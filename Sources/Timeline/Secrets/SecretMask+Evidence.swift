import Bytes
import Evidence

extension SecretMask {
  /// The event without its secrets; what was found goes to `exposures`.
  public static func mask(_ event: Event, in artifact: Digest, into exposures: inout ExposureList) -> Event {
    // Nearly all events hold none, and copying their attributes would cost more than reading them.
    guard
      isNeeded(event.message) || event.attributes.contains(where: { isNeeded($0.value) })
        || event.entities.contains(where: { isNeeded($0.value) })
    else { return event }
    var masked = event
    var seen: [(Exposure.Kind, String)] = []
    func clean(_ text: inout String) {
      if let made = mask(text, found: { seen.append(($0, $1)) }) { text = made }
    }
    clean(&masked.message)
    for index in masked.attributes.indices { cleanValue(&masked.attributes[index].value, clean) }
    for index in masked.entities.indices { clean(&masked.entities[index].value) }
    for (kind, fingerprint) in seen { exposures.add(kind, fingerprint, artifact, event.locator) }
    return masked
  }

  /// The finding without its secrets. Its id does not change: that is made of place and rule.
  public static func mask(_ finding: Finding, into exposures: inout ExposureList) -> Finding {
    var masked = finding
    var seen: [(Exposure.Kind, String)] = []
    func clean(_ text: inout String) {
      if let made = mask(text, found: { seen.append(($0, $1)) }) { text = made }
    }
    clean(&masked.message)
    clean(&masked.title)
    for index in masked.attributes.indices { cleanValue(&masked.attributes[index].value, clean) }
    for index in masked.entities.indices { clean(&masked.entities[index].value) }
    if let place = finding.evidence.first {
      for (kind, fingerprint) in seen { exposures.add(kind, fingerprint, place.artifact, place.locator) }
    }
    return masked
  }

  private static func isNeeded(_ value: Value) -> Bool {
    switch value {
    case .text(let text): isNeeded(text)
    case .texts(let texts): texts.contains { isNeeded($0) }
    case .integer, .flag: false
    }
  }

  private static func cleanValue(_ value: inout Value, _ clean: (inout String) -> Void) {
    switch value {
    case .text(var text):
      clean(&text)
      value = .text(text)
    case .texts(var texts):
      for index in texts.indices { clean(&texts[index]) }
      value = .texts(texts)
    case .integer, .flag: break
    }
  }
}

/// Exposed secrets, each with the first of its places in each artifact; bounded.
public struct ExposureList {
  private struct Key: Hashable {
    var kind: Exposure.Kind
    var fingerprint: String
    var artifact: Digest
  }

  /// More places than a reader will visit.
  private static let maximum = 10_000

  private var places: [Key: Locator] = [:]
  /// By the secret's fingerprint.
  private var accessKeys: [String: String] = [:]
  /// Whether there were more than are kept.
  public private(set) var isCut = false

  public init() {}

  public mutating func add(
    _ kind: Exposure.Kind, _ fingerprint: String, _ artifact: Digest, _ locator: Locator, accessKey: String? = nil
  ) {
    if let accessKey, accessKeys.count < Self.maximum { accessKeys[fingerprint] = accessKey }
    let key = Key(kind: kind, fingerprint: fingerprint, artifact: artifact)
    if let known = places[key] {
      if (locator.order, locator.text) < (known.order, known.text) { places[key] = locator }
    } else if places.count < Self.maximum {
      places[key] = locator
    } else {
      isCut = true
    }
  }

  public var sorted: [Exposure] {
    places.map {
      Exposure(
        kind: $0.kind, fingerprint: $0.fingerprint, artifact: $0.artifact, locator: $1,
        accessKey: accessKeys[$0.fingerprint])
    }.sorted()
  }
}
