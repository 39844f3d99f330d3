import Evidence
import Testing

@testable import Detectors

/// Conditions over rules, in the words of the specification's own examples and with `not`.
struct SigmaSequencesTests {
  /// - Parameter events: such as `a0 b5`, each a rule and a second.
  private func told(_ kind: String, _ condition: String, _ events: String) -> String {
    let made = events.split(separator: " ").map { at(Int($0.dropFirst()) ?? 0, String($0.prefix(1))) }
    return numbers("type: \(kind)\ntimespan: 10s\ncondition: \(condition)", made).joined(separator: " ")
  }

  @Test(arguments: [
    ("a AND b AND c", "c0 a5 b9", "3/3"), ("a and b and c", "c0 a5", ""),
    ("a and b and c", "c0 a5 b11", ""), ("a or b", "b0", "1/1"), ("a or b", "c0", ""),
    ("a and (b or c)", "c0 a3", "2/2"), ("a and (b or c)", "c0 b3", ""),
    ("(a and b) or c", "a0 b20 c40", "1/1"),
    // No b within a timespan of a, before it or behind it.
    ("a and not b", "a0", "1/1"), ("a and not b", "a0 b9", ""),
    ("a and not b", "b0 a9", ""), ("a and not b", "a0 b11", "1/1"),
    ("a and not b", "a0 b10", ""), ("a and not b", "a0 b0", ""),
    ("a and not b", "a0 a30 b35", "1/1"),
    ("a and b and not c", "a0 b8 c9", ""), ("a and b and not c", "a0 b8", "2/2"),
    // A window from the first to 10 s behind it holds both without the c that comes then.
    ("a and b and not c", "a0 b8 c11", "2/2"),
    ("not (b or c) and a", "a0 c3", ""), ("not not a", "a0", "1/1"),
    ("(a and not b) or (b and not a)", "b0", "1/1"),
    ("(a and not b) or (b and not a)", "b0 a1", ""),
  ])
  func withoutOrder(_ condition: String, _ events: String, _ expected: String) {
    #expect(told("temporal", condition, events) == expected, "\(condition) \(events)")
  }

  @Test(arguments: [
    ("a and b and c", "a0 b1 c2", "3/3"), ("a and b and c", "a0 c2 b3", ""),
    ("a and (b or c)", "a0 c1", "2/2"), ("a and (b or c)", "c0 a1", ""),
    // a that no b follows.
    ("a and not b", "b0 a1", "1/1"), ("a and not b", "a0 b9", ""),
    ("a and not b", "a0 b11", "1/1"),
    // a, then c, and no b between.
    ("a and not b and c", "a0 c5", "2/2"), ("a and not b and c", "a0 b2 c5", ""),
    ("a and not b and c", "b0 a1 c5 b6", "2/2"),
    ("a and not b and c", "a0 b2 a3 c5", "2/2"),
    ("a and not b and c", "a0 c11", ""),
    // A b, then c, that no a went before.
    ("not a and b and c", "b0 c1", "2/2"), ("not a and b and c", "a0 b2 c3", ""),
    ("not a and b and c", "a0 b12 c13", "2/2"),
  ])
  func inOrder(_ condition: String, _ events: String, _ expected: String) {
    #expect(told("temporal_ordered", condition, events) == expected, "\(condition) \(events)")
  }

  /// Guessing that never succeeds is one find, not one for each guess.
  @Test func matchesWithinATimespanAreOne() {
    #expect(told("temporal", "a and not b", "a0 a5 a15 a25") == "1/4")
    #expect(told("temporal", "a and not b", "a0 a5 a16 a25") == "1/2 1/2")
    #expect(told("temporal_ordered", "a and not b", "a0 a5 a15 a25 b26") == "1/3")
  }

  @Test func groupsAreKeptApart() {
    let rule = "type: temporal\nrules: [a, b]\ngroup-by: [who]\ntimespan: 10s\ncondition: a and not b"
    let (x, y): ([String: Value], [String: Value]) = (["who": .text("x")], ["who": .text("y")])
    #expect(numbers(rule, [at(0, "a", x), at(1, "b", y)]) == ["1/1"])
    #expect(numbers(rule, [at(0, "a", x), at(1, "b", x)]) == [])
  }

  @Test func matchesThatOverlapAreOneSpan() {
    #expect(
      told("temporal", "a and b", (0..<50).map { ($0 % 2 == 0 ? "a" : "b") + "\($0)" }.joined(separator: " ")) == "2/50"
    )
    #expect(told("temporal", "a and b", "a0 b1 a60 b61") == "2/2 2/2")
  }

  /// Times at both ends of what can be told do not overflow.
  @Test func centuriesApart() {
    var events = [at(0, "a"), at(0, "b"), at(0, "a")]
    events[0].time = Timestamp(nanoseconds: .min + 1)
    events[1].time = Timestamp(nanoseconds: .max)
    events[2].time = Timestamp(nanoseconds: .max - 1)
    #expect(numbers("type: temporal\ntimespan: 99y\ncondition: a and not b", events) == ["1/1"])
    #expect(numbers("type: temporal_ordered\ntimespan: 99y\ncondition: a and b", events) == ["2/2"])
    #expect(numbers("type: event_count\nrules: [a]\ntimespan: 99y\ncondition: {gte: 2}", events) == [])
  }

  @Test func aConditionOfTooManyWaysIsRefused() {
    let names = (0..<10).map { "r\($0)" }
    let pairs = stride(from: 0, to: 10, by: 2).map { "(r\($0) or not r\($0 + 1))" } + ["r0"]
    let rules = names.map { name in
      "title: \(name)\nname: \(name)\nlogsource: {product: ir-analyze}\n"
        + "detection: {s: {kind: \(name)}, condition: s}\n---\n"
    }.joined()
    let (_, fine) = sigma(
      rules + "title: C\ncorrelation: {type: temporal, timespan: 1m, condition: \(pairs.joined(separator: " and "))}")
    #expect(fine.isEmpty, "\(fine)")
    let wide = (0..<30).map { "(x\($0) or y\($0))" }.joined(separator: " and ")
    let (none, diagnostics) = sigma("title: C\ncorrelation: {type: temporal, timespan: 1m, condition: \(wide)}")
    #expect(none.count == 0 && diagnostics.first?.message.contains("too many ways") == true, "\(diagnostics)")
  }
}
