import Bytes
import Evidence

/// Finds the spans of time in which a correlation holds. Windows slide with the events, they do not follow the clock.
///
/// The cost is that of sorting the hits. Overlapping windows that hold are one finding: a brute force of an hour is told
/// once, with its beginning and end.
struct SigmaCorrelator {
  let correlation: SigmaCorrelation
  let hits: SigmaHits
  /// By rule and layout, where the fields that are grouped by stand, and behind them those that are looked at.
  private let places: [[[Int]]]
  private let keepsMoments: Bool

  /// A hit of one of the correlation's rules, in one of the groups to which it belongs.
  struct Fed {
    var group: UInt32
    var rule: Int32
    var hit: SigmaHits.Number
    var nanoseconds: Int64
  }

  /// A span in which the correlation holds.
  struct Span {
    var hits: [SigmaHits.Number]
    var key: [String]
    /// The number that was compared: events, distinct values, a sum; rules for temporal kinds.
    var number: Double
    /// The windows in which it held, by their first and last hits; empty where nobody asks.
    var moments: [Moment] = []
  }

  struct Moment {
    var first: SigmaHits.Number
    var last: SigmaHits.Number
  }

  /// Groups to which one hit may belong, and of all hits together beyond the first of each.
  private static let mostGroups = 64
  private static let mostSpareGroups = 1 << 22

  /// - Parameter keepsMoments: for correlations that rest on this one.
  init(_ correlation: SigmaCorrelation, _ hits: SigmaHits, keepsMoments: Bool = false) {
    self.correlation = correlation
    self.hits = hits
    self.keepsMoments = keepsMoments
    places = correlation.rules.indices.map { rule in
      let names = correlation.fields(of: rule)
      return hits.layouts.map { layout in names.map { layout.firstIndex(of: $0) ?? .max } }
    }
  }

  /// - Parameter fed: hits of each of the correlation's rules, in their order.
  func spans(_ fed: [[SigmaHits.Number]]) -> [Span] {
    var keys = ByteNumbers()
    var events = grouped(fed, &keys)
    events.sort { ($0.group, $0.nanoseconds, $0.rule, $0.hit) < ($1.group, $1.nanoseconds, $1.rule, $1.hit) }
    // An event may bring several values.
    let least =
      correlation.kind == .valueCount && (hits.hasLists || correlation.fields.count > 1) ? 1 : correlation.leastEvents
    var groups: [(key: [String], range: Range<Int>)] = []
    var start = 0
    while start < events.count {
      var end = start + 1
      while end < events.count, events[end].group == events[start].group { end += 1 }
      // Of a brute force most groups are single guesses.
      if end - start >= least {
        groups.append((texts(ofGroup: events[start].group, keys), start..<end))
      }
      start = end
    }
    groups.sort { $0.key.lexicographicallyPrecedes($1.key) }
    let values = SigmaTuples(hits)
    return groups.flatMap { key, range in
      correlation.clauses.isEmpty
        ? slide(events[range], key, values) : SigmaSequences(correlation, hits, keepsMoments).spans(events[range], key)
    }
  }

  /// All hits, each in every group to which it belongs.
  ///
  /// - Parameter keys: takes the numbers of the values that make each group, which is known by its place there.
  private func grouped(_ fed: [[SigmaHits.Number]], _ keys: inout ByteNumbers) -> [Fed] {
    var events: [Fed] = []
    events.reserveCapacity(fed.reduce(0) { $0 + $1.count })
    let values = SigmaTuples(hits)
    var spare = Self.mostSpareGroups
    for (rule, list) in fed.enumerated() {
      for hit in list {
        let places = places[rule][hits.layout(hit)].prefix(correlation.groupBy.count)
        var isFirst = true
        // A record without one of the fields belongs to no group.
        values.forEach(of: hit, places, most: spare > 0 ? Self.mostGroups : 1) { key in
          guard let group = key.withUnsafeBytes({ keys.number(of: ByteView($0)) }) else { return }
          if !isFirst { spare -= 1 }
          isFirst = false
          events.append(
            Fed(group: group, rule: Int32(clamping: rule), hit: hit, nanoseconds: hits.nanoseconds(hit)))
        }
      }
    }
    return events
  }

  private func texts(ofGroup group: UInt32, _ keys: borrowing ByteNumbers) -> [String] {
    keys.withRun(group) { key in
      stride(from: 0, to: key.count, by: 4).map {
        hits.text(key.unsafeBytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
      }
    }
  }

  private func slide(_ events: ArraySlice<Fed>, _ key: [String], _ values: SigmaTuples) -> [Span] {
    func numbers(_ event: Fed) -> [UInt32] {
      if correlation.fields.isEmpty { return [] }
      return values.numbers(
        of: event.hit, places[Int(event.rule)][hits.layout(event.hit)].dropFirst(correlation.groupBy.count))
    }
    var window = SigmaWindow(correlation, hits)
    if window.isRanked { window.rank(events.lazy.flatMap(numbers)) }
    var spans: [Span] = []
    var start = events.startIndex
    /// The events of the span that is open, and the highest number in it.
    var open: (start: Int, end: Int, number: Double)?
    var moments: [Moment] = []
    func close() {
      if let open, correlation.holds(open.number) {
        let found = hits.once(events[open.start...open.end].map(\.hit))
        spans.append(Span(hits: found, key: key, number: open.number, moments: moments))
      }
      open = nil
      moments = []
    }
    for end in events.indices {
      window.add(events[end], numbers(events[end]))
      while !correlation.isWindow(events[start].nanoseconds, events[end].nanoseconds) {
        window.remove(events[start], numbers(events[start]))
        start += 1
      }
      guard let number = window.number(from: events[start].nanoseconds), correlation.isReached(number) else { continue }
      if let current = open, start <= current.end {
        open = (current.start, end, max(current.number, number))
      } else {
        close()
        open = (start, end, number)
      }
      if keepsMoments { moments.append(Moment(first: events[start].hit, last: events[end].hit)) }
    }
    close()
    return spans
  }
}
