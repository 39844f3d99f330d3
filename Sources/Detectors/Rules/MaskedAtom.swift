/// Four bytes in a row of a literal, by which it is found; the last of them may lie beyond the literal's end.
struct MaskedAtom {
  /// In the literal.
  let offset: Int
  private let value: UInt32
  /// Bits that may be either way. The one that tells upper from lower case is always set in a word, so it is none of them.
  private let unknown: UInt32

  /// A place of the object costs about so much less than an entry, which makes the bitmap fuller for all places (with half
  /// a gigabyte and two million bits).
  private static let places = 268_435_456.0
  private static let costOfEntry = 128.0
  /// An atom of two known bytes has as many values.
  private static let maximumUnknown = 14

  /// How many values it can have.
  var count: Int { 1 << unknown.nonzeroBitCount }

  /// The one by which the literal is found soonest; nil where every one may be all zeros, or has too many values.
  init?(of literal: MaskedLiteral) {
    var shares = SIMD16<Double>(repeating: 1)
    for index in 0..<literal.count {
      let byte = literal[index]
      shares[index] = ByteRarity.share(MaskedByte(byte.value, mask: byte.mask & 0xDF))
    }
    var best: (cost: Double, atom: MaskedAtom)?
    for offset in 0...max(literal.count - 4, 0) {
      let atom = MaskedAtom(literal, offset)
      guard atom.unknown.nonzeroBitCount <= Self.maximumUnknown, !atom.mayBeZero(literal) else { continue }
      let cost =
        Self.places * shares[offset] * shares[offset + 1] * shares[offset + 2] * shares[offset + 3]
        + Self.costOfEntry * Double(atom.count)
      if best.map({ cost < $0.cost }) ?? true { best = (cost, atom) }
    }
    guard let best else { return nil }
    self = best.atom
  }

  private init(_ literal: MaskedLiteral, _ offset: Int) {
    self.offset = offset
    var value: UInt32 = 0
    var mask: UInt32 = 0
    for index in 0..<4 {
      let byte = literal[offset + index]
      value |= UInt32(byte.value) << UInt32(index * 8)
      mask |= UInt32(byte.mask) << UInt32(index * 8)
    }
    self.value = value
    unknown = ~mask & 0xDFDF_DFDF
  }

  /// Beyond the literal's end bytes may be zero, and do not count.
  private func mayBeZero(_ literal: MaskedLiteral) -> Bool {
    (0..<4).allSatisfy { literal[offset + $0].mayBeZero }
  }

  /// Every value, with the bits set that tell upper from lower case.
  func forEachWord(_ body: (UInt32) -> Void) {
    let known = value & ~unknown | 0x2020_2020
    var part: UInt32 = 0
    repeat {
      body(known | part)
      part = (part &- unknown) & unknown
    } while part != 0
  }
}
