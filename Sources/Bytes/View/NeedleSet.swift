import CPlatform

/// Byte strings that are looked for together, in one pass: several GB a second for a handful, the cost growing with
/// their number. For one string `ByteView.firstIndex(of:)` does; for hundreds a rule engine is the better way.
public final class NeedleSet: @unchecked Sendable {
  /// The longest needle's length.
  public let maximumByteCount: Int
  private let storage: UnsafeMutableBufferPointer<UInt8>
  private let needles: UnsafeMutableBufferPointer<platform_needle>
  /// What each entry of `needles` was in the list given (empty ones are left out).
  private let indexes: [Int]

  /// - Parameter needles: an empty one is never found.
  public init(_ needles: [[UInt8]]) {
    indexes = needles.indices.filter { !needles[$0].isEmpty }
    maximumByteCount = needles.map(\.count).max() ?? 0
    storage = .allocate(capacity: max(needles.reduce(0) { $0 + $1.count }, 1))
    self.needles = .allocate(capacity: max(indexes.count, 1))
    var place = 0
    for (entry, index) in indexes.enumerated() {
      let needle = needles[index]
      for (offset, byte) in needle.enumerated() { storage[place + offset] = byte }
      let rarest = Self.rarestPlaces(needle)
      self.needles[entry] = platform_needle(
        bytes: storage.baseAddress.map { UnsafePointer($0 + place) }, count: UInt32(clamping: needle.count),
        first: UInt32(clamping: rarest.0), second: UInt32(clamping: rarest.1))
      place += needle.count
    }
  }

  deinit {
    storage.deallocate()
    needles.deallocate()
  }

  /// Calls the body with every occurrence that begins before `limit`, in order of place, until it returns false; needles
  /// that begin at one place come in the order of the list. An occurrence must end inside of the view. Returns false when
  /// the body did.
  @discardableResult
  public func forEachPlace(
    in view: ByteView, startingBefore limit: Int = .max, _ body: (_ needle: Int, _ place: Int) -> Bool
  ) -> Bool {
    let bytes = view.unsafeBytes
    guard !indexes.isEmpty, let base = bytes.baseAddress else { return true }
    let limit = min(max(limit, 0), bytes.count)
    var place = 0
    // Room for at least 64 places at which all needles fit: what one step of the search may find.
    return withUnsafeTemporaryAllocation(of: platform_hit.self, capacity: max(256, indexes.count * 64)) { hits in
      while place < limit {
        let found = platform_find_any(
          base, bytes.count, limit, &place, needles.baseAddress, indexes.count, hits.baseAddress, hits.count)
        for hit in hits[0..<found] where !body(indexes[hit.needle], hit.place) { return false }
      }
      return true
    }
  }

  /// The two places whose bytes are least common in memory: where both fit, there is nearly always a hit.
  private static func rarestPlaces(_ needle: [UInt8]) -> (Int, Int) {
    let order = needle.indices.sorted { (frequency(needle[$0]), $0) < (frequency(needle[$1]), $1) }
    guard let first = order.first else { return (0, 0) }
    // The same byte twice tells less than another one.
    return (first, order.first { needle[$0] != needle[first] } ?? order.last ?? first)
  }

  /// How common a byte is in a server's memory, in steps: zeros and ones everywhere, then text and machine code.
  private static func frequency(_ byte: UInt8) -> Int {
    switch byte {
    case 0x00: 6
    case 0xFF: 5
    case 0x01...0x08, 0x20, 0x48, 0x61, 0x65, 0x69, 0x6E, 0x6F, 0x72, 0x73, 0x74: 4
    case 0x0F, 0x24, 0x41, 0x44, 0x4C, 0x61...0x7A, 0x80, 0x83, 0x85, 0x88, 0x89, 0x8B, 0x8D, 0xC0, 0xE8: 3
    case 0x2D, 0x2E, 0x2F, 0x30...0x39, 0x5F: 2
    case 0x41...0x5A: 1
    default: 0
    }
  }
}
