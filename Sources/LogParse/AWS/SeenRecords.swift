import Bytes

/// Which records were told already: a record counts as the same only when its identifier and all its bytes are.
///
/// Holds at least the last `capacity` records and at most twice as many, so that memory stays bounded.
struct SeenRecords {
  private let capacity: Int
  private var recent: Set<String> = []
  private var older: Set<String> = []

  init(capacity: Int = 1 << 18) { self.capacity = max(capacity, 1) }

  /// - Returns: false when the record is known.
  mutating func insert(_ identifier: String, _ bytes: ByteView) -> Bool {
    // What differs under one identifier must not be lost; identifiers are told apart exactly, contents by a hash.
    let key = identifier.prefix(256) + "/" + String(Self.hash(bytes), radix: 16)
    if recent.contains(key) || older.contains(key) { return false }
    if recent.count >= capacity {
      older = recent
      recent = []
    }
    recent.insert(key)
    return true
  }

  /// FNV-1a, eight bytes at a time.
  private static func hash(_ bytes: ByteView) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var place = 0
    while let word = bytes.u64(place) {
      hash = (hash ^ word) &* 0x100_0000_01b3
      place += 8
    }
    for index in place..<max(place, bytes.count) { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
    return hash
  }
}
