/// What a condition says of parts, by their numbers: parts of a rule, or rules of a correlation.
indirect enum SigmaFormula: Hashable, Sendable {
  case part(Int)
  case all([SigmaFormula])
  case any([SigmaFormula])
  case not(SigmaFormula)
}

/// One way in which a formula holds: some parts must be there, some must not.
struct SigmaClause: Hashable, Sendable {
  var needed: Set<Int> = []
  var absent: Set<Int> = []

  fileprivate func joined(_ other: SigmaClause) -> SigmaClause? {
    let both = SigmaClause(needed: needed.union(other.needed), absent: absent.union(other.absent))
    return both.needed.isDisjoint(with: both.absent) ? both : nil
  }

  /// Whether it holds wherever the other does.
  fileprivate func covers(_ other: SigmaClause) -> Bool {
    needed.isSubset(of: other.needed) && absent.isSubset(of: other.absent)
  }
}

extension SigmaFormula {
  /// All that it speaks of.
  var parts: Set<Int> {
    switch self {
    case .part(let number): [number]
    case .all(let terms), .any(let terms): terms.reduce(into: []) { $0.formUnion($1.parts) }
    case .not(let term): term.parts
    }
  }

  /// Every way in which it holds; nil where they are more than a rule has any use for.
  func clauses(most: Int = 256, isNegated: Bool = false) -> [SigmaClause]? {
    switch self {
    case .part(let number):
      return [isNegated ? SigmaClause(absent: [number]) : SigmaClause(needed: [number])]
    case .not(let term): return term.clauses(most: most, isNegated: !isNegated)
    case .all(let terms): return Self.clauses(terms, most, isNegated, areAll: !isNegated)
    case .any(let terms): return Self.clauses(terms, most, isNegated, areAll: isNegated)
    }
  }

  private static func clauses(_ terms: [SigmaFormula], _ most: Int, _ isNegated: Bool, areAll: Bool) -> [SigmaClause]? {
    var all: [SigmaClause] = areAll ? [SigmaClause()] : []
    for term in terms {
      guard let some = term.clauses(most: most, isNegated: isNegated) else { return nil }
      let next = areAll ? all.flatMap { one in some.compactMap { one.joined($0) } } : all + some
      all = []
      for clause in next where !all.contains(where: { $0.covers(clause) }) {
        all.removeAll { clause.covers($0) }
        all.append(clause)
        if all.count > most { return nil }
      }
    }
    return all
  }
}
