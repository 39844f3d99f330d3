import Bytes

/// Code that an interpreter is given on a shell's command line: `python3 -c '…'`. What stands outside of its quotes is other
/// commands' and gives no shell away with it.
enum OneLiner {
  /// How far the code may begin before a place in it, and its command before the code.
  private static let reach = 4 << 10
  private static let commandReach = 256

  /// The interpreter's command up to the quote that closes its code, where that holds the place and the quotes pair up; nil
  /// for anything else, such as quotes that a log has lost.
  static func command(_ text: ByteView, around place: Int) -> ByteView? {
    var open = place
    while open > 0, place - open < reach, !isOpening(text, open) { open -= 1 }
    guard isOpening(text, open), let close = close(text, open), close > place else { return nil }
    var start = open
    while start > 0, open - start < commandReach, !isAny(text[start - 1], of: ";|&\n") { start -= 1 }
    return text.slice(start, close)
  }

  /// A quote behind `-c`, `-e`, `-r`, `-ne` …
  private static func isOpening(_ text: ByteView, _ place: Int) -> Bool {
    guard text[place] == 0x27 || text[place] == 0x22 else { return false }
    var end = place
    while end > 0, place - end < 4, text[end - 1] == 0x20 { end -= 1 }
    guard isAny(text[end - 1], of: "cerE") else { return false }
    var start = end - 1
    while start > 0, end - start < 8, isWordByte(text[start - 1]) { start -= 1 }
    return text[start - 1] == 0x2D && (text[start - 2] == 0x20 || text[start - 2] == 0x09)
  }

  private static func close(_ text: ByteView, _ open: Int) -> Int? {
    let quote = text[open]
    var from = open + 1
    while let place = text.firstIndex(of: quote, from: from), place - open < 4 * reach {
      if quote == 0x22, text[place - 1] == 0x5C {
        from = place + 1
      } else if quote == 0x27, text.slice(place).hasPrefix("'\\''") {
        from = place + 4
      } else if quote == 0x27, text.slice(place).hasPrefix("'\"'\"'") {
        from = place + 5
      } else {
        let isEnd = place + 1 >= text.count || isAny(text[place + 1], of: " \t\r\n;|&)>`\"'\\")
        return isEnd ? place : nil
      }
    }
    return nil
  }
}
