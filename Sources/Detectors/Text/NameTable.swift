import Bytes

/// A few names, compared without regard to case and without making strings: for the tests that are made on every word.
struct NameTable: Sendable {
  /// By first letter; names are ASCII.
  private var byFirst: [[StaticString]] = Array(repeating: [], count: 128)
  private var longest = 0

  init(_ names: [StaticString]) {
    for name in names where name.utf8CodeUnitCount > 0 {
      byFirst[Int(lowercased(name.utf8Start[0]) & 127)].append(name)
      longest = max(longest, name.utf8CodeUnitCount)
    }
  }

  func contains(_ word: ByteView) -> Bool {
    guard word.count > 0, word.count <= longest, word[0] < 128 else { return false }
    for name in byFirst[Int(lowercased(word[0]))] where word.equalsIgnoringCase(name) { return true }
    return false
  }
}
