import Bytes

/// A few names, compared without regard to case and without making strings: for the tests that are made on every word.
struct NameTable: Sendable {
  /// Of ASCII, one bucket's after the other's.
  private let names: [StaticString]
  /// For each bucket the place of its first name, and one more for the end; empty for a few names, which need no buckets.
  private let starts: [UInt8]
  /// A bit for each length that a name has and for the lower six bits of each first and last byte: nearly all words end at
  /// these.
  private var lengths: UInt64 = 0
  private var firsts: UInt64 = 0
  private var lasts: UInt64 = 0

  /// - Parameter names: none empty, at most 255.
  init(_ names: [StaticString]) {
    (self.names, starts) = names.count > Self.few ? Self.ordered(names) : (names, [])
    for name in names {
      let bytes = ByteView(name)
      lengths |= 1 << UInt64(bytes.count & 63)
      firsts |= 1 << UInt64(lowercased(bytes[0]) & 63)
      lasts |= 1 << UInt64(lowercased(bytes[bytes.count - 1]) & 63)
    }
  }

  private static func ordered(_ names: [StaticString]) -> (names: [StaticString], starts: [UInt8]) {
    var starts: [UInt8] = []
    var ordered: [StaticString] = []
    for number in 0..<buckets {
      starts.append(UInt8(clamping: ordered.count))
      for name in names where bucket(ByteView(name)) == number { ordered.append(name) }
    }
    starts.append(UInt8(clamping: ordered.count))
    return (ordered, starts)
  }

  private static let few = 6
  private static let buckets = 16

  private static func bucket(_ name: ByteView) -> Int {
    let ends = lowercased(name[0]) &+ lowercased(name[name.count - 1]) &* 3
    return Int(ends &+ UInt8(truncatingIfNeeded: name.count)) % buckets
  }

  @inline(__always)
  func contains(_ word: ByteView) -> Bool {
    // One question of three: a branch for each would be guessed wrong half of the time.
    let first = firsts >> UInt64(lowercased(word[0]) & 63)
    let last = lasts >> UInt64(lowercased(word[word.count - 1]) & 63)
    return lengths >> UInt64(word.count & 63) & first & last & 1 != 0 && holds(word)
  }

  /// Whether the last part of a path is one: asks for its last byte before it looks for where that part begins.
  @inline(__always)
  func containsName(of path: ByteView) -> Bool {
    lasts >> UInt64(lowercased(path[path.count - 1]) & 63) & 1 != 0 && contains(ShellWords.baseName(path))
  }

  private func holds(_ word: ByteView) -> Bool {
    var range = names.indices
    if !starts.isEmpty {
      let bucket = Self.bucket(word)
      range = Int(starts[bucket])..<Int(starts[bucket + 1])
    }
    for index in range where word.equalsIgnoringCase(names[index]) { return true }
    return false
  }
}
