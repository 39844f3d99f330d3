/// What must be so for a rule to hold: less than its condition says, and quick to decide.
///
/// Only ever weaker than the condition: whatever is not understood is `maybe`, so a need that fails proves that the rule
/// does not hold, and nothing else is concluded from it.
indirect enum YaraNeed: Hashable, Sendable {
  case maybe
  case never
  /// A string of the rule, by its place.
  case string(Int)
  /// Another rule of the file, by name.
  case rule(String)
  /// An earlier rule of the file, by its place.
  case earlier(Int)
  /// `filesize` compared with a number.
  case size(Comparison, Int64)
  /// An integer read at a fixed offset, compared with a number.
  case integer(width: Int, isBigEndian: Bool, offset: Int64, Comparison, Int64)
  /// An external variable equals a text: its name and the text.
  case external(String, String)
  case all([YaraNeed])
  case any([YaraNeed])
  case atLeast(Int, [YaraNeed])

  enum Comparison: String, Sendable {
    case equal = "==", unequal = "!=", less = "<", more = ">", atMost = "<=", atLeast = ">="

    func holds(_ left: Int64, _ right: Int64) -> Bool {
      switch self {
      case .equal: left == right
      case .unequal: left != right
      case .less: left < right
      case .more: left > right
      case .atMost: left <= right
      case .atLeast: left >= right
      }
    }
  }

  /// With the places of the rules that it names, as far as they stand before a place; rules only refer to earlier ones.
  func resolved(_ places: [String: Int], before limit: Int) -> YaraNeed {
    switch self {
    case .rule(let name):
      guard let place = places[name], place < limit else { return .maybe }
      return .earlier(place)
    case .all(let needs): return .all(needs.map { $0.resolved(places, before: limit) })
    case .any(let needs): return .any(needs.map { $0.resolved(places, before: limit) })
    case .atLeast(let number, let needs): return .atLeast(number, needs.map { $0.resolved(places, before: limit) })
    default: return self
    }
  }

  /// - Parameter leaf: decides what the need's leaves ask; true when in doubt.
  func holds(_ leaf: (YaraNeed) -> Bool) -> Bool {
    switch self {
    case .maybe: return true
    case .never: return false
    case .string, .rule, .earlier, .size, .integer, .external: return leaf(self)
    case .all(let needs): return needs.allSatisfy { $0.holds(leaf) }
    case .any(let needs): return needs.contains { $0.holds(leaf) }
    case .atLeast(let number, let needs):
      var left = number
      for need in needs where left > 0 && need.holds(leaf) { left -= 1 }
      return left <= 0
    }
  }
}
