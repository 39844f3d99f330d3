import Bytes

/// Says at once of nearly all literals that do not stand in a text that they do not: a mark for each three bytes which
/// follow each other in it. Dozens of questions about one text then cost one pass.
struct TextSieve {
  /// In a short text looking is as cheap.
  private static let minimum = 768
  /// A byte for each, for setting a bit would wait for the one that was set before.
  private static let slots = 1 << 15
  /// Empty: anything may be there.
  private let marks: [UInt8]

  init(_ text: ByteView) {
    guard text.count >= Self.minimum else {
      marks = []
      return
    }
    marks = [UInt8](unsafeUninitializedCapacity: Self.slots) { marks, count in
      marks.initialize(repeating: 0)
      count = Self.slots
      var three = UInt32(0)
      // The first two are not whole, which at worst says of a literal that it may be there.
      for byte in text.unsafeBytes {
        three = three >> 8 | UInt32(byte) << 16
        marks[Self.slot(three)] = 1
      }
    }
  }

  /// Below `slots`.
  private static func slot(_ three: UInt32) -> Int { Int((three &* 0x9E37_79B1) >> 17) }

  func mayHold(_ literal: StaticString) -> Bool {
    guard !marks.isEmpty, literal.utf8CodeUnitCount >= 3 else { return true }
    let bytes = literal.utf8Start
    for index in 0..<literal.utf8CodeUnitCount - 2 {
      let three = UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
      if marks[Self.slot(three)] == 0 { return false }
    }
    return true
  }
}
