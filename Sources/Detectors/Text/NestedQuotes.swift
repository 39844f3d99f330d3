import Bytes

/// Quotes as they are written within quotes, and strings that were cut to pieces: `'\''` and `'"'"'` in a shell's single
/// quotes, `""` in a field of CSV, `'Net.Soc'+'kets'` in code.
enum NestedQuotes {
  private static let quotes = ByteSet("'\"")

  /// The text with a single quote for each, and the pieces joined; nil where there is none.
  static func undone(_ text: ByteView) -> [UInt8]? {
    let isCSV = text[0] == 0x22 || text.contains(",\"")
    var places = BytePlaces(of: quotes, in: text)
    var out: [UInt8] = []
    var copied = 0
    var place = places.next(from: 0)
    while place < text.count {
      guard let (length, quote) = unit(text, place, isCSV: isCSV) else {
        place = places.next(from: place + 1)
        continue
      }
      if copied == 0 { out.reserveCapacity(text.count) }
      out.append(contentsOf: text.slice(copied, place).unsafeBytes)
      if let quote { out.append(quote) }
      copied = place + length
      place = places.next(from: copied)
    }
    guard copied > 0 else { return nil }
    out.append(contentsOf: text.slice(copied).unsafeBytes)
    return out
  }

  private static func unit(_ text: ByteView, _ place: Int, isCSV: Bool) -> (length: Int, quote: UInt8?)? {
    let quote = text[place]
    let rest = text.slice(place, place + 5)
    if rest.hasPrefix("'\\''") { return (4, quote) }
    if rest == "'\"'\"'" { return (5, quote) }
    // An empty field, or an empty string in code, has signs on both sides.
    if isCSV, quote == 0x22, rest[1] == 0x22, rest[2] != 0x22, isContent(text[place - 1]) || isContent(rest[2]) {
      return (2, quote)
    }
    return joint(text, place).map { ($0, nil) }
  }

  /// `'+'`, `" + "`, PHP's `'.'` with parts of a word on both sides.
  private static func joint(_ text: ByteView, _ place: Int) -> Int? {
    guard isPart(text[place - 1]) else { return nil }
    var next = place + 1
    while text[next] == 0x20, next - place < 3 { next += 1 }
    guard text[next] == 0x2B || text[next] == 0x2E else { return nil }
    next += 1
    while text[next] == 0x20, next - place < 6 { next += 1 }
    return text[next] == text[place] && isPart(text[next + 1]) ? next + 1 - place : nil
  }

  private static func isContent(_ byte: UInt8) -> Bool { isPart(byte) || isAny(byte, of: "$<>&%#@!|\\{}*") }

  private static func isPart(_ byte: UInt8) -> Bool { isWordByte(byte) || isAny(byte, of: "./-") }
}
