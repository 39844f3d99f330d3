import Bytes

/// A byte of which some bits are known: all of them, one nibble, all but that which tells upper from lower case, none.
struct MaskedByte: Hashable, Sendable {
  var value: UInt8
  var mask: UInt8

  /// - Parameter value: bits that are not known are dropped.
  init(_ value: UInt8, mask: UInt8 = 0xFF) {
    self.value = value & mask
    self.mask = mask
  }

  static let any = MaskedByte(0, mask: 0)

  /// The byte with either case of a letter. The bit that tells them apart is forgotten where it may matter, so the result
  /// covers all that the byte covers, and the other case of it.
  var caseless: MaskedByte {
    let isOther = mask == 0xFF && !((0x41...0x5A).contains(value & 0xDF))
    return isOther ? self : MaskedByte(value, mask: mask & 0xDF)
  }

  /// All bits are known, or it is a letter of either case.
  var isKnownButForCase: Bool { mask == 0xFF || mask == 0xDF && (0x41...0x5A).contains(value) }

  var mayBeZero: Bool { value == 0 }
  func covers(_ byte: UInt8) -> Bool { byte & mask == value }
}

/// Up to sixteen bytes in a row, each known in full, in part or not at all: what can be looked for in a large object.
///
/// Plain data, so that tens of thousands of them are kept, written and read as one run of bytes.
struct MaskedLiteral: Hashable, Sendable {
  static let maximumLength = 16

  private(set) var value: SIMD2<UInt64> = .zero
  private(set) var mask: SIMD2<UInt64> = .zero
  private(set) var count = 0

  /// What is beyond the sixteenth byte is left out.
  init(_ bytes: some Sequence<MaskedByte>) {
    for byte in bytes where count < Self.maximumLength {
      let shift = UInt64(count & 7) * 8
      value[count >> 3] |= UInt64(byte.value) << shift
      mask[count >> 3] |= UInt64(byte.mask) << shift
      count += 1
    }
  }

  init(text: some Sequence<UInt8>) { self.init(text.lazy.map { MaskedByte($0) }) }

  /// From a stored form; nil for what no literal is.
  init?(value: SIMD2<UInt64>, mask: SIMD2<UInt64>, count: Int) {
    guard (1...Self.maximumLength).contains(count), value & ~mask == .zero else { return nil }
    // A shift by all 64 bits or more leaves nothing.
    let first: UInt64 = UInt64.max << UInt64(count * 8)
    let second: UInt64 = UInt64.max << UInt64(max(count - 8, 0) * 8)
    guard mask[0] & first == 0, mask[1] & second == 0 else { return nil }
    self.value = value
    self.mask = mask
    self.count = count
  }

  /// Beyond the end any byte.
  subscript(_ index: Int) -> MaskedByte {
    guard index >= 0, index < count else { return .any }
    let shift = UInt64(index & 7) * 8
    return MaskedByte(
      UInt8(truncatingIfNeeded: value[index >> 3] >> shift), mask: UInt8(truncatingIfNeeded: mask[index >> 3] >> shift))
  }

  var bytes: [MaskedByte] { (0..<count).map { self[$0] } }
}

extension MaskedLiteral {
  /// Whether the literal stands at a place; it must end within the view.
  @inline(__always)
  func stands(in view: ByteView, at place: Int) -> Bool { view.sixteenBytes(at: place) & mask == value }
}

extension ByteView {
  /// Sixteen bytes; those beyond the end are zero.
  @inline(__always)
  fileprivate func sixteenBytes(at place: Int) -> SIMD2<UInt64> {
    if let base = unsafeBytes.baseAddress, place >= 0, place + 16 <= count {
      return SIMD2(
        UInt64(littleEndian: (base + place).loadUnaligned(as: UInt64.self)),
        UInt64(littleEndian: (base + place + 8).loadUnaligned(as: UInt64.self)))
    }
    var words = SIMD2<UInt64>.zero
    for index in 0..<16 { words[index >> 3] |= UInt64(self[place + index]) << UInt64((index & 7) * 8) }
    return words
  }
}
