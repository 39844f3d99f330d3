import Detectors
import Evidence

/// Gathers secrets that lie in bytes without records: one finding for each secret, with the places as its evidence.
struct SecretFindings {
  private struct Key: Hashable {
    var kind: SecretKind
    var fingerprint: String
  }

  private struct Known {
    var accessKey: String?
    var places: [Locator] = []
    var count = 0
    var holders: [String] = []
  }

  /// Different secrets that are told of; memory of a host has some dozens.
  private static let maximum = 2000

  private let artifact: Digest
  private var order: [Key] = []
  private var found: [Key: Known] = [:]

  init(artifact: Digest) { self.artifact = artifact }

  /// Every place kept.
  var places: [Locator] { order.compactMap { found[$0]?.places }.flatMap { $0 } }

  /// - Parameter holder: in whose memory the place is, in a few words.
  mutating func add(_ secret: SecretSearch.Found, at place: Locator, holder: String? = nil) {
    let key = Key(kind: secret.kind, fingerprint: secret.fingerprint)
    if found[key] == nil {
      guard order.count < Self.maximum else { return }
      order.append(key)
    }
    var known = found.removeValue(forKey: key) ?? Known()
    known.accessKey = known.accessKey ?? secret.accessKey
    known.count += 1
    if known.places.count < TextFindings.maximumPlaces { known.places.append(place) }
    if let holder, known.holders.count < TextFindings.holders, !known.holders.contains(holder) {
      known.holders.append(holder)
    }
    found[key] = known
  }

  func report(into sink: any ResultSink, completing complete: (Locator) -> Locator = { $0 }) {
    for key in order {
      guard let known = found[key] else { continue }
      let what = Self.name(key.kind)
      var message = "\(what) (SHA-256 begins with \(key.fingerprint)) lies open"
      if let id = known.accessKey {
        message = "The secret of access key \(id) (SHA-256 begins with \(key.fingerprint)) lies open"
      }
      message += known.count == 1 ? " in one place" : " in \(known.count) places"
      if !known.holders.isEmpty {
        message += ", in the memory of \(known.holders.joined(separator: ", "))"
        if known.holders.count == TextFindings.holders { message += " and maybe others" }
      }
      var attributes: [Attribute] = [
        Attribute("secret_kind", key.kind.rawValue), Attribute("fingerprint", key.fingerprint),
        Attribute("occurrences", Int64(known.count)),
      ]
      attributes.add("access_key", known.accessKey)
      attributes.add("held_by", known.holders)
      sink.finding(
        Finding(
          rule: "exposure.\(key.kind.rawValue)", title: "Secret in the open: \(key.kind.rawValue)",
          severity: key.kind == .awsSecretKey ? .low : .informational, confidence: .high, attack: ["T1552"],
          entities: known.accessKey.map { [Entity(.accessKey, $0)] } ?? [],
          evidence: known.places.map { EvidenceReference(artifact: artifact, locator: complete($0)) },
          message: message + ".", attributes: attributes))
    }
  }

  private static func name(_ kind: SecretKind) -> String {
    switch kind {
    case .awsSecretKey: "A secret key of AWS"
    case .awsSessionToken: "A session token of AWS"
    case .passwordHash: "The hash of a password"
    case .privateKey: "A private key"
    case .webToken: "A JSON web token"
    case .accessToken: "An access token"
    case .urlPassword: "A password in a URL"
    }
  }
}
