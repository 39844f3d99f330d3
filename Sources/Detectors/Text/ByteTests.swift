import Bytes

/// Letters, digits and the signs of names.
@inline(__always)
func isWordByte(_ byte: UInt8) -> Bool {
  let small = byte | 0x20
  return small >= 0x61 && small <= 0x7A || byte >= 0x30 && byte <= 0x39 || byte == 0x5F
}

/// Whether a byte is one of a few, without the cost of asking a string.
@inline(__always)
func isAny(_ byte: UInt8, of some: StaticString) -> Bool {
  let start = some.utf8Start
  for index in 0..<some.utf8CodeUnitCount where start[index] == byte { return true }
  return false
}

extension LiteralSet {
  /// Whether any of the literals stands in a text.
  func occurs(in text: ByteView) -> Bool {
    var found = false
    forEachMatch(in: text) { _, _ in
      found = true
      return nil
    }
    return found
  }
}
