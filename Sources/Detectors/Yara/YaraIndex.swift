import Bytes

/// The literals of some of a prefilter's entries, ready to be looked for by several threads.
final class YaraIndex {
  /// The entries.
  let possible: [Int]
  /// The literals' numbers.
  let numbers: [LiteralIndex.Literal: Int]
  /// nil where there is no literal.
  private let index: LiteralIndex?
  private var searches: [LiteralIndex.Search] = []

  /// Parts handed to threads in turn: small enough that the threads end together.
  private static let partSize = 16 << 20

  init?(_ possible: [Int], _ prefilter: YaraPrefilter, cache: RuleCache?) {
    self.possible = possible
    var numbers: [LiteralIndex.Literal: Int] = [:]
    var literals: [LiteralIndex.Literal] = []
    for entry in possible {
      for literals_ in prefilter.entries[entry].literals {
        for literal in literals_ ?? [] where numbers[literal] == nil {
          numbers[literal] = literals.count
          literals.append(literal)
        }
      }
    }
    self.numbers = numbers
    if literals.isEmpty {
      index = nil
    } else if let made = LiteralIndex(literals, tellsPlaces: true, cache: cache) {
      index = made
    } else {
      return nil
    }
  }

  /// nil where the search failed.
  func places(in view: ByteView, workers: Int) -> LiteralPlaces? {
    guard let index else {
      // Nothing to look for, but which parts are filled must be known.
      var found = LiteralPlaces(count: 0)
      found.addFilled(0..<view.count)
      return found
    }
    let starts = Array(stride(from: 0, to: max(view.count, 1), by: Self.partSize))
    let count = max(1, min(workers, starts.count))
    while searches.count < count {
      guard let search = LiteralIndex.Search(index) else { return nil }
      searches.append(search)
    }
    let found = Parallel.map(Array(0..<count), workers: count) { [searches] worker -> [LiteralPlaces?] in
      stride(from: worker, to: starts.count, by: count).map { part in
        var found = LiteralPlaces(count: index.count)
        let range = starts[part]..<min(starts[part] + Self.partSize, view.count)
        return searches[worker].look(in: view, range, &found) ? found : nil
      }
    }
    var all = LiteralPlaces(count: index.count)
    for part in starts.indices {
      guard let one = found[part % count][part / count] else { return nil }
      all.append(one)
    }
    return all
  }
}
