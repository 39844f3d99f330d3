import Evidence
import Yams

/// A rule over the events of other rules: how many, of how many kinds, in which order, within a span of time.
///
/// Where the specification is silent:
/// - Of a field with several values, each counts: an event belongs to the group of each value of a `group-by` field, and
///   brings each value of the field that is counted or summed. Up to 64 values of a field, and of tuples of them.
/// - Several fields of a `value_count` are counted as tuples; an event without one of them brings none.
/// - Upper bounds (`lt`, `lte`, and those in `eq` and `neq`) speak of what windows come to, not of what they pass through on the
///   way up: windows that reach the lower bounds and overlap are one span, and the highest number in it is what is judged.
/// - A correlation that rests on another is fed every moment at which a window of that holds, so what happens in the midst of it is
///   seen; counted, all moments of one span are one event.
/// - A condition over rules (`a and not b`, `temporal` kinds): see `SigmaSequences`.
struct SigmaCorrelation: Hashable, Sendable {
  enum Kind: String, Sendable {
    case eventCount = "event_count", valueCount = "value_count", temporal, temporalOrdered = "temporal_ordered"
    case valueSum = "value_sum", valueAverage = "value_avg", valuePercentile = "value_percentile"
    case valueMedian = "value_median", valueMinimum = "value_min", valueMaximum = "value_max"

    var isTemporal: Bool { self == .temporal || self == .temporalOrdered }
    var isOfNumbers: Bool { !isTemporal && self != .eventCount && self != .valueCount }
  }

  struct Limit: Hashable, Sendable {
    var comparison: YaraNeed.Comparison
    var number: Double

    /// Whether it has been reached, though it may be passed later.
    fileprivate func isReached(_ reached: Double) -> Bool {
      switch comparison {
      case .more: reached > number
      case .atLeast, .equal: reached >= number
      case .less, .atMost, .unequal: true
      }
    }
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
  /// All must hold; empty where a condition over rules stands instead.
  var limits: [Limit]
  /// The ways in which a condition over rules holds.
  var clauses: [SigmaClause] = []
  /// What `value_count` and its like look at.
  var fields: [String]
  var percentile: Double
  /// Whether the rules that feed it speak for themselves too.
  var generates: Bool
  var isReported = true

  /// The fields that a rule's records are grouped by, and behind them those that are looked at, as that rule calls them.
  func fields(of rule: Int) -> [String] { (groupBy + fields).map { aliases[$0]?[rules[rule]] ?? $0 } }

  /// Fewer events than this never hold, where each brings one value.
  var leastEvents: Int {
    if !clauses.isEmpty { return clauses.lazy.map(\.needed.count).min() ?? 1 }
    if kind.isOfNumbers { return 1 }
    return limits.lazy.map { limit in
      switch limit.comparison {
      case .atLeast, .equal: Int(clamping: limit.number)
      case .more: Int(clamping: limit.number.rounded(.down)) + 1
      case .less, .atMost, .unequal: 1
      }
    }.max() ?? 1
  }

  /// Whether a window has come as far as the lower bounds want.
  func isReached(_ number: Double) -> Bool { limits.allSatisfy { $0.isReached(number) } }

  /// - Parameter number: the highest of a span.
  func holds(_ number: Double) -> Bool { limits.allSatisfy { SigmaTest.compare(number, $0.comparison, $0.number) } }

  /// Whether moments lie in one window. Sources tell times centuries apart.
  func isWindow(_ begin: Int64, _ end: Int64) -> Bool {
    let (distance, overflows) = end.subtractingReportingOverflow(begin)
    return !overflows && distance <= timespan
  }

  /// A timespan before a moment, and one behind it.
  func before(_ end: Int64) -> Int64 { end < .min + timespan ? .min : end - timespan }
  func behind(_ begin: Int64) -> Int64 { begin > .max - timespan ? .max : begin + timespan }

  /// Whether more events can undo what fewer fulfil: true only of all the evidence there is, not of one log of several.
  var isUndoable: Bool {
    clauses.contains { !$0.absent.isEmpty }
      || limits.contains { $0.comparison != .more && $0.comparison != .atLeast }
  }

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
    let words = kind.isTemporal ? body["condition"]?.string : nil
    let named = body["rules"].map { SigmaHeader.texts($0) } ?? words.map { SigmaConditionReader.names(in: $0) } ?? []
    // Named again, a rule is another step of an order, and else the same once more.
    rules = kind == .temporalOrdered ? named : named.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    guard !rules.isEmpty else { throw SigmaProblem(body, "a correlation must name its rules") }
    guard rules.count <= Self.mostRules else {
      throw SigmaProblem(body["rules"] ?? body, "a correlation of more than \(Self.mostRules) rules")
    }
    groupBy = body["group-by"].map { SigmaHeader.texts($0) } ?? []
    guard groupBy.count <= Self.mostGroupFields else {
      throw SigmaProblem(body["group-by"], "more than \(Self.mostGroupFields) fields to group by")
    }
    aliases = try Self.aliases(body["aliases"])
    guard let span = body["timespan"]?.string.flatMap({ Self.nanoseconds($0) }) else {
      throw SigmaProblem(body["timespan"] ?? body, "timespan must be a number and s, m, h, d, w, M or y")
    }
    timespan = span
    generates = (body["generate"] ?? node["generate"])?.bool ?? false
    limits = []
    fields = []
    percentile = 50
    if let words, let condition = body["condition"] {
      clauses = try readClauses(words, condition)
      return
    }
    if let condition = body["condition"] {
      guard let mapping = condition.mapping else {
        throw SigmaProblem(condition, "the condition of \(type) must be a mapping such as \"gte: 10\"")
      }
      for (key, value) in mapping { try add(key.string ?? "", value) }
    }
    try check(body)
  }

  /// What a correlation says in vain: words that are none of the specification's, and aliases that nobody goes by.
  static func oddities(_ node: Node) -> [SigmaProblem] {
    guard let body = node["correlation"], let mapping = body.mapping else { return [] }
    let known: Set<String> = [
      "type", "rules", "aliases", "group-by", "timespan", "condition", "generate",
    ]
    var oddities: [SigmaProblem] = []
    for (key, _) in mapping where !known.contains(key.scalar?.string ?? "") {
      oddities.append(SigmaProblem(key, "unknown word in a correlation: \(key.scalar?.string ?? "?")"))
    }
    if let generates = body["generate"], generates.bool == nil {
      oddities.append(SigmaProblem(generates, "generate takes true or false"))
    }
    let used = Set(
      (body["group-by"].map { SigmaHeader.texts($0) } ?? [])
        + (body["condition"]?["field"].map { SigmaHeader.texts($0) } ?? []))
    for (key, _) in body["aliases"]?.mapping ?? [:] where !used.contains(key.scalar?.string ?? "") {
      oddities.append(SigmaProblem(key, "nothing goes by the alias \(key.scalar?.string ?? "?")"))
    }
    return oddities
  }

  /// As many as a window keeps count of.
  private static let mostRules = 64
  private static let mostFields = 8
  /// Each is kept of every hit.
  private static let mostGroupFields = 32

  private mutating func check(_ body: Node) throws {
    if kind.isTemporal, limits.isEmpty { limits = [Limit(comparison: .atLeast, number: Double(rules.count))] }
    if limits.isEmpty {
      throw SigmaProblem(body, "\(kind.rawValue) needs a condition with gt, gte, lt, lte, eq or neq")
    }
    if !canHold { throw SigmaProblem(body["condition"] ?? body, "the condition can never hold") }
    if !kind.isTemporal, kind != .eventCount, fields.isEmpty {
      throw SigmaProblem(body, "\(kind.rawValue) needs a field in its condition")
    }
    if kind == .eventCount || kind.isTemporal, !fields.isEmpty {
      throw SigmaProblem(body, "\(kind.rawValue) looks at no field")
    }
    if kind.isOfNumbers, fields.count > 1 { throw SigmaProblem(body, "\(kind.rawValue) looks at one field") }
    if kind == .valuePercentile, body["condition"]?["percentile"] == nil {
      throw SigmaProblem(body, "value_percentile needs a percentile in its condition")
    }
  }

  /// Whether any number meets all limits. Those at the limits and halfway between them stand for all.
  private var canHold: Bool {
    let numbers = limits.map(\.number).sorted()
    guard numbers.allSatisfy(\.isFinite), let low = numbers.first, let high = numbers.last else { return false }
    let between = zip(numbers, numbers.dropFirst()).map { ($0 + $1) / 2 }
    // Counts are whole numbers; where nothing happens no window is looked at, and of a rule more than all is never there.
    let least = kind == .eventCount || kind.isTemporal ? 1.0 : 0
    let most = kind.isTemporal ? Double(rules.count) : .infinity
    // So far out, too, that the next number is another one.
    let beyond = [least, most, low - 1, high + 1, low - abs(low), high + abs(high)]
    let some = numbers + (kind.isOfNumbers ? between : numbers.flatMap { [$0 - 1, $0 + 1] }) + beyond
    return some.contains { (kind.isOfNumbers || (least...most).contains($0)) && holds($0) }
  }

  /// A condition over rules: every rule of the list stands in it, and no other.
  private func readClauses(_ words: String, _ condition: Node) throws -> [SigmaClause] {
    let formula: SigmaFormula
    do {
      formula = try SigmaConditionReader.formula(words, names: rules, sizes: rules.map { _ in 1 })
    } catch let problem as SigmaProblem {
      throw SigmaProblem(condition, problem.words)
    }
    let silent = Set(rules.indices).subtracting(formula.parts).sorted().map { rules[$0] }
    guard silent.isEmpty else {
      throw SigmaProblem(condition, "the condition does not say what becomes of \(silent.joined(separator: ", "))")
    }
    guard let clauses = formula.clauses() else {
      throw SigmaProblem(condition, "the condition holds in too many ways: split the rule")
    }
    if clauses.isEmpty { throw SigmaProblem(condition, "the condition can never hold") }
    if clauses.contains(where: \.needed.isEmpty) {
      throw SigmaProblem(condition, "the condition holds where none of its rules does: one at least must occur")
    }
    return clauses
  }

  private mutating func add(_ key: String, _ value: Node) throws {
    let comparisons: [String: YaraNeed.Comparison] = [
      "gt": .more, "gte": .atLeast, "lt": .less, "lte": .atMost, "eq": .equal, "neq": .unequal,
    ]
    if key == "field" {
      fields = SigmaHeader.texts(value)
      guard (1...Self.mostFields).contains(fields.count), Set(fields).count == fields.count else {
        throw SigmaProblem(value, "field must name 1 to \(Self.mostFields) fields, each once")
      }
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
