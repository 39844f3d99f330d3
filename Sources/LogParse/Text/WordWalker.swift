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
