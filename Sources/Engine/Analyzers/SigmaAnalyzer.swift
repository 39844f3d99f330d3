import Bytes
import Detectors
import Evidence

/// Asks the Sigma rules of the events that another analyzer read. A unit of its own, so that a changed rule does not read the
/// log again: it starts from the stored result.
struct SigmaAnalyzer: Analyzer {
  let name = "sigma"
  let usesRules = true

  /// `of` names the analyzer whose events are asked.
  func version(options: [String: String]) -> String {
    let source = options["of"].flatMap(Analyzers.named)?.version(options: options) ?? ""
    return "1.\(SigmaDetector.version).\(source)"
  }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    var options = unit.options
    let source = options.removeValue(forKey: "of") ?? ""
    guard let read = Analyzers.unit(source, unit.artifact, rules: unit.rules, options: options),
      let events = surroundings.store.results.result(of: read.key)
    else { throw BytesError(.cannotRead, "the events of this artifact are not in the store") }
    let rules = try surroundings.rules.load(expecting: unit.rules).sigma
    let detector = SigmaDetector(rules, artifact: unit.artifact)
    try CaseResults.forEachLine(of: events, in: surroundings.store) { line in
      if case .event(let event) = line { detector.inspect(event, result.finding) }
    }
    detector.finish(result.finding)
  }
}
