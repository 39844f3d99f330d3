import Bytes
import Evidence

/// Finds the spans of time in which a correlation holds. Windows slide with the events, they do not follow the clock.
///
/// The cost is that of sorting the hits. Overlapping windows that hold are one finding: a brute force of an hour is told
/// once, with its beginning and end.
struct SigmaCorrelator {
  let correlation: SigmaCorrelation
  let hits: SigmaHits
  /// By rule and layout, where the fields that are grouped by stand, and last the one that is looked at.
  private let places: [[[Int]]]

  /// A hit of one of the correlation's rules.
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
  }

  init(_ correlation: SigmaCorrelation, _ hits: SigmaHits) {
    self.correlation = correlation
    self.hits = hits
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
    let least = correlation.leastEvents
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
    return groups.flatMap { slide(events[$0.range], $0.key) }
  }

  /// All hits that belong to a group.
  ///
  /// - Parameter keys: takes the numbers of the values that make each group, which is known by its place there.
  private func grouped(_ fed: [[SigmaHits.Number]], _ keys: inout ByteNumbers) -> [Fed] {
    var events: [Fed] = []
    events.reserveCapacity(fed.reduce(0) { $0 + $1.count })
    var key: [UInt32] = []
    for (rule, list) in fed.enumerated() {
      for hit in list {
        let places = places[rule][hits.layout(hit)].prefix(correlation.groupBy.count)
        key.removeAll(keepingCapacity: true)
        for place in places { key.append(hits.field(hit, place)) }
        // A record without one of the fields belongs to no group.
        guard !key.contains(SigmaHits.missing), let group = key.withUnsafeBytes({ keys.number(of: ByteView($0)) })
        else { continue }
        events.append(
          Fed(group: group, rule: Int32(clamping: rule), hit: hit, nanoseconds: hits.nanoseconds(hit)))
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

  private func slide(_ events: ArraySlice<Fed>, _ key: [String]) -> [Span] {
    var window = SigmaWindow(correlation)
    var spans: [Span] = []
    var start = events.startIndex
    /// The events of the span that is open.
    var open: (start: Int, end: Int, number: Double)?
    func close() {
      if let open { spans.append(Span(hits: events[open.start...open.end].map(\.hit), key: key, number: open.number)) }
      open = nil
    }
    for end in events.indices {
      window.add(events[end].rule, value(events[end]))
      while events[end].nanoseconds &- events[start].nanoseconds > correlation.timespan {
        window.remove(events[start].rule, value(events[start]))
        start += 1
      }
      guard let number = window.holds(events[start...end]) else { continue }
      if let current = open, start <= current.end {
        open = (current.start, end, max(current.number, number))
      } else {
        close()
        open = (start, end, number)
      }
    }
    close()
    return spans
  }

  private func value(_ event: Fed) -> String? {
    guard correlation.field != nil, let place = places[Int(event.rule)][hits.layout(event.hit)].last else { return nil }
    return hits.value(event.hit, place)
  }
}

/// What is known of the events between two moving ends.
private struct SigmaWindow {
  private let correlation: SigmaCorrelation
  private var count = 0
  private var rules: [Int]
  private var values: [String: Int] = [:]
  private var numbers: [Double] = []
  private var sum = 0.0

  init(_ correlation: SigmaCorrelation) {
    self.correlation = correlation
    rules = [Int](repeating: 0, count: correlation.rules.count)
  }

  mutating func add(_ rule: Int32, _ value: String?) {
    count += 1
    rules[Int(rule)] += 1
    guard let value else { return }
    if correlation.kind == .valueCount { values[value, default: 0] += 1 }
    if let number = number(value) {
      sum += number
      if isSorted {
        numbers.insert(number, at: place(of: number))
      } else {
        numbers.append(number)
      }
    }
  }

  mutating func remove(_ rule: Int32, _ value: String?) {
    count -= 1
    rules[Int(rule)] -= 1
    guard let value else { return }
    if correlation.kind == .valueCount {
      values[value, default: 0] -= 1
      if values[value] == 0 { values[value] = nil }
    }
    if let number = number(value), !numbers.isEmpty {
      sum -= number
      if isSorted {
        numbers.remove(at: min(place(of: number), numbers.count - 1))
      } else {
        numbers.removeLast()
      }
      if numbers.isEmpty { sum = 0 }
    }
  }

  private var isSorted: Bool { correlation.kind == .valuePercentile || correlation.kind == .valueMedian }

  private func number(_ text: String) -> Double? {
    switch correlation.kind {
    case .valueSum, .valueAverage, .valuePercentile, .valueMedian: Double(text).flatMap { $0.isFinite ? $0 : nil }
    default: nil
    }
  }

  /// The first place whose number is not smaller.
  private func place(of number: Double) -> Int {
    var low = 0
    var high = numbers.count
    while low < high {
      let middle = (low + high) / 2
      if numbers[middle] < number { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The number that the correlation compares; nil where it does not hold.
  func holds(_ events: ArraySlice<SigmaCorrelator.Fed>) -> Double? {
    let number: Double
    switch correlation.kind {
    case .eventCount: number = Double(count)
    case .valueCount: number = Double(values.count)
    case .valueSum: number = sum
    case .valueAverage:
      if numbers.isEmpty { return nil }
      number = sum / Double(numbers.count)
    case .valuePercentile:
      // Nearest rank.
      guard !numbers.isEmpty else { return nil }
      let rank = (correlation.percentile / 100 * Double(numbers.count)).rounded(.up)
      number = numbers[min(max(Int(rank) - 1, 0), numbers.count - 1)]
    case .valueMedian:
      guard !numbers.isEmpty else { return nil }
      number = (numbers[(numbers.count - 1) / 2] + numbers[numbers.count / 2]) / 2
    case .temporal, .temporalOrdered:
      let seen = rules.lazy.filter { $0 > 0 }.count
      number = Double(seen)
      if correlation.limits.isEmpty, seen < rules.count { return nil }
      if correlation.kind == .temporalOrdered, !isOrdered(events) { return nil }
    }
    return correlation.holds(number) ? number : nil
  }

  /// Whether the rules occur in the order in which the correlation names them.
  private func isOrdered(_ events: ArraySlice<SigmaCorrelator.Fed>) -> Bool {
    var next = 0
    for event in events where next < rules.count && event.rule == Int32(next) { next += 1 }
    return next == rules.count
  }
}
