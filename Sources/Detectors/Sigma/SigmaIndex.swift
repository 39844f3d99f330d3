import Evidence

/// The rules that events of one class can meet, behind one index over the literals that they need. Immutable; each thread
/// takes a `LiteralIndex.Search` of its own.
final class SigmaIndex: Sendable {
  /// A clause that a literal meets.
  struct Met: Sendable {
    /// In `rules`.
    var rule: Int32
    var clause: UInt8
  }

  /// The clauses that literals meet, one literal's behind the other's.
  struct Clauses: Sendable {
    private let met: [Met]
    /// Where those of each literal end.
    private let ends: [Int32]

    fileprivate init(_ each: [[Met]]) {
      met = each.flatMap { $0 }
      var end = 0
      ends = each.map { clauses in
        end += clauses.count
        return Int32(clamping: end)
      }
    }

    /// - Parameter numbers: of literals of the index.
    @inline(__always)
    func forEach(of numbers: UnsafeBufferPointer<UInt32>, _ body: (Met) -> Void) {
      met.withUnsafeBufferPointer { met in
        ends.withUnsafeBufferPointer { ends in
          for number in numbers {
            let number = Int(number)
            for place in Int(number == 0 ? 0 : ends[number - 1])..<Int(ends[number]) { body(met[place]) }
          }
        }
      }
    }
  }

  /// Rules behind literals, by their number in the whole set.
  let rules: [Int]
  /// For each of these, the bits of all its clauses.
  let wanted: [UInt8]
  /// The most telling clause of each rule, by the literals that meet it: where it is not met, none other is looked at.
  let first: Clauses
  let others: Clauses
  /// Rules without a clause: always asked.
  let open: [Int]
  let literals: LiteralIndex?
  let asksTime: Bool
  /// Whether the event's message is ever looked at, and whether it is where it is a line of a log.
  let asksSentence: Bool
  let asksLine: Bool
  let asksPacket: Bool

  var isEmpty: Bool { rules.isEmpty && open.isEmpty }

  init(_ needs: [(rule: Int, need: SigmaNeed)]) {
    var numbers: [LiteralIndex.Literal: Int] = [:]
    var literals: [LiteralIndex.Literal] = []
    var first: [[Met]] = []
    var others: [[Met]] = []
    var rules: [Int] = []
    var wanted: [UInt8] = []
    for (rule, need) in needs where !need.clauses.isEmpty {
      for (place, clause) in need.clauses.prefix(SigmaNeed.maximumClauses).enumerated() {
        for literal in clause {
          let number = numbers[literal] ?? literals.count
          if number == literals.count {
            numbers[literal] = number
            literals.append(literal)
            first.append([])
            others.append([])
          }
          let met = Met(rule: Int32(clamping: rules.count), clause: 1 << UInt8(place))
          if place == 0 { first[number].append(met) } else { others[number].append(met) }
        }
      }
      rules.append(rule)
      wanted.append(UInt8(truncatingIfNeeded: (1 << need.clauses.count) - 1))
    }
    self.literals = LiteralIndex(literals)
    // Without Hyperscan every rule is asked.
    let isWithout = self.literals == nil && !literals.isEmpty
    self.rules = isWithout ? [] : rules
    self.wanted = isWithout ? [] : wanted
    self.first = Clauses(first)
    self.others = Clauses(others)
    open = needs.filter { isWithout || $0.need.clauses.isEmpty }.map(\.rule)
    asksTime = needs.contains { $0.need.asksTime }
    asksSentence = needs.contains { $0.need.asksSentence }
    asksLine = needs.contains { $0.need.asksLine }
    asksPacket = needs.contains { $0.need.asksPacket }
  }
}
