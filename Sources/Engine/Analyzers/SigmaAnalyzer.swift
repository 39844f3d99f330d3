import Bytes
import Detectors
import Evidence

/// Asks the Sigma rules of the events that another analyzer read. A unit of its own, so that a changed rule does not read the
/// log again: it starts from the stored result.
///
/// Result lines of its own: `at` {`event`}, the number of the event that the findings up to the next such line are of; findings
/// of one event stand in the order of their rules. Correlations speak last. That order is what lets an older result be brought
/// up to date in one pass.
struct SigmaAnalyzer: Analyzer {
  let name = "sigma"
  let usesRules = true

  /// `of` names the analyzer whose events are asked.
  func version(options: [String: String]) -> String {
    let source = options["of"].flatMap(Analyzers.named)?.version(options: options) ?? ""
    return "2.\(SigmaDetector.version).\(source)"
  }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    let follower = try SigmaFollower(unit, surroundings, into: result)
    try Self.forEachEvent(of: unit, in: surroundings, follower.take)
    follower.finish()
  }

  /// Every event that the unit's rules are asked of, from the stored result of the analyzer that read them.
  static func forEachEvent(of unit: Unit, in surroundings: Surroundings, _ body: (Event) throws -> Void) throws {
    var options = unit.options
    let source = options.removeValue(forKey: "of") ?? ""
    guard let read = Analyzers.unit(source, unit.artifact, rules: unit.rules, options: options),
      let events = surroundings.store.results.result(of: read.key)
    else { throw BytesError(.cannotRead, "the events of this artifact are not in the store") }
    try CaseResults.forEachLine(of: events, in: surroundings.store) { line in
      if case .event(let event) = line { try body(event) }
    }
  }

  static func write(
    _ findings: [Finding], _ number: Int, _ order: RuleChange, _ told: inout Int, into result: ResultFile
  ) {
    if findings.isEmpty { return }
    if told != number { result.line("at") { $0.field("event", number) } }
    told = number
    let sorted = findings.indices.sorted {
      (order.order(of: findings[$0]), $0) < (order.order(of: findings[$1]), $1)
    }
    for index in sorted { result.finding(findings[index]) }
  }
}

/// Asks the rules of events as they come: from the store, or from the analyzer that is just reading them, which spares reading
/// them back. The result is the same bytes either way.
final class SigmaFollower {
  private let detector: SigmaDetector
  private let order: RuleChange
  private let result: ResultFile
  private var number = 0
  private var told = 0
  private var findings: [Finding] = []

  init(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    let sigma = try surroundings.sigma(expecting: unit.rules)
    detector = SigmaDetector(sigma.rules, artifact: unit.artifact, scope: .oneOfCase)
    order = sigma.order
    self.result = result
  }

  func take(_ event: Event) {
    number += 1
    detector.inspect(event) { findings.append($0) }
    write(number)
  }

  func finish() {
    detector.finish { findings.append($0) }
    write(number + 1)
  }

  private func write(_ number: Int) {
    if findings.isEmpty { return }
    SigmaAnalyzer.write(findings, number, order, &told, into: result)
    findings = []
  }
}
