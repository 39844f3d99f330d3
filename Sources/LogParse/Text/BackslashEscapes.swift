import Bytes

extension ByteView {
  /// The text without its backslashes, which each program writes in a way of its own.
  ///
  /// - Parameter escape: of a text that begins with a backslash, the byte that is meant and how many bytes say so; nil where the
  ///   backslash is one.
  func unescaped(_ escape: (ByteView) -> (byte: UInt8, count: Int)?) -> String {
    guard firstIndex(of: 0x5C) != nil else { return string }
    return String(decoding: unescapedBytes(escape), as: UTF8.self)
  }

  /// The same, of a part of a text, whose characters other parts may complete.
  func unescapedBytes(_ escape: (ByteView) -> (byte: UInt8, count: Int)?) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var place = 0
    while place < count {
      if self[place] == 0x5C, let (byte, count) = escape(slice(place)) {
        bytes.append(byte)
        place += count
      } else {
        bytes.append(self[place])
        place += 1
      }
    }
    return bytes
  }

  /// The byte that a text begins with as `\040`.
  var octalEscape: (byte: UInt8, count: Int)? {
    let digits = (1...3).map { Int(self[$0]) - 0x30 }
    guard digits.allSatisfy({ (0...7).contains($0) }), digits[0] < 4 else { return nil }
    return (UInt8(digits[0] << 6 | digits[1] << 3 | digits[2]), 4)
  }
}
