import Bytes
import Evidence

/// What is known of the events between two moving ends.
struct SigmaWindow {
  private let correlation: SigmaCorrelation
  private let hits: SigmaHits
  private var count = 0
  /// Of finds that may have several moments, how many of each are here: they count once.
  private var finds: [SpilledBytes.Place: Int]?
  private var rules: [Int]
  private var order: SigmaOrder
  private var values: [UInt32: Int] = [:]
  private var ranks = SigmaRanks([])
  private var numbers = 0
  private var sum = 0.0

  init(_ correlation: SigmaCorrelation, _ hits: SigmaHits) {
    self.correlation = correlation
    self.hits = hits
    rules = [Int](repeating: 0, count: correlation.rules.count)
    finds = correlation.kind == .eventCount && hits.hasMoments ? [:] : nil
    order = SigmaOrder(correlation.kind == .temporalOrdered ? correlation.rules.count : 0)
  }

  /// Whether it must be told all values before the first.
  var isRanked: Bool {
    switch correlation.kind {
    case .valuePercentile, .valueMedian, .valueMinimum, .valueMaximum: true
    default: false
    }
  }

  mutating func rank(_ values: some Sequence<UInt32>) { ranks = SigmaRanks(values.compactMap(number)) }

  mutating func add(_ event: SigmaCorrelator.Fed, _ values: [UInt32]) {
    count += 1
    finds?[hits.origin(event.hit), default: 0] += 1
    rules[Int(event.rule)] += 1
    if correlation.kind == .temporalOrdered { order.add(Int(event.rule), event.nanoseconds) }
    for value in values {
      if correlation.kind == .valueCount { self.values[value, default: 0] += 1 }
      if correlation.kind.isOfNumbers, let number = number(value) { add(number, 1) }
    }
  }

  mutating func remove(_ event: SigmaCorrelator.Fed, _ values: [UInt32]) {
    count -= 1
    if let left = finds?[hits.origin(event.hit)] { finds?[hits.origin(event.hit)] = left > 1 ? left - 1 : nil }
    rules[Int(event.rule)] -= 1
    for value in values {
      if correlation.kind == .valueCount {
        self.values[value, default: 0] -= 1
        if self.values[value] == 0 { self.values[value] = nil }
      }
      if correlation.kind.isOfNumbers, let number = number(value) { add(number, -1) }
    }
  }

  private mutating func add(_ number: Double, _ times: Int) {
    numbers += times
    sum = numbers == 0 ? 0 : sum + number * Double(times)
    if isRanked { ranks.add(number, times) }
  }

  private func number(_ value: UInt32) -> Double? { Double(sigma: hits.text(value)) }

  /// The number that the correlation compares; nil where there is none.
  ///
  /// - Parameter start: when the window's first event was.
  func number(from start: Int64) -> Double? {
    switch correlation.kind {
    case .eventCount: return Double(finds?.count ?? count)
    case .valueCount: return Double(values.count)
    case .temporal: return Double(rules.count { $0 > 0 })
    case .temporalOrdered: return Double(order.length(from: start))
    default: break
    }
    if numbers == 0 { return nil }
    switch correlation.kind {
    case .valueAverage: return sum / Double(numbers)
    // Nearest rank.
    case .valuePercentile: return ranks[Int((correlation.percentile / 100 * Double(numbers)).rounded(.up)) - 1]
    case .valueMedian: return (ranks[(numbers - 1) / 2] + ranks[numbers / 2]) / 2
    case .valueMinimum: return ranks[0]
    case .valueMaximum: return ranks[numbers - 1]
    default: return sum
    }
  }
}
