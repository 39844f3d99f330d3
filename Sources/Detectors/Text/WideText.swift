import Bytes

/// UTF-16 within other text: memory of Java and Windows programs, and what was copied out of it.
enum WideText {
  /// Characters that follow each other, so that the arguments of a process, some of one letter, are none.
  private static let minimum = 8

  /// Whether any stretch of it stands there.
  static func stands(in text: ByteView) -> Bool { stretch(in: text, from: 0) != nil }

  /// The text with the zero bytes taken out of such stretches, whichever half of a character comes first; nil where there
  /// is none.
  static func narrowed(_ text: ByteView) -> [UInt8]? {
    var out: [UInt8] = []
    var copied = 0
    while let stretch = stretch(in: text, from: copied) {
      if out.isEmpty { out.reserveCapacity(text.count) }
      // The half before the first character is its own where the high one comes first.
      let isHighFirst = stretch.lowerBound > copied && text[stretch.lowerBound - 1] == 0
      out.append(contentsOf: text.slice(copied, stretch.lowerBound - (isHighFirst ? 1 : 0)).unsafeBytes)
      for place in stride(from: stretch.lowerBound, to: stretch.upperBound, by: 2) { out.append(text[place]) }
      copied = stretch.upperBound
    }
    guard copied > 0 else { return nil }
    out.append(contentsOf: text.slice(copied).unsafeBytes)
    return out
  }

  /// The next stretch of characters with a zero byte behind each.
  private static func stretch(in text: ByteView, from start: Int) -> Range<Int>? {
    var from = start
    while let zero = text.firstIndex(of: 0, from: from) {
      let first = zero - 1
      var end = first
      if first >= start { while isCharacter(text[end]), text[end + 1] == 0, end + 1 < text.count { end += 2 } }
      if end - first >= 2 * minimum { return first..<end }
      from = max(zero + 1, end)
    }
    return nil
  }

  private static func isCharacter(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }
}
