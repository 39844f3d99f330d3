import Bytes

/// What records were told already: a record counts as the same only when its identifier and all its bytes are.
///
/// Holds at least the last `capacity` records and at most twice as many, so that memory stays bounded.
struct SeenRecords {
  /// What differs under one identifier must not be lost; identifiers are told apart exactly, contents by a hash.
  private struct Key: Hashable {
    var high: UInt64
    var low: UInt64
    var content: UInt64
    /// The identifier, where it is no UUID; an empty text takes no memory of its own.
    var name: String

    /// With a UUID its bits are enough.
    func hash(into hasher: inout Hasher) {
      hasher.combine(high)
      hasher.combine(low)
      if !name.isEmpty { hasher.combine(name) }
    }
  }

  private let capacity: Int
  private var recent: Set<Key> = []
  private var older: Set<Key> = []

  init(capacity: Int = 1 << 18) { self.capacity = max(capacity, 1) }

  /// - Returns: false when the record is known.
  mutating func insert(_ identifier: ByteView, _ bytes: ByteView) -> Bool {
    let content = bytes.fingerprint
    let key =
      if let (high, low) = Self.uuid(identifier) {
        Key(high: high, low: low, content: content, name: "")
      } else {
        Key(high: 0, low: 0, content: content, name: identifier.slice(0, 1024).string)
      }
    if !older.isEmpty, older.contains(key) { return false }
    if recent.count >= capacity {
      if recent.contains(key) { return false }
      older = recent
      recent = []
    }
    return recent.insert(key).inserted
  }

  /// The 128 bits of `5f3a…-…` in AWS's own form, lower case; nil for anything else, which is then kept as it is written.
  private static func uuid(_ text: ByteView) -> (UInt64, UInt64)? {
    guard text.count == 36, text[8] == 0x2D, text[13] == 0x2D, text[18] == 0x2D, text[23] == 0x2D else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for index in 0..<36 where index != 8 && index != 13 && index != 18 && index != 23 {
      let byte = text[index]
      guard !(0x41...0x46).contains(byte), let digit = hexDigit(byte) else { return nil }
      if index < 18 { high = high << 4 | UInt64(digit) } else { low = low << 4 | UInt64(digit) }
    }
    return (high, low)
  }
}
