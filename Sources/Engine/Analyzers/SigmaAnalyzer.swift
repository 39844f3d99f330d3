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
    let rules = try surroundings.rules.load(expecting: unit.rules)
    let order = RuleChange(from: [:], to: rules)
    var told = 0
    try Self.ask(rules.sigma, unit, surroundings) { findings, number in
      Self.write(findings, number, order, &told, into: result)
    }
  }

  /// Every group of findings in order: those of each event that has some, then those of correlations.
  static func ask(
    _ rules: SigmaRules, _ unit: Unit, _ surroundings: Surroundings,
    _ body: (_ findings: [Finding], _ number: Int) throws -> Void
  ) throws {
    var options = unit.options
    let source = options.removeValue(forKey: "of") ?? ""
    guard let read = Analyzers.unit(source, unit.artifact, rules: unit.rules, options: options),
      let events = surroundings.store.results.result(of: read.key)
    else { throw BytesError(.cannotRead, "the events of this artifact are not in the store") }
    let detector = SigmaDetector(rules, artifact: unit.artifact)
    var number = 0
    var findings: [Finding] = []
    try CaseResults.forEachLine(of: events, in: surroundings.store) { line in
      guard case .event(let event) = line else { return }
      number += 1
      detector.inspect(event) { findings.append($0) }
      if findings.isEmpty { return }
      try body(findings, number)
      findings = []
    }
    detector.finish { findings.append($0) }
    try body(findings, number + 1)
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
