import Bytes

/// Says at once of nearly all literals that do not stand in a text that they do not: a bit for each three bytes which
/// follow each other in it. Dozens of questions about one text then cost one pass.
struct TextSieve {
  /// In a short text looking is as cheap.
  private static let minimum = 768
  /// Empty: anything may be there.
  private let bits: [UInt64]

  init(_ text: ByteView) {
    guard text.count >= Self.minimum else {
      bits = []
      return
    }
    var bits = [UInt64](repeating: 0, count: 1024)
    var three = UInt32(text[0]) << 8 | UInt32(text[1]) << 16
    for index in 2..<text.count {
      three = three >> 8 | UInt32(text[index]) << 16
      let slot = Self.slot(three)
      bits[slot >> 6] |= 1 << UInt64(slot & 63)
    }
    self.bits = bits
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
