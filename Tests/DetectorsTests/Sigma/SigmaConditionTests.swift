import Evidence
import Testing

@testable import Detectors

struct SigmaConditionTests {
  /// A condition that names a long part again and again means more than its text.
  @Test func aConditionThatMeansTooMuchIsRefused() {
    let values = (0..<2000).map { "    - v\($0)" }.joined(separator: "\n")
    let often = Array(repeating: "s", count: 2000).joined(separator: " or ")
    let (rules, diagnostics) = sigma(nativeRule("s:\n  a:\n\(values)", condition: often))
    #expect(rules.count == 0 && diagnostics.first?.message.contains("tests") == true, "\(diagnostics)")
    #expect(sigma(nativeRule("s:\n  a:\n\(values)", condition: "s or not s")).0.count == 1)
    let parts = (0..<300).map { "s\($0):\n  a: \($0)" }.joined(separator: "\n")
    #expect(sigma(nativeRule(parts, condition: "1 of s* and not all of them")).0.count == 1)
  }

  private let parts = "sel_a:\n  a: 1\nsel_b:\n  b: 1\nfilter:\n  f: 1\n_hidden:\n  h: 1"

  private func holds(_ condition: String, _ set: String) -> Bool {
    var attributes: [String: Value] = [:]
    for character in set { attributes[String(character)] = .text("1") }
    return isTold(parts, attributes, condition)
  }

  private func isTold(_ detection: String, _ attributes: [String: Value], _ condition: String) -> Bool {
    let (rules, diagnostics) = sigma(nativeRule(detection, condition: condition))
    precondition(diagnostics.allSatisfy { $0.message.hasPrefix("no condition names ") }, "\(diagnostics)")
    return !titles(rules, [event(attributes)]).isEmpty
  }

  @Test(arguments: [
    ("sel_a and sel_b", "ab", true), ("sel_a and sel_b", "a", false), ("sel_a or sel_b and filter", "a", true),
    ("(sel_a or sel_b) and filter", "a", false), ("not sel_a", "", true), ("not sel_a and sel_b", "b", true),
    ("not (sel_a or sel_b)", "b", false), ("not not sel_a", "a", true), ("1 of sel_*", "b", true),
    ("1 of sel_*", "f", false),
    ("all of sel_*", "a", false), ("all of sel_*", "ab", true), ("1 of them", "h", false), ("all of them", "abf", true),
    ("any of sel_*", "a", true), ("sel_a and not 1 of filter*", "af", false),
    ("SEL_A OR sel_b".lowercased(), "a", true),
    ("sel_a AND NOT filter", "a", true), ("_hidden", "h", true), ("((((sel_a))))", "a", true),
  ])
  func grammar(_ condition: String, _ set: String, _ expected: Bool) { #expect(holds(condition, set) == expected) }

  @Test func aListOfConditionsIsOr() { #expect(holds("\n    - sel_a\n    - sel_b", "b")) }

  @Test(arguments: [
    ("sel_c", "does not have"), ("sel_a and", "too early"), ("(sel_a", "parenthesis"),
    ("sel_a sel_b", "not understood"),
    ("1 of nothing_*", "no part"), ("2 of sel_*", "only"), ("sel_a | count() > 5", "correlation"), ("''", "too early"),
    (String(repeating: "(", count: 500) + "sel_a" + String(repeating: ")", count: 500), "deeper"),
  ])
  func wrongConditionsAreTold(_ condition: String, _ words: String) {
    let (rules, diagnostics) = sigma(nativeRule(parts, condition: condition))
    #expect(rules.count == 0 && diagnostics.count == 1)
    #expect(diagnostics.first?.message.contains(words) == true, "\(diagnostics)")
  }
}
