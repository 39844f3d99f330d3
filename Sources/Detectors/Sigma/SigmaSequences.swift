import Evidence

/// Finds where a condition over rules holds: `a and not b`, `(a or b) and c`.
///
/// The specification gives the words and not what they mean in time. Here each way in which the condition holds
/// (`SigmaClause`) is looked for by itself:
/// - `temporal`: the rules that are needed all have an event within the timespan. One that must be absent has none in any
///   window of that length in which these lie: none from a timespan before the last of them to a timespan behind the first.
/// - `temporal_ordered`: the needed ones come in the order of `rules`. One that must be absent has no event where that order puts
///   it: between its neighbours; in front of the first of them, from a timespan before the last; behind the last, to a timespan
///   behind the first. So `a and not b` is "no b within a timespan of a", and ordered "a that no b follows".
///
/// Of several events of a rule those closest together count. What evidence does not show has not happened, also where it
/// ends before a timespan is over. Matches that overlap, or follow one another within a timespan, are one span: guessing that
/// never succeeds is told once, not with each guess.
struct SigmaSequences {
  private typealias Fed = SigmaCorrelator.Fed
  private let correlation: SigmaCorrelation
  private let hits: SigmaHits
  private let keepsMoments: Bool

  init(_ correlation: SigmaCorrelation, _ hits: SigmaHits, _ keepsMoments: Bool) {
    self.correlation = correlation
    self.hits = hits
    self.keepsMoments = keepsMoments
  }

  /// Places of the first and the last event that a match rests on, and how many rules it has.
  private struct Match {
    var first: Int
    var last: Int
    var rules: Int
  }

  /// - Parameter events: of one group, in the order of time.
  func spans(_ events: ArraySlice<SigmaCorrelator.Fed>, _ key: [String]) -> [SigmaCorrelator.Span] {
    var times = [[Int64]](repeating: [], count: correlation.rules.count)
    for event in events { times[Int(event.rule)].append(event.nanoseconds) }
    var matches: [Match] = []
    for clause in correlation.clauses where clause.needed.allSatisfy({ !times[$0].isEmpty }) {
      matches +=
        correlation.kind == .temporalOrdered ? ordered(clause, events, times) : unordered(clause, events, times)
    }
    matches.sort { ($0.first, $0.last) < ($1.first, $1.last) }
    let needed = correlation.clauses.reduce(into: Set<Int32>()) { $0.formUnion($1.needed.map { Int32(clamping: $0) }) }
    var spans: [SigmaCorrelator.Span] = []
    var open: Match?
    var moments: [SigmaCorrelator.Moment] = []
    func close() {
      guard let match = open else { return }
      let found = hits.once(events[match.first...match.last].filter { needed.contains($0.rule) }.map(\.hit))
      spans.append(SigmaCorrelator.Span(hits: found, key: key, number: Double(match.rules), moments: moments))
      moments = []
    }
    for match in matches {
      if let current = open, belongs(match, to: current, events) {
        open?.last = max(current.last, match.last)
        open?.rules = max(current.rules, match.rules)
      } else {
        close()
        open = match
      }
      if keepsMoments {
        moments.append(SigmaCorrelator.Moment(first: events[match.first].hit, last: events[match.last].hit))
      }
    }
    close()
    return spans
  }

  private func belongs(_ match: Match, to open: Match, _ events: ArraySlice<Fed>) -> Bool {
    match.first <= open.last || correlation.isWindow(events[open.last].nanoseconds, events[match.first].nanoseconds)
  }

  private func unordered(_ clause: SigmaClause, _ events: ArraySlice<Fed>, _ times: [[Int64]]) -> [Match] {
    var matches: [Match] = []
    /// The latest event of each rule.
    var latest: [Int: Int] = [:]
    for place in events.indices where clause.needed.contains(Int(events[place].rule)) {
      latest[Int(events[place].rule)] = place
      guard latest.count == clause.needed.count, let first = latest.values.min() else { continue }
      let (begin, end) = (events[first].nanoseconds, events[place].nanoseconds)
      guard correlation.isWindow(begin, end) else { continue }
      let around = correlation.before(end)...correlation.behind(begin)
      if clause.absent.contains(where: { Self.has(times[$0], around) }) { continue }
      matches.append(Match(first: first, last: place, rules: clause.needed.count))
    }
    return matches
  }

  private func ordered(_ clause: SigmaClause, _ events: ArraySlice<Fed>, _ times: [[Int64]]) -> [Match] {
    let needed = clause.needed.sorted()
    let stage = Dictionary(uniqueKeysWithValues: zip(needed, needed.indices))
    /// Of each rule that must be absent, how many needed ones stand before it.
    let gaps = Dictionary(uniqueKeysWithValues: clause.absent.map { rule in (rule, needed.count { $0 < rule }) })
    let leading = gaps.filter { $0.value == 0 }.keys
    let trailing = gaps.filter { $0.value == needed.count }.keys
    var matches: [Match] = []
    /// By stage: where the latest chain began that has come so far.
    var begins = [Int?](repeating: nil, count: needed.count)
    for place in events.indices {
      let rule = Int(events[place].rule)
      if let gap = gaps[rule], gap > 0, gap < needed.count { begins[gap - 1] = nil }
      guard let stage = stage[rule], let first = stage == 0 ? place : begins[stage - 1] else { continue }
      begins[stage] = max(begins[stage] ?? first, first)
      guard stage == needed.count - 1 else { continue }
      let (begin, end) = (events[first].nanoseconds, events[place].nanoseconds)
      guard correlation.isWindow(begin, end),
        !leading.contains(where: { Self.has(times[$0], correlation.before(end)...begin) }),
        !trailing.contains(where: { Self.has(times[$0], end...correlation.behind(begin)) })
      else { continue }
      matches.append(Match(first: first, last: place, rules: needed.count))
    }
    return matches
  }

  /// Whether one of the times, which are sorted, lies within.
  private static func has(_ times: [Int64], _ range: ClosedRange<Int64>) -> Bool {
    var low = 0
    var high = times.count
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < range.lowerBound { low = middle + 1 } else { high = middle }
    }
    return low < times.count && times[low] <= range.upperBound
  }
}
