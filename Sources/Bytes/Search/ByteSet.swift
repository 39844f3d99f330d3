import CPlatform

/// A few ASCII bytes, told from all others without a table in memory.
public struct ByteSet: Sendable {
  @usableFromInline var low: UInt64 = 0
  @usableFromInline var high: UInt64 = 0
  fileprivate var halves = platform_byte_set()

  /// - Parameter controls: whether those below a blank are among them, the tab not.
  public init(_ bytes: StaticString, controls: Bool = false) {
    for index in 0..<bytes.utf8CodeUnitCount { insert(bytes.utf8Start[index]) }
    if controls { for byte: UInt8 in 0..<0x20 where byte != 0x09 { insert(byte) } }
  }

  private mutating func insert(_ byte: UInt8) {
    guard byte < 128 else { return }
    let bit = UInt64(1) << UInt64(byte & 63)
    if byte < 64 { low |= bit } else { high |= bit }
    withUnsafeMutableBytes(of: &halves.highs) { $0[Int(byte & 15)] |= 1 << (byte >> 4) }
  }

  @inlinable
  @inline(__always)
  public func contains(_ byte: UInt8) -> Bool {
    byte < 128 && (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 != 0
  }
}

/// The places of a set's bytes in a text, found 64 bytes at a time, for a walk from front to back.
public struct BytePlaces {
  private let set: ByteSet
  @usableFromInline let text: ByteView
  /// The block that is known, and a bit for each of its bytes that is one.
  @usableFromInline var block = -64
  @usableFromInline var found: UInt64 = 0

  public init(of set: ByteSet, in text: ByteView) {
    self.set = set
    self.text = text
  }

  /// The first place at or after one where such a byte stands; the text's end where none does.
  @inlinable
  @inline(__always)
  public mutating func next(from place: Int) -> Int { next(place, 0) }

  /// The same for any other byte.
  @inlinable
  @inline(__always)
  public mutating func end(from place: Int) -> Int { next(place, .max) }

  @inlinable
  @inline(__always)
  mutating func next(_ start: Int, _ turned: UInt64) -> Int {
    var place = max(start, 0)
    while place < text.count {
      if place & ~63 != block { load(place & ~63) }
      let left = (found ^ turned) >> UInt64(place & 63)
      if left != 0 { return min(place + left.trailingZeroBitCount, text.count) }
      place = block + 64
    }
    return text.count
  }

  @usableFromInline
  mutating func load(_ start: Int) {
    block = start
    let rest = text.slice(start)
    found = withUnsafePointer(to: set.halves) { halves in
      rest.unsafeBytes.bindMemory(to: UInt8.self).baseAddress.map { platform_byte_places(halves, $0, rest.count) } ?? 0
    }
  }
}
