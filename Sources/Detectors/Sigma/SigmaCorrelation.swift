import Evidence
import Yams

/// A rule over the events of other rules: how many, of how many kinds, in which order, within a span of time.
struct SigmaCorrelation: Hashable, Sendable {
  enum Kind: String, Sendable {
    case eventCount = "event_count", valueCount = "value_count", temporal, temporalOrdered = "temporal_ordered"
    case valueSum = "value_sum", valueAverage = "value_avg", valuePercentile = "value_percentile"
    case valueMedian = "value_median"
  }

  struct Limit: Hashable, Sendable {
    var comparison: YaraNeed.Comparison
    var number: Double
  }

  var header: SigmaHeader
  var kind: Kind
  /// Ids or names of the rules that feed it, in the order of the document.
  var rules: [String]
  var groupBy: [String]
  /// alias → rule → field
  var aliases: [String: [String: String]]
  /// In nanoseconds.
  var timespan: Int64
  /// All must hold; empty for temporal kinds, which want every rule.
  var limits: [Limit]
  /// What `value_count` and its like look at.
  var field: String?
  var percentile: Double
  /// Whether the rules that feed it speak for themselves too.
  var generates: Bool
  var isReported = true

  /// The fields that a rule's records are grouped by, and last the one that is looked at, as that rule calls them.
  func fields(of rule: Int) -> [String] {
    (groupBy + [field].compactMap { $0 }).map { aliases[$0]?[rules[rule]] ?? $0 }
  }

  /// Fewer events than this never hold.
  var leastEvents: Int {
    switch kind {
    case .eventCount, .valueCount:
      limits.lazy.map { limit in
        switch limit.comparison {
        case .atLeast, .equal: Int(clamping: limit.number)
        case .more: Int(clamping: limit.number.rounded(.down)) + 1
        case .less, .atMost, .unequal: 1
        }
      }.max() ?? 1
    case .temporal, .temporalOrdered: limits.isEmpty ? rules.count : 1
    case .valueSum, .valueAverage, .valuePercentile, .valueMedian: 1
    }
  }

  func holds(_ number: Double) -> Bool { limits.allSatisfy { SigmaTest.compare(number, $0.comparison, $0.number) } }

  init(_ node: Node, header: SigmaHeader) throws {
    guard let body = node["correlation"], body.mapping != nil else {
      throw SigmaProblem(node, "correlation must be a mapping")
    }
    self.header = header
    let type = body["type"]?.string ?? ""
    guard let kind = Kind(rawValue: type) else {
      throw SigmaProblem(body["type"] ?? body, "unknown type of correlation: \(type)")
    }
    self.kind = kind
    rules = body["rules"].map { SigmaHeader.texts($0) } ?? []
    guard !rules.isEmpty else { throw SigmaProblem(body, "a correlation must name its rules") }
    groupBy = body["group-by"].map { SigmaHeader.texts($0) } ?? []
    aliases = try Self.aliases(body["aliases"])
    guard let span = body["timespan"]?.string.flatMap({ Self.nanoseconds($0) }) else {
      throw SigmaProblem(body["timespan"] ?? body, "timespan must be a number and s, m, h, d, w, M or y")
    }
    timespan = span
    generates = (body["generate"] ?? node["generate"])?.bool ?? false
    limits = []
    field = nil
    percentile = 50
    if let condition = body["condition"] {
      guard let mapping = condition.mapping else {
        throw SigmaProblem(condition, "a correlation's condition must be a mapping such as \"gte: 10\"")
      }
      for (key, value) in mapping { try add(key.string ?? "", value) }
    }
    let isTemporal = kind == .temporal || kind == .temporalOrdered
    if !isTemporal, limits.isEmpty {
      throw SigmaProblem(body, "\(type) needs a condition with gt, gte, lt, lte, eq or neq")
    }
    if !isTemporal, kind != .eventCount, field == nil {
      throw SigmaProblem(body, "\(type) needs a field in its condition")
    }
  }

  private mutating func add(_ key: String, _ value: Node) throws {
    let comparisons: [String: YaraNeed.Comparison] = [
      "gt": .more, "gte": .atLeast, "lt": .less, "lte": .atMost, "eq": .equal, "neq": .unequal,
    ]
    if key == "field" {
      let fields = SigmaHeader.texts(value)
      guard fields.count == 1 else { throw SigmaProblem(value, "a condition over several fields is not known here") }
      field = fields[0]
    } else if key == "percentile" {
      guard let number = value.float, (0...100).contains(number) else {
        throw SigmaProblem(value, "percentile must be 0 to 100")
      }
      percentile = number
    } else if let comparison = comparisons[key] {
      guard let number = value.string.flatMap(Double.init) else { throw SigmaProblem(value, "\(key) needs a number") }
      limits.append(Limit(comparison: comparison, number: number))
    } else {
      throw SigmaProblem(value, "unknown word in a correlation's condition: \(key)")
    }
  }

  private static func aliases(_ node: Node?) throws -> [String: [String: String]] {
    guard let node else { return [:] }
    guard let mapping = node.mapping else { throw SigmaProblem(node, "aliases must be a mapping") }
    var aliases: [String: [String: String]] = [:]
    for (key, value) in mapping {
      guard let name = key.string, let fields = value.mapping else {
        throw SigmaProblem(key, "an alias maps rules to fields")
      }
      for (rule, field) in fields {
        if let rule = rule.string, let field = field.string { aliases[name, default: [:]][rule] = field }
      }
    }
    return aliases
  }

  /// `30s`, `5m`, `1h`, `7d`, `2w`, and `3M` and `1y`, whose months and years are those of the calendar's mean; nil for
  /// anything else and for more than a century.
  static func nanoseconds(_ text: String) -> Int64? {
    let units: [Character: Int64] = [
      "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800, "M": 2_629_746, "y": 31_556_952,
    ]
    guard let unit = text.last.flatMap({ units[$0] }), let number = Int64(text.dropLast()), number > 0,
      number <= 36500 * 86400 / unit
    else { return nil }
    return number * unit * 1_000_000_000
  }
}

extension Int {
  fileprivate init(clamping number: Double) { self = number.isFinite ? Int(Swift.min(Swift.max(number, 0), 1e9)) : 0 }
}
