/// How large a regular expression becomes, which its length does not tell: `(a{500}){30}` is 15,000 characters to an engine, and the
/// time in which one is compiled grows faster than that.
enum SigmaPatternSize {
  /// Hyperscan takes no longer ones.
  private static let mostBytes = 16_000
  /// Characters and classes, each as often as it is repeated.
  private static let mostPlaces = 2000

  /// nil for a pattern that can be compiled in a second or two.
  static func complaint(_ pattern: String) -> String? {
    guard pattern.utf8.count <= mostBytes else { return "regular expression of more than \(mostBytes) bytes" }
    guard places(in: Array(pattern.utf8)) <= mostPlaces || !pattern.utf8.contains(0x7B) else {
      return
        "regular expression too large: repetitions make more than \(mostPlaces) characters of it: \(pattern.prefix(80))"
    }
    return nil
  }

  private static func places(in text: [UInt8]) -> Int {
    var place = 0
    /// Far enough beyond what is allowed; numbers need not grow further.
    let limit = 1 << 24
    /// Of the groups that are open and of what stands in front of each.
    var outer: [Int] = []
    var sum = 0
    /// What a repetition behind it would repeat.
    var last = 0
    /// What the longest run of one character or class adds: one such run costs an engine nothing.
    var longest = 0
    func byte(_ ahead: Int) -> UInt8 { place + ahead < text.count ? text[place + ahead] : 0 }
    while place < text.count {
      switch text[place] {
      case 0x5C:
        place += 1
        last = 1
        sum += 1
      case 0x5B:
        place += byte(1) == 0x5E ? 2 : 1
        // The first bracket that closes is a member.
        if byte(0) == 0x5D { place += 1 }
        while place < text.count, text[place] != 0x5D { place += text[place] == 0x5C ? 2 : 1 }
        last = 1
        sum += 1
      case 0x28:
        outer.append(sum)
        sum = 0
        last = 0
      case 0x29:
        last = sum
        sum = (outer.popLast() ?? 0) + last
      case 0x7B:
        guard let most = repetition(text, place) else { break }
        if last == 1 { longest = max(longest, most - 1) }
        sum = min(sum - last + last * most, limit)
        last = min(last * most, limit)
      case 0x7C, 0x5E, 0x24, 0x2A, 0x2B, 0x3F: break
      default:
        last = 1
        sum += 1
      }
      sum = min(sum, limit)
      place += 1
    }
    return outer.reduce(sum, +) - longest
  }

  /// The larger number of `{m,n}`, which stands from a place on; nil for a brace that counts nothing.
  private static func repetition(_ text: [UInt8], _ start: Int) -> Int? {
    var place = start + 1
    var numbers = [0]
    while place < text.count, text[place] != 0x7D {
      switch text[place] {
      case 0x30...0x39:
        numbers[numbers.count - 1] = min(numbers[numbers.count - 1] * 10 + Int(text[place] - 0x30), 1 << 20)
      case 0x2C where numbers.count == 1: numbers.append(0)
      default: return nil
      }
      place += 1
    }
    return place < text.count ? max(numbers.max() ?? 0, 1) : nil
  }
}
