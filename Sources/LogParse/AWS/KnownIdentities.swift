import Bytes
import Evidence

/// Keeps what was made of `userIdentity`: the calls of one session all hold the same, which is nearly half of each record.
///
/// A table of fixed size in which a text has one place; one that comes later takes it over. So it neither grows nor can be made
/// slow by whoever chooses the texts, and a text counts as known only when all its bytes are the same.
struct KnownIdentities: ~Copyable {
  /// What one text says, ready to be added to an event.
  final class Known {
    fileprivate let bytes: [UInt8]
    let identity: AWSIdentity
    let attributes: [Attribute]
    let entities: [Entity]
    /// As a message tells it.
    let words: String
    /// 0 where there is none.
    let content: UInt64

    fileprivate init(_ json: JSONView?, _ fingerprint: JSONFingerprint) {
      bytes = json?.bytes.array ?? []
      identity = AWSIdentity(json)
      var attributes: [Attribute] = []
      identity.add(to: &attributes)
      self.attributes = attributes
      entities = identity.entities
      words = identity.words
      content = json.map { fingerprint.of($0) } ?? 0
    }
  }

  private static let capacity = 1024
  /// A longer text is no session's.
  private static let maximumText = 1 << 14

  private var table: [Known?] = Array(repeating: nil, count: capacity)

  mutating func known(_ json: JSONView?, _ fingerprint: JSONFingerprint) -> Known {
    guard let json, json.bytes.count <= Self.maximumText else { return Known(json, fingerprint) }
    let place = Int(truncatingIfNeeded: json.bytes.fingerprint >> 32) & (Self.capacity - 1)
    if let known = table[place], known.bytes.withView({ $0 == json.bytes }) { return known }
    let made = Known(json, fingerprint)
    table[place] = made
    return made
  }
}
