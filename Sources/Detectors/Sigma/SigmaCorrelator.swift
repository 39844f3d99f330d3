import Evidence

/// One record for which a rule holds, as far as correlations need it.
struct SigmaHit {
  var nanoseconds: Int64
  var time: Timestamp
  var reference: EvidenceReference
  var entities: [Entity]
  /// Values of the fields that correlations group by or look at, by field.
  var fields: [String: String]
  var message: String
  var dataType: String
}

/// Finds the spans of time in which a correlation holds. Windows slide with the events, they do not follow the clock.
///
/// The cost is that of sorting the hits. Overlapping windows that hold are one finding: a brute force of an hour is told
/// once, with its beginning and end.
struct SigmaCorrelator {
  let correlation: SigmaCorrelation

  /// A span in which the correlation holds.
  struct Span {
    var hits: [(rule: Int, hit: SigmaHit)]
    var key: [String]
    /// The number that was compared: events, distinct values, a sum; rules for temporal kinds.
    var number: Double
  }

  /// - Parameter hits: for each of the correlation's rules, in their order.
  func spans(_ hits: [[SigmaHit]]) -> [Span] {
    var groups: [[String]: [(rule: Int, hit: SigmaHit)]] = [:]
    for (rule, list) in hits.enumerated() {
      for hit in list {
        // A record without one of the fields belongs to no group.
        let key = correlation.groupBy.map { hit.fields[field($0, rule: rule)] }
        guard !key.contains(where: { $0 == nil }) else { continue }
        groups[key.compactMap { $0 }, default: []].append((rule, hit))
      }
    }
    return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.flatMap { key, group in
      slide(group.sorted { ($0.hit.nanoseconds, $0.rule) < ($1.hit.nanoseconds, $1.rule) }, key)
    }
  }

  /// The field that a name means for one rule.
  func field(_ name: String, rule: Int) -> String { correlation.aliases[name]?[correlation.rules[rule]] ?? name }

  private func slide(_ events: [(rule: Int, hit: SigmaHit)], _ key: [String]) -> [Span] {
    var window = SigmaWindow(correlation)
    var spans: [Span] = []
    var start = 0
    /// The events of the span that is open.
    var open: (start: Int, end: Int, number: Double)?
    func close() {
      if let open { spans.append(Span(hits: Array(events[open.start...open.end]), key: key, number: open.number)) }
      open = nil
    }
    for end in events.indices {
      window.add(events[end], value(events[end]))
      while events[end].hit.nanoseconds &- events[start].hit.nanoseconds > correlation.timespan {
        window.remove(events[start], value(events[start]))
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

  private func value(_ event: (rule: Int, hit: SigmaHit)) -> String? {
    correlation.field.flatMap { event.hit.fields[field($0, rule: event.rule)] }
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

  mutating func add(_ event: (rule: Int, hit: SigmaHit), _ value: String?) {
    count += 1
    rules[event.rule] += 1
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

  mutating func remove(_ event: (rule: Int, hit: SigmaHit), _ value: String?) {
    count -= 1
    rules[event.rule] -= 1
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
  func holds(_ events: ArraySlice<(rule: Int, hit: SigmaHit)>) -> Double? {
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
  private func isOrdered(_ events: ArraySlice<(rule: Int, hit: SigmaHit)>) -> Bool {
    var next = 0
    for event in events where next < rules.count && event.rule == next { next += 1 }
    return next == rules.count
  }
}
