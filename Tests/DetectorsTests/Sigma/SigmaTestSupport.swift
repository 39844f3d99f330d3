import Bytes
import Evidence

@testable import Detectors

/// Loads documents from one text.
func sigma(_ text: String) -> (SigmaRules, [RuleDiagnostic]) { SigmaRules.load([("test.yml", Array(text.utf8))]) }

/// A rule over events of any kind, by their own attribute names.
func nativeRule(_ detection: String, condition: String = "s") -> String {
  let indented = detection.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(
    separator: "\n")
  return "title: T\nlogsource:\n  product: ir-analyze\ndetection:\n\(indented)\n  condition: \(condition)\n"
}

func event(_ attributes: [String: Value], _ type: String = "test:event", time: String? = nil, message: String = "m")
  -> Event
{
  Event(
    time: time.flatMap { Timestamp(iso8601: $0) }, dataType: type, message: message,
    attributes: attributes.sorted { $0.key < $1.key }.map { Attribute($0.key, $0.value) }, locator: .whole)
}

/// Rules that speak of the events, by title.
func titles(_ rules: SigmaRules, _ events: [Event]) -> [String] { findings(rules, events).map(\.title) }

func findings(_ rules: SigmaRules, _ events: [Event]) -> [Finding] {
  let detector = SigmaDetector(rules, artifact: Digest(of: [7]))
  var found: [Finding] = []
  for event in events { detector.inspect(event) { found.append($0) } }
  detector.finish { found.append($0) }
  return found
}

/// Whether one detection holds for one event.
func holds(_ detection: String, _ attributes: [String: Value], condition: String = "s", message: String = "m") -> Bool {
  let (rules, diagnostics) = sigma(nativeRule(detection, condition: condition))
  precondition(diagnostics.isEmpty, "\(diagnostics)")
  return !titles(rules, [event(attributes, message: message)]).isEmpty
}

/// Rules `a`, `b` and `c`, for correlations.
let correlatedRules = [("A", "a"), ("B", "b"), ("Third", "c")].map { title, name in
  """
  title: \(title)
  name: \(name)
  id: rule-\(name)
  logsource: {product: ir-analyze}
  detection: {s: {kind: \(name)}, condition: s}
  ---

  """
}.joined()

/// An event of one of them.
func at(_ second: Int, _ kind: String, _ others: [String: Value] = [:]) -> Event {
  var made = event(others.merging(["kind": .text(kind)]) { old, _ in old })
  made.time = Timestamp(seconds: 1_700_000_000 + Int64(second))
  return made
}

/// What a correlation tells: the number that it compares, and of how many events.
func numbers(_ correlation: String, _ events: [Event]) -> [String] {
  let (rules, diagnostics) = sigma(
    correlatedRules + "title: C\nid: correlation\ncorrelation:\n"
      + correlation.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
  precondition(diagnostics.isEmpty, "\(diagnostics)")
  return findings(rules, events).filter { $0.title == "C" }.map { finding in
    finding.attributes.filter { ["number", "events"].contains($0.name) }.map(\.value.text).joined(separator: "/")
  }
}
