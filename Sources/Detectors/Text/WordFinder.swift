import Bytes

/// Says which of many words stand in a text, and where first, in one pass: what is asked of every text in a dozen
/// questions costs a dozen passes otherwise.
struct WordFinder: Sendable {
  private let words: [StaticString]
  private let set: LiteralSet
  /// By their first two bytes: at one place the set tells one word, where several may begin.
  private let groups: [[Int]]
  private let groupOf: [UInt8]
  private let longest: Int

  /// - Parameter words: of ASCII. Those of one byte are sought apart. More than 255 beginnings are not told apart.
  init(_ words: [StaticString]) {
    self.words = words
    longest = words.map(\.utf8CodeUnitCount).max() ?? 0
    set = LiteralSet(exact: words.filter { $0.utf8CodeUnitCount > 1 })
    var groups: [[Int]] = []
    var groupOf = [UInt8](repeating: 0, count: 1 << 16)
    for (number, word) in words.enumerated() where word.utf8CodeUnitCount > 1 {
      let start = Int(Self.start(ByteView(word), 0))
      if groupOf[start] == 0, groups.count < 255 {
        groups.append([])
        groupOf[start] = UInt8(groups.count)
      }
      groups[max(Int(groupOf[start]), 1) - 1].append(number)
    }
    self.groups = groups
    self.groupOf = groupOf
  }

  private static func start(_ text: ByteView, _ place: Int) -> UInt16 {
    UInt16(text[place]) << 8 | UInt16(text[place + 1])
  }

  /// The numbers of some of the words.
  func numbers(_ some: [StaticString]) -> [Int] {
    some.compactMap { one in words.firstIndex { String(describing: $0) == String(describing: one) } }
  }

  /// By number, the first place of each word; -1 for those that are not there.
  func places(in text: ByteView) -> [Int] {
    var places = [Int](repeating: -1, count: words.count)
    // A text of nothing but such words names each of them often: what was found is not compared again.
    var left = groups
    // Nor is the same stretch, when it comes again.
    var seen = [Int](repeating: -1, count: groups.count)
    set.forEachMatch(in: text) { place, _ in
      let group = Int(groupOf[Int(Self.start(text, place))]) - 1
      guard group >= 0, !left[group].isEmpty else { return place + 1 }
      let known = seen[group]
      let stretch = text.slice(place, place + longest)
      if known >= 0, stretch.count == longest, text.slice(known, known + longest) == stretch { return place + 1 }
      seen[group] = place
      left[group].removeAll { number in
        guard stretch.hasPrefix(words[number]) else { return false }
        places[number] = place
        return true
      }
      return place + 1
    }
    for (number, word) in words.enumerated() where word.utf8CodeUnitCount == 1 {
      places[number] = text.firstIndex(of: word.utf8Start[0]) ?? -1
    }
    return places
  }
}
