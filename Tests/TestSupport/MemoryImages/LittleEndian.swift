/// Numbers as dump formats write them.
extension [UInt8] {
  public mutating func append(u16 number: UInt16) { appendBytes(number.littleEndian) }
  public mutating func append(u32 number: UInt32) { appendBytes(number.littleEndian) }
  public mutating func append(u64 number: UInt64) { appendBytes(number.littleEndian) }
  public mutating func append(bigEndian number: UInt64) { appendBytes(number.bigEndian) }

  private mutating func appendBytes<Number: FixedWidthInteger>(_ number: Number) {
    Swift.withUnsafeBytes(of: number) { append(contentsOf: $0) }
  }

  /// Overwrites bytes, growing with zeros where the place lies behind the end.
  public mutating func put(_ bytes: [UInt8], at offset: Int) {
    if count < offset + bytes.count { append(contentsOf: [UInt8](repeating: 0, count: offset + bytes.count - count)) }
    replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }

  public mutating func put(u32 number: UInt32, at offset: Int) { put(littleEndianBytes(number), at: offset) }
  public mutating func put(u64 number: UInt64, at offset: Int) { put(littleEndianBytes(number), at: offset) }
}

private func littleEndianBytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { [UInt8]($0) }
}

/// Bytes that look like nothing and are the same in every run. A linear congruential generator.
public func noise(_ count: Int, seed: UInt32 = 1) -> [UInt8] {
  var state = seed
  return (0..<count).map { _ in
    state = (state &* 1_103_515_245 &+ 12_345) & 0x7FFF_FFFF
    return UInt8(truncatingIfNeeded: state >> 16)
  }
}
