import Bytes

/// Says at once of nearly all literals that do not stand in a text that they do not: a bit for each three bytes which
/// follow each other in it. Dozens of questions about one text then cost one pass.
struct TextSieve {
  /// In a short text looking is as cheap.
  private static let minimum = 768
  /// Of 64 bits: one for each slot.
  private static let words = 1024
  /// Empty: anything may be there.
  private let bits: [UInt64]

  init(_ text: ByteView) {
    guard text.count >= Self.minimum else {
      bits = []
      return
    }
    bits = [UInt64](unsafeUninitializedCapacity: Self.words) { bits, count in
      bits.initialize(repeating: 0)
      count = Self.words
      var three = UInt32(0)
      // The first two are not whole, which at worst says of a literal that it may be there.
      for byte in text.unsafeBytes {
        three = three >> 8 | UInt32(byte) << 16
        let slot = Self.slot(three)
        bits[slot >> 6] |= 1 << UInt64(slot & 63)
      }
    }
  }

  /// Below 65,536.
  private static func slot(_ three: UInt32) -> Int { Int((three &* 0x9E37_79B1) >> 16) }

  func mayHold(_ literal: StaticString) -> Bool {
    guard !bits.isEmpty, literal.utf8CodeUnitCount >= 3 else { return true }
    let bytes = literal.utf8Start
    for index in 0..<literal.utf8CodeUnitCount - 2 {
      let slot = Self.slot(UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16)
      if bits[slot >> 6] >> UInt64(slot & 63) & 1 == 0 { return false }
    }
    return true
  }
}
