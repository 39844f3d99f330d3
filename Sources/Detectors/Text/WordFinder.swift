import Bytes

/// Says which of many words stand in a text, and where first, in one pass: what is asked of every text in a dozen
/// questions costs a dozen passes otherwise.
struct WordFinder: Sendable {
  /// The first eight bytes, or as many as there are, are compared at once.
  private struct Word: Sendable {
    let number: Int
    let text: StaticString
    let head: UInt64
    let mask: UInt64

    init(_ number: Int, _ text: StaticString) {
      self.number = number
      self.text = text
      mask = text.utf8CodeUnitCount >= 8 ? .max : (1 << UInt64(text.utf8CodeUnitCount * 8)) - 1
      head = ByteView(text).head(0) & mask
    }
  }

  private let words: [StaticString]
  private let set: LiteralSet
  /// Those of at least two bytes by these: at one place the set tells one word, where several may begin.
  private var members: [Word] = []
  /// For each group the place of its first member, and one more for the end.
  private var starts: [Int] = [0]
  private var groupOf = [UInt8](repeating: 0, count: 1 << 16)

  /// - Parameter words: of ASCII. Those of one byte are sought apart. More than 255 beginnings are not told apart.
  init(_ words: [StaticString]) {
    self.words = words
    set = LiteralSet(exact: words.filter { $0.utf8CodeUnitCount > 1 })
    var groups: [[Word]] = []
    for (number, word) in words.enumerated() where word.utf8CodeUnitCount > 1 {
      let start = Int(Self.start(ByteView(word), 0))
      if groupOf[start] == 0, groups.count < 255 {
        groups.append([])
        groupOf[start] = UInt8(groups.count)
      }
      groups[max(Int(groupOf[start]), 1) - 1].append(Word(number, word))
    }
    for group in groups {
      members += group
      starts.append(members.count)
    }
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
    // A text of nothing but such words names each of them often: of a group that is found whole no word is compared again.
    var left = (0..<starts.count - 1).map { starts[$0 + 1] - starts[$0] }
    members.withUnsafeBufferPointer { members in
      set.forEachMatch(in: text) { place, _ in
        let group = Int(groupOf[Int(Self.start(text, place))]) - 1
        guard group >= 0, left[group] > 0 else { return place + 1 }
        let head = text.head(place)
        for index in starts[group]..<starts[group + 1]
        where (head ^ members[index].head) & members[index].mask == 0 && places[members[index].number] < 0 {
          guard members[index].mask != .max || text.slice(place).hasPrefix(members[index].text) else { continue }
          places[members[index].number] = place
          left[group] -= 1
        }
        return place + 1
      }
    }
    for (number, word) in words.enumerated() where word.utf8CodeUnitCount == 1 {
      places[number] = text.firstIndex(of: word.utf8Start[0]) ?? -1
    }
    return places
  }
}
