import Bytes

/// Walks the words between runs of blanks without making a list of them, for lines that come by the million.
struct WordWalker {
  private let text: ByteView
  private var place = 0

  init(_ text: ByteView) { self.text = text }

  /// The next word; an empty view behind the last.
  mutating func next() -> ByteView {
    while text[place] == 0x20 || text[place] == 0x09 { place += 1 }
    let start = place
    place = text.firstIndex(of: 0x20, from: start) ?? text.count
    return text.slice(start, place)
  }
}

extension ByteView {
  /// Where the last occurrence of a word with its blanks begins, looked for from the end: it is among the last words, and
  /// one look at each costs less than a search of the whole line.
  @inline(__always)
  func lastPlace(of word: StaticString) -> Int? {
    var rest = self
    while let blank = rest.lastIndex(of: 0x20) {
      if slice(blank).hasPrefix(word) { return blank }
      rest = slice(0, blank)
    }
    return nil
  }
}
