import Bytes

/// Keeps short texts that come again and again (users, services, terminals) as strings: to find one costs less than to make it, some
/// 5 % of reading auth.log.
///
/// A table of fixed size in which a word has one place; a word that comes later takes it over. So it neither grows nor can be
/// made slow by whoever chooses the words.
struct WordCache {
  /// With the length, all bytes of a word of up to 16.
  struct Key: Equatable {
    var front: UInt64 = 0
    var back: UInt64 = 0
  }

  private struct Entry {
    var key = Key()
    var count = 0
    var text = ""
  }

  private var entries: [Entry]

  /// - Parameter isUsed: false for a cache that keeps nothing.
  init(isUsed: Bool = true) { entries = isUsed ? Array(repeating: Entry(), count: 256) : [] }

  mutating func text(_ view: ByteView) -> String {
    guard let key = Self.key(view), !entries.isEmpty else { return view.string }
    let place = Int(truncatingIfNeeded: ((key.front ^ key.back &* 31) &* 0x9E37_79B9_7F4A_7C15) >> 56)
    if entries[place].key == key, entries[place].count == view.count { return entries[place].text }
    let text = view.string
    entries[place] = Entry(key: key, count: view.count, text: text)
    return text
  }

  /// Nil for a word that is empty or longer.
  static func key(_ view: ByteView) -> Key? {
    guard view.count > 0, view.count <= 16 else { return nil }
    if let front = view.u64(0), let back = view.u64(view.count - 8) { return Key(front: front, back: back) }
    if let front = view.u32(0), let back = view.u32(view.count - 4) {
      return Key(front: UInt64(front), back: UInt64(back))
    }
    return Key(front: UInt64(view[0]) << 8 | UInt64(view[view.count / 2]), back: UInt64(view[view.count - 1]))
  }
}
