import Bytes

/// The literals of some of a prefilter's entries, ready to be looked for by several threads.
final class YaraIndex: Sendable {
  /// The entries.
  let possible: [Int]
  /// By the literals' numbers in the prefilter, their numbers here; none for those that are not looked for.
  private let numbers: [UInt32?]
  /// How many are looked for.
  let count: Int
  /// nil where there is no literal.
  private let index: (any PlaceIndex)?

  /// Parts handed to threads in turn: small enough that the threads end together.
  private static let partSize = 16 << 20

  init?(_ possible: [Int], _ prefilter: YaraPrefilter) {
    self.possible = possible
    var numbers = [UInt32?](repeating: nil, count: prefilter.literals.count)
    var literals: [MaskedLiteral] = []
    for entry in possible {
      for string in prefilter.entries[entry].strings {
        for literal in string.literals ?? [] where numbers[literal] == nil {
          numbers[literal] = UInt32(literals.count)
          literals.append(prefilter.literals[literal])
        }
      }
    }
    self.numbers = numbers
    count = literals.count
    if literals.isEmpty {
      index = nil
    } else {
      index = RunIndex(literals) ?? MaskedIndex(literals)
      if index == nil { return nil }
    }
  }

  /// A literal's number here, by that in the prefilter.
  func number(_ literal: Int) -> Int? { numbers.indices.contains(literal) ? numbers[literal].map { Int($0) } : nil }

  /// Looks at a part of an object, of which the bytes around are there too.
  func look(in view: ByteView, _ range: Range<Int>, _ found: inout LiteralPlaces) {
    index?.look(in: view, range, &found)
  }

  func places(in view: ByteView, workers: Int) -> LiteralPlaces {
    guard let index else {
      // Nothing to look for, but which parts are filled must be known.
      var found = LiteralPlaces(count: 0)
      found.addFilled(0..<view.count)
      return found
    }
    let starts = Array(stride(from: 0, to: max(view.count, 1), by: Self.partSize))
    let parts = Parallel.map(starts, workers: workers) { start in
      var found = LiteralPlaces(count: count)
      index.look(in: view, start..<min(start + Self.partSize, view.count), &found)
      return found
    }
    if let only = parts.first, parts.count == 1 { return only }
    var all = LiteralPlaces(count: count)
    for part in parts { all.append(part) }
    return all
  }
}
