import Bytes

/// A few names, compared without regard to case and without making strings: for the tests that are made on every word.
struct NameTable: Sendable {
  /// Of ASCII.
  private let names: [StaticString]
  /// A bit for each length that a name has and for each first byte's lower six bits: nearly all words end at these two.
  private var lengths: UInt64 = 0
  private var firsts: UInt64 = 0

  init(_ names: [StaticString]) {
    self.names = names
    for name in names where name.utf8CodeUnitCount > 0 {
      lengths |= 1 << UInt64(name.utf8CodeUnitCount & 63)
      firsts |= 1 << UInt64(lowercased(name.utf8Start[0]) & 63)
    }
  }

  @inline(__always)
  func contains(_ word: ByteView) -> Bool {
    guard lengths >> UInt64(word.count & 63) & 1 != 0, firsts >> UInt64(lowercased(word[0]) & 63) & 1 != 0 else {
      return false
    }
    return holds(word)
  }

  private func holds(_ word: ByteView) -> Bool {
    let first = lowercased(word[0])
    for name in names where name.utf8CodeUnitCount == word.count && lowercased(name.utf8Start[0]) == first {
      if word.equalsIgnoringCase(name) { return true }
    }
    return false
  }
}
