import CPlatform
import Foundation

/// A borrowed run of bytes on which no operation can trap or read outside.
///
/// Evidence is hostile, so every accessor is total: an index outside gives 0, a range outside is clamped, a number that
/// does not fit is nil. A view is two words, costs nothing to copy or slice, and is valid only while the storage it was
/// made from is (the body of the closure that handed it out): keep `string` or `array`, never the view.
public struct ByteView: @unchecked Sendable {
  /// Of a view of nothing, an address at which there is nothing: so no access asks whether there is one.
  @usableFromInline let base: UnsafePointer<UInt8>
  public let count: Int

  @inlinable static var nowhere: UnsafePointer<UInt8> { ("" as StaticString).utf8Start }

  @inlinable
  public init(_ buffer: UnsafeRawBufferPointer) {
    base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? Self.nowhere
    count = buffer.count
  }

  @inlinable
  public init(_ buffer: UnsafeBufferPointer<UInt8>) {
    base = buffer.baseAddress ?? Self.nowhere
    count = buffer.count
  }

  @inlinable
  init(base: UnsafePointer<UInt8>, count: Int) {
    self.base = base
    self.count = count
  }

  /// The bytes of a literal. They live as long as the program.
  @inlinable
  public init(_ literal: StaticString) {
    base = literal.utf8Start
    count = literal.utf8CodeUnitCount
  }

  @inlinable public var isEmpty: Bool { count == 0 }

  /// The byte at a place; 0 outside.
  @inlinable
  public subscript(_ index: Int) -> UInt8 {
    // As unsigned numbers, for which one comparison tells both ends.
    UInt(bitPattern: index) < UInt(bitPattern: count) ? base[index] : 0
  }

  /// The part from `start` up to `end`, both clamped to the view.
  @inlinable
  public func slice(_ start: Int, _ end: Int = .max) -> ByteView {
    let low = min(max(start, 0), count)
    let high = min(max(end, low), count)
    return ByteView(base: base + low, count: high - low)
  }

  @inlinable public func dropFirst(_ number: Int) -> ByteView { slice(number) }

  @inlinable public func dropLast(_ number: Int) -> ByteView { slice(0, count &- min(max(number, 0), count)) }

  /// The storage, for a call into C that takes a pointer and a length.
  @inlinable
  public var unsafeBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// How far `other`, which must be a slice of this view, lies from its start.
  @inlinable
  public func offset(of other: ByteView) -> Int {
    other.base - base
  }
}

// MARK: - Searching

extension ByteView {
  /// Place of the first such byte at or after `start`. memchr: the fastest way to walk bytes.
  @inlinable
  public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
    guard start >= 0, start < count else { return nil }
    guard let found = memchr(base + start, Int32(byte), count - start) else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }

  public func lastIndex(of byte: UInt8) -> Int? {
    let place = platform_find_last(base, count, byte)
    return place < 0 ? nil : place
  }

  /// Place of the first occurrence at or after `start`. memmem.
  public func firstIndex(of needle: ByteView, from start: Int = 0) -> Int? {
    guard start >= 0, start <= count else { return nil }
    let place = platform_find(base + start, count - start, needle.base, needle.count)
    return place < 0 ? nil : place + start
  }

  /// Place of the last occurrence of two bytes or more, looked for from the end.
  public func lastIndex(of needle: StaticString) -> Int? {
    let place = platform_find_last_word(base, count, needle.utf8Start, needle.utf8CodeUnitCount)
    return place < 0 ? nil : place
  }

  public func contains(_ needle: StaticString) -> Bool { firstIndex(of: ByteView(needle)) != nil }

  @inlinable
  public func hasPrefix(_ prefix: ByteView) -> Bool {
    prefix.count <= count && memcmp(base, prefix.base, prefix.count) == 0
  }

  @inlinable public func hasPrefix(_ prefix: StaticString) -> Bool { hasPrefix(ByteView(prefix)) }

  @inlinable
  public func hasSuffix(_ suffix: StaticString) -> Bool {
    let other = ByteView(suffix)
    return other.count <= count && slice(count - other.count).hasPrefix(other)
  }

  @inlinable
  public static func == (left: ByteView, right: StaticString) -> Bool {
    left.count == right.utf8CodeUnitCount && left.hasPrefix(right)
  }

  @inlinable
  public static func == (left: ByteView, right: ByteView) -> Bool {
    guard left.count == right.count else { return false }
    // Two words that may overlap are all of a short text, and no call.
    if left.count <= 16, let front = left.u64(0), let back = left.u64(left.count - 8) {
      return front == right.u64(0) && back == right.u64(left.count - 8)
    }
    return left.hasPrefix(right)
  }

  /// Compares letters without regard to ASCII case.
  public func equalsIgnoringCase(_ other: StaticString) -> Bool {
    let right = ByteView(other)
    guard right.count == count else { return false }
    for index in 0..<count where lowercased(self[index]) != lowercased(right[index]) { return false }
    return true
  }
}

@inlinable
public func lowercased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

// MARK: - Parts

extension ByteView {
  /// Without spaces, tabs, carriage returns and newlines at both ends.
  @inlinable
  public var trimmed: ByteView {
    var low = 0
    var high = count
    while low < high, Self.isBlank(self[low]) { low += 1 }
    while high > low, Self.isBlank(self[high - 1]) { high -= 1 }
    return slice(low, high)
  }

  @inlinable
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

  /// The two sides of the first such byte; nil where it does not occur.
  @inlinable
  public func cut(_ byte: UInt8) -> (before: ByteView, after: ByteView)? {
    guard let place = firstIndex(of: byte) else { return nil }
    return (slice(0, place), slice(place + 1))
  }

  /// The parts between single occurrences of a byte, empty ones kept; at most `limit`, the last holding the rest.
  public func split(_ byte: UInt8, limit: Int = 4096) -> [ByteView] {
    var parts: [ByteView] = []
    var start = 0
    while parts.count + 1 < limit, let place = firstIndex(of: byte, from: start) {
      parts.append(slice(start, place))
      start = place + 1
    }
    parts.append(slice(start))
    return parts
  }

  /// The words between runs of blanks; at most `limit`, the last holding the rest of the line as it stands.
  public func words(limit: Int = 4096) -> [ByteView] {
    var words: [ByteView] = []
    var place = 0
    while true {
      while place < count, Self.isBlank(self[place]) { place += 1 }
      if place >= count { return words }
      if words.count + 1 >= limit {
        words.append(slice(place).trimmed)
        return words
      }
      let start = place
      while place < count, !Self.isBlank(self[place]) { place += 1 }
      words.append(slice(start, place))
    }
  }
}

// MARK: - Values

extension ByteView {
  /// UTF-8 text; invalid bytes become U+FFFD. Copies.
  public var string: String {
    // So short a text lies in the string itself: written there at once, it costs a third of what decoding does.
    if count <= 15 {
      return String(unsafeUninitializedCapacity: count) { buffer in
        guard let target = buffer.baseAddress else { return 0 }
        target.initialize(from: base, count: count)
        return count
      }
    }
    return String(decoding: unsafeBytes, as: UTF8.self)
  }

  public var array: [UInt8] { [UInt8](unsafeBytes) }

  /// A decimal number with an optional sign and nothing else; nil when it does not fit 64 bits.
  public var integer: Int64? {
    guard count > 0, count <= 20 else { return nil }
    // So few digits cannot be too large.
    if count <= 18, self[0] >= 0x30 {
      var value: Int64 = 0
      for place in 0..<count {
        let digit = base[place] &- 0x30
        guard digit <= 9 else { return nil }
        value = value &* 10 &+ Int64(digit)
      }
      return value
    }
    let negative = self[0] == 0x2D
    var place = negative || self[0] == 0x2B ? 1 : 0
    guard place < count else { return nil }
    var value: Int64 = 0
    while place < count {
      let digit = Int64(self[place]) - 0x30
      guard digit >= 0, digit <= 9 else { return nil }
      let (tenfold, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, beyond) =
        negative
        ? tenfold.subtractingReportingOverflow(digit) : tenfold.addingReportingOverflow(digit)
      if over || beyond { return nil }
      value = sum
      place += 1
    }
    return value
  }

  /// Whether the text is an IPv4 address: four decimal numbers under 256.
  public var isDottedAddress: Bool { platform_is_dotted(base, count) != 0 }

  /// Up to seven digits that stand at a place, and how many they are: found and added up eight bytes at once. Nil where none or more
  /// stand there, or fewer than eight bytes are left.
  @inlinable
  @inline(__always)
  public func shortNumber(at place: Int) -> (number: Int64, count: Int)? {
    guard let word = u64(place) else { return nil }
    let values = word ^ 0x3030_3030_3030_3030
    // The high bit of every byte that is no digit is exact up to the first.
    let others = (values | (values &+ 0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080
    let count = others.trailingZeroBitCount >> 3
    guard count > 0, count < 8 else { return nil }
    // The digits moved to the end, with zeros in front; then pairs of them, of pairs and of fours are made one.
    var number = values << UInt64(64 &- count &* 8)
    number = (number &* 10 &+ number >> 8) & 0x00FF_00FF_00FF_00FF
    number = (number &* 100 &+ number >> 16) & 0x0000_FFFF_0000_FFFF
    number = (number &* 10_000 &+ number >> 32) & 0xFFFF_FFFF
    return (Int64(number), count)
  }

  /// A hexadecimal number, with or without 0x; nil when it does not fit 64 bits.
  public var hexadecimal: UInt64? {
    let digits = hasPrefix("0x") || hasPrefix("0X") ? slice(2) : self
    guard digits.count > 0, digits.count <= 16 else { return nil }
    var value: UInt64 = 0
    for index in 0..<digits.count {
      guard let digit = hexDigit(digits[index]) else { return nil }
      value = value << 4 | UInt64(digit)
    }
    return value
  }

  /// Little-endian numbers; nil where they would reach past the end.
  @inlinable
  public func u16(_ offset: Int) -> UInt16? { load(offset) }
  @inlinable
  public func u32(_ offset: Int) -> UInt32? { load(offset) }
  @inlinable
  public func u64(_ offset: Int) -> UInt64? { load(offset) }

  /// The same with zeros for what lies behind the end.
  @inlinable
  @inline(__always)
  public func head(_ offset: Int) -> UInt64 {
    if let whole = u64(offset) { return whole }
    var head: UInt64 = 0
    for index in 0..<8 { head |= UInt64(self[offset + index]) << UInt64(index * 8) }
    return head
  }

  @inlinable
  func load<Number: FixedWidthInteger>(_ offset: Int) -> Number? {
    guard offset >= 0, count - offset >= MemoryLayout<Number>.size else { return nil }
    return Number(littleEndian: UnsafeRawPointer(base + offset).loadUnaligned(as: Number.self))
  }
}

@inlinable
public func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case 0x30...0x39: byte - 0x30
  case 0x41...0x46: byte - 0x37
  case 0x61...0x66: byte - 0x57
  default: nil
  }
}

extension Array where Element == UInt8 {
  /// A view of the whole array, valid inside the closure.
  @inlinable
  public func withView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
    try withUnsafeBytes { try body(ByteView($0)) }
  }
}

extension String {
  /// A view of the UTF-8 text, valid inside the closure.
  public func withView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
    // All native text gives its bytes as they lie, without counting a use of it.
    if let result = try utf8.withContiguousStorageIfAvailable({ try body(ByteView($0)) }) { return result }
    var copy = self
    return try copy.withUTF8 { try body(ByteView($0)) }
  }
}
