import Bytes

/// The rules of one kind of record, with one index over literals without which they cannot hold.
///
/// A rule waits behind a gate: a few literals of which one must stand in the record. One pass over the record opens the
/// gates, so rules that have nothing to do with it cost nothing.
final class SigmaGroup {
  /// Rules without a gate.
  private var open: [Int] = []
  /// For each literal, the rules behind it.
  private var behind: [[Int]] = []
  private let search: LiteralIndex.Search?
  private var text: [UInt8] = []

  /// - Parameter indices: places of the rules in `all`.
  init(_ indices: [Int], _ all: [SigmaRule]) {
    var numbers: [LiteralIndex.Literal: Int] = [:]
    var literals: [LiteralIndex.Literal] = []
    for index in indices {
      guard let gate = SigmaGate.literals(all[index].expression) else {
        open.append(index)
        continue
      }
      for literal in gate {
        let number = numbers[literal] ?? literals.count
        if number == literals.count {
          numbers[literal] = number
          literals.append(literal)
          behind.append([])
        }
        behind[number].append(index)
      }
    }
    search = LiteralIndex(literals).flatMap { LiteralIndex.Search($0) }
    // Without Hyperscan every rule is asked.
    if search == nil { open = indices }
  }

  /// Rules that the literals in the record do not rule out, in their order.
  func candidates(_ record: SigmaRecord) -> [Int] {
    guard let search else { return open }
    text.removeAll(keepingCapacity: true)
    for value in record.searchable {
      text.append(contentsOf: value.folded.utf8)
      text.append(0x0A)
    }
    guard let found = text.withView({ search.numbers(in: $0) }) else { return (open + behind.joined()).sorted() }
    if found.isEmpty { return open }
    var chosen = Set(open)
    for number in found where behind.indices.contains(number) { chosen.formUnion(behind[number]) }
    return chosen.sorted()
  }
}

/// Finds a rule's gate.
enum SigmaGate {
  /// Literals of which one must occur for the expression to hold; nil where nothing can be said.
  static func literals(_ expression: SigmaExpression) -> Set<LiteralIndex.Literal>? {
    switch expression {
    case .not: return nil
    case .all(let parts): return best(parts.map { literals($0) })
    case .any(let parts): return union(parts.map { literals($0) })
    case .item(let item):
      if item.isNegated { return nil }
      let gates = item.tests.map { literals($0) }
      return item.needsAll ? best(gates) : union(gates)
    }
  }

  private static func literals(_ test: SigmaTest) -> Set<LiteralIndex.Literal>? {
    guard case .text(let glob) = test else { return nil }
    let run = Array(glob.longestRun.prefix(LiteralIndex.maximumLength))
    // Zero bytes would meet the search's leave to pass over zeros; shorter runs tell too little. A cased letter beyond
    // ASCII is not the same once folded.
    guard run.count >= 3, !run.contains(0), !glob.isCased || run.allSatisfy({ $0 < 0x80 }) else { return nil }
    return [LiteralIndex.Literal(bytes: run, isCaseless: true)]
  }

  private static func union(_ gates: [Set<LiteralIndex.Literal>?]) -> Set<LiteralIndex.Literal>? {
    var all: Set<LiteralIndex.Literal> = []
    for gate in gates {
      guard let gate else { return nil }
      all.formUnion(gate)
    }
    return all.isEmpty ? nil : all
  }

  /// Of several gates, each of which must open, the one that opens least often: its shortest literal is the longest.
  private static func best(_ gates: [Set<LiteralIndex.Literal>?]) -> Set<LiteralIndex.Literal>? {
    gates.compactMap { $0 }.max { weight($0) < weight($1) }
  }

  private static func weight(_ gate: Set<LiteralIndex.Literal>) -> Int { gate.map(\.bytes.count).min() ?? 0 }
}
