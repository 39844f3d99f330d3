import Bytes

/// Hexadecimal digits that stand for a text: in one run, or in pairs with blanks between.
enum HexadecimalText {
  private static let runBytes = ByteSet("0123456789abcdefABCDEF")
  private static let rowBytes = ByteSet("0123456789abcdefABCDEF \t\n")

  /// The first run of at least 24 hexadecimal digits, in pairs, that is text.
  static func run(in text: ByteView) -> [UInt8]? {
    first(in: text, of: runBytes, atLeast: 24) { run in
      run.count % 2 == 0 ? pairs(text.slice(run.lowerBound, run.upperBound)) : nil
    }
  }

  /// What the first stretch of such bytes gives that is long enough and gives anything.
  private static func first(
    in text: ByteView, of bytes: ByteSet, atLeast length: Int, _ read: (Range<Int>) -> [UInt8]?
  ) -> [UInt8]? {
    // A stretch that is long enough covers the place where it would end if it began here: others are stepped over.
    var floor = 0
    while floor + length <= text.count {
      let last = floor + length - 1
      var start = last + 1
      while start > floor, bytes.contains(text[start - 1]) { start -= 1 }
      var end = last
      if start <= last { while end < text.count, bytes.contains(text[end]) { end += 1 } }
      if end - start >= length, let found = read(start..<end) { return found }
      floor = end + 1
    }
    return nil
  }

  /// The bytes of an even number of digits where they are text. A process's arguments have zeros between; UTF-16 has one for each
  /// character.
  private static func pairs(_ digits: ByteView) -> [UInt8]? {
    var bytes: [UInt8] = []
    var zeros = 0
    for index in stride(from: 0, to: digits.count, by: 2) {
      let byte = (hexDigit(digits[index]) ?? 0) << 4 | (hexDigit(digits[index + 1]) ?? 0)
      guard byte >= 0x20 && byte < 0x7F || byte == 0x0A || byte == 0 && index > 0 else { return nil }
      if byte == 0 { zeros += 1 }
      bytes.append(byte)
    }
    guard zeros > 0 else { return bytes }
    guard zeros * 2 <= bytes.count else { return nil }
    if zeros * 2 == bytes.count {
      return stride(from: 1, to: bytes.count, by: 2).allSatisfy { bytes[$0] == 0 } ? bytes.filter { $0 != 0 } : nil
    }
    return bytes.map { $0 == 0 ? 0x20 : $0 }
  }

  /// `echo 62 61 73 68 … | xxd -r -p`: the first row of at least twelve pairs with one blank between that is text.
  static func spaced(in text: ByteView) -> [UInt8]? {
    let minimum = 12
    return first(in: text, of: rowBytes, atLeast: minimum * 3 - 1) { row(in: text, $0, minimum) }
  }

  private static func row(in text: ByteView, _ stretch: Range<Int>, _ minimum: Int) -> [UInt8]? {
    var place = stretch.lowerBound
    while place + minimum * 3 <= stretch.upperBound + 1 {
      var end = place
      var count = 0
      while hexDigit(text[end]) != nil, hexDigit(text[end + 1]) != nil, hexDigit(text[end + 2]) == nil {
        count += 1
        end += 2
        guard isAny(text[end], of: " \t\n") else { break }
        end += 1
      }
      if count >= minimum {
        let digits = text.slice(place, end).array.filter { hexDigit($0) != nil }
        if let bytes = digits.withView(pairs) { return bytes }
      }
      place = max(end, place + 1)
    }
    return nil
  }
}
