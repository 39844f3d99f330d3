import Evidence
import Foundation
import Testing

@testable import Detectors

struct SigmaCorrelationTests {
  private let base = """
    title: A
    name: a
    logsource: {product: ir-analyze}
    detection: {s: {kind: a}, condition: s}
    ---
    title: B
    name: b
    logsource: {product: ir-analyze}
    detection: {s: {kind: b}, condition: s}
    ---

    """

  private func at(_ second: Int, _ kind: String, _ others: [String: Value] = [:]) -> Event {
    var made = event(others.merging(["kind": .text(kind)]) { old, _ in old })
    made.time = Timestamp(seconds: 1_700_000_000 + Int64(second))
    return made
  }

  private func numbers(_ correlation: String, _ events: [Event]) -> [String] {
    let (rules, diagnostics) = sigma(
      base + "title: C\ncorrelation:\n" + correlation.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
    precondition(diagnostics.isEmpty, "\(diagnostics)")
    return findings(rules, events).filter { $0.title == "C" }.map { finding in
      finding.attributes.filter { ["number", "events"].contains($0.name) }.map(\.value.text).joined(separator: "/")
    }
  }

  @Test func eventsAreCountedInSlidingWindows() {
    let rule = "type: event_count\nrules: [a]\ntimespan: 10s\ncondition: {gte: 3}"
    #expect(numbers(rule, [at(8, "a"), at(12, "a"), at(17, "a")]) == ["3/3"])
    #expect(numbers(rule, [at(0, "a"), at(6, "a"), at(12, "a")]) == [])
    #expect(numbers(rule, [at(0, "a"), at(5, "a"), at(10, "a")]) == ["3/3"])
    // One burst is one finding, two bursts are two; order of arrival does not matter.
    #expect(numbers(rule, (0..<20).reversed().map { at($0, "a") }) == ["11/20"])
    #expect(
      numbers(rule, [at(0, "a"), at(1, "a"), at(2, "a"), at(100, "a"), at(101, "a"), at(102, "a")]) == ["3/3", "3/3"])
  }

  @Test func groupsAreKeptApart() {
    let rule = "type: event_count\nrules: [a]\ngroup-by: [who]\ntimespan: 1m\ncondition: {gte: 2}"
    #expect(numbers(rule, [at(0, "a", ["who": .text("x")]), at(1, "a", ["who": .text("y")])]) == [])
    #expect(numbers(rule, [at(0, "a", ["who": .text("x")]), at(1, "a", ["who": .text("X")])]) == ["2/2"])
    #expect(numbers(rule, [at(0, "a"), at(1, "a")]) == [])
  }

  @Test func groupsAreToldAsTheEvidenceSpellsThem() {
    let (rules, _) = sigma(
      base
        + "title: C\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 1m, condition: {gte: 2}}")
    let found = findings(rules, [at(0, "a", ["who": .text("AKIA1")]), at(1, "a", ["who": .text("akia1")])])
    #expect(found.map { $0.attributes.first { $0.name == "group" }?.value.text } == ["who AKIA1"])
    #expect(found.first?.message.contains("for who AKIA1") == true)
  }

  /// A correlation that rests on another groups by its own fields, also by those that the other does not know.
  @Test func aChainKeepsTheFieldsOfItsLastLink() {
    let chain =
      base
        + """
        title: Many
        name: many
        correlation: {type: event_count, rules: [a], group-by: [host], timespan: 1m, condition: {gte: 2}}
        ---
        title: Then
        correlation: {type: temporal_ordered, rules: [many, b], group-by: [user], timespan: 5m}
        """
    let (rules, diagnostics) = sigma(chain)
    #expect(diagnostics.isEmpty)
    func events(_ last: String) -> [Event] {
      [
        at(0, "a", ["host": .text("h"), "user": .text("u")]), at(1, "a", ["host": .text("h"), "user": .text("u")]),
        at(9, "b", ["user": .text(last)]),
      ]
    }
    #expect(findings(rules, events("u")).map(\.title) == ["Then"])
    #expect(findings(rules, events("other")).isEmpty)
  }

  @Test func distinctValuesAreCounted() {
    let rule = "type: value_count\nrules: [a]\ntimespan: 10s\ncondition: {field: v, gt: 2}"
    #expect(numbers(rule, (0..<3).map { at($0, "a", ["v": .text("\($0)")]) }) == ["3/3"])
    #expect(numbers(rule, (0..<9).map { at($0, "a", ["v": .text("\($0 % 2)")]) }) == [])
    #expect(numbers(rule, (0..<3).map { at($0 * 6, "a", ["v": .text("\($0)")]) }) == [])
  }

  @Test func sumsAveragesAndPercentiles() {
    func values(_ list: [Int64]) -> [Event] { list.enumerated().map { at($0, "a", ["v": .integer($1)]) } }
    #expect(
      numbers("type: value_sum\nrules: [a]\ntimespan: 1h\ncondition: {field: v, gte: 100}", values([40, 50, 10])) == [
        "100/3"
      ])
    #expect(
      numbers("type: value_sum\nrules: [a]\ntimespan: 1s\ncondition: {field: v, gte: 100}", values([40, 50, 10])) == [])
    #expect(
      numbers("type: value_avg\nrules: [a]\ntimespan: 1h\ncondition: {field: v, gt: 30, lt: 40}", values([20, 50])) == [
        "35/2"
      ])
    #expect(
      numbers(
        "type: value_percentile\nrules: [a]\ntimespan: 1h\ncondition: {field: v, percentile: 90, gte: 9}",
        values([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      ).count == 1)
    #expect(
      numbers(
        "type: value_percentile\nrules: [a]\ntimespan: 1h\ncondition: {field: v, percentile: 50, gte: 9}",
        values([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])) == [])
    #expect(
      numbers(
        "type: value_sum\nrules: [a]\ntimespan: 1h\ncondition: {field: v, gte: 1}", [at(0, "a", ["v": .text("nan")])])
        == [])
  }

  @Test func temporalRulesWantAllAndOrderedOnesTheOrder() {
    let any = "type: temporal\nrules: [a, b]\ntimespan: 10s"
    let ordered = "type: temporal_ordered\nrules: [a, b]\ntimespan: 10s"
    #expect(numbers(any, [at(0, "b"), at(5, "a")]) == ["2/2"])
    #expect(numbers(ordered, [at(0, "b"), at(5, "a")]) == [])
    #expect(numbers(ordered, [at(0, "a"), at(5, "b")]) == ["2/2"])
    #expect(numbers(any, [at(0, "a"), at(11, "b")]) == [])
    #expect(numbers(any, [at(0, "a"), at(1, "a")]) == [])
  }

  /// A rule may be called by its id in one place and by its name in another.
  @Test func aliasesFindRulesByIdAndByName() {
    let named = base.replacing("name: a\n", with: "name: a\nid: 6d6f1d6e-3f0c-4b7e-9a55-0f3a7f0c1a01\n")
    let (rules, diagnostics) = sigma(
      named + """
        title: C
        correlation:
          type: temporal
          rules: [6d6f1d6e-3f0c-4b7e-9a55-0f3a7f0c1a01, b]
          group-by: [ip]
          aliases: {ip: {a: src, b: client}}
          timespan: 10s
        """)
    #expect(diagnostics.isEmpty, "\(diagnostics)")
    func isTold(_ client: String) -> Bool {
      findings(
        rules, [at(0, "a", ["src": .text("10.0.0.1")]), at(1, "b", ["client": .text(client)])]
      ).contains { $0.title == "C" }
    }
    #expect(isTold("10.0.0.1"))
    #expect(!isTold("10.0.0.2"))
  }

  @Test func spansOfWeeksMonthsAndYears() {
    #expect(SigmaCorrelation.nanoseconds("2w") == Int64(1_209_600_000_000_000))
    #expect(SigmaCorrelation.nanoseconds("1M") == Int64(2_629_746_000_000_000))
    #expect(SigmaCorrelation.nanoseconds("1y") == Int64(31_556_952_000_000_000))
    #expect(SigmaCorrelation.nanoseconds("1m") == Int64(60_000_000_000))
    #expect(SigmaCorrelation.nanoseconds("200y") == nil)
    #expect(SigmaCorrelation.nanoseconds("5x") == nil)
  }

  /// What a correlation rests on goes into its finding, as into a rule's: the story asks for it.
  @Test func aFindingSaysOfWhichRecordsItIs() {
    let (rules, _) = sigma(
      base + "title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 2}")
    let found = findings(rules, [at(0, "a"), at(1, "a")]).first { $0.title == "C" }
    #expect(found?.attributes.first { $0.name == "data_type" }?.value == .text("test:event"))
  }

  @Test func aliasesJoinFieldsOfOtherNames() {
    let rule = "type: temporal\nrules: [a, b]\ngroup-by: [ip]\naliases: {ip: {a: src, b: client}}\ntimespan: 10s"
    #expect(
      numbers(rule, [at(0, "a", ["src": .text("1.1.1.1")]), at(1, "b", ["client": .text("1.1.1.1")])]) == ["2/2"])
    #expect(numbers(rule, [at(0, "a", ["src": .text("1.1.1.1")]), at(1, "b", ["client": .text("2.2.2.2")])]) == [])
  }

  @Test func correlationsRestOnCorrelationsAndSilenceWhatTheyRestOn() {
    let text =
      base + """
        title: Many
        name: many
        correlation: {type: event_count, rules: [a], group-by: [who], timespan: 1m, condition: {gte: 2}}
        ---
        title: Then
        correlation: {type: temporal_ordered, rules: [many, b], group-by: [who], timespan: 1h}
        """
    let (rules, diagnostics) = sigma(text)
    #expect(diagnostics.isEmpty)
    let who: [String: Value] = ["who": .text("x")]
    #expect(titles(rules, [at(0, "a", who), at(1, "a", who), at(90, "b", who)]) == ["Then"])
    #expect(titles(rules, [at(0, "b", who), at(1, "a", who), at(9, "a", who)]) == [])
    let loud = sigma(text.replacingOccurrences(of: "timespan: 1h}", with: "timespan: 1h, generate: true}")).0
    #expect(titles(loud, [at(0, "b", who)]) == ["B"])
  }

  @Test(arguments: [
    ("type: event_count\nrules: [a]\ntimespan: 1m", "needs a condition"),
    ("type: value_count\nrules: [a]\ntimespan: 1m\ncondition: {gte: 1}", "needs a field"),
    ("type: magic\nrules: [a]\ntimespan: 1m", "unknown type"),
    ("type: temporal\nrules: [a, z]\ntimespan: 1m", "not loaded"),
    ("type: temporal\nrules: [a]\ntimespan: soon", "timespan"),
    ("type: temporal\nrules: [a]\ntimespan: 99999999999999999999d", "timespan"),
    ("type: temporal\nrules: []\ntimespan: 1m", "name its rules"),
    ("type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {about: 3}", "unknown word"),
    ("type: event_count\nrules: [a]\ntimespan: 1m\ncondition: a and b", "mapping"),
    ("type: temporal\nrules: [C]\ntimespan: 1m", "itself"),
  ])
  func whatCannotBeUsedIsTold(_ correlation: String, _ words: String) {
    let (rules, diagnostics) = sigma(
      base + "title: C\nname: C\ncorrelation:\n"
        + correlation.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
    #expect(rules.correlations.isEmpty && diagnostics.count == 1)
    #expect(diagnostics.first?.message.contains(words) == true, "\(diagnostics)")
  }

  /// Far more than memory keeps; what is told of the first and the last comes out of the file.
  @Test func aFloodIsOneFindingWithItsBeginningAndEnd() {
    let (rules, _) = sigma(
      base + "title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: [who]\n  timespan: 1m\n"
        + "  condition: {gte: 5}")
    var events: [Event] = []
    for number in 0..<30_000 {
      var one = at(number / 10, "a", ["who": .text("root")])
      one.message = "attempt \(number) of many"
      one.entities = [Entity(.address, "192.0.2.\(number % 7)")]
      one.locator = Locator(offset: UInt64(number), length: 1)
      events.append(one)
      // Single guesses of other names.
      events.append(at(number, "a", ["who": .text("user\(number)")]))
    }
    let found = findings(rules, events).filter { $0.title == "C" }
    #expect(found.count == 1)
    let finding = found.first
    #expect(finding?.attributes.first { $0.name == "events" }?.value == .integer(30_000))
    #expect(finding?.attributes.first { $0.name == "number" }?.value == .text("610"))
    #expect(finding?.message.hasSuffix("First: attempt 0 of many") == true, "\(finding?.message ?? "")")
    #expect(finding?.lastSeen == events[59_998].time)
    #expect(finding?.message.contains("30000 events from 2023-11-14T22:13:20Z to 2023-11-14T23:03:19Z. ") == true)
    #expect(finding?.entities == (0..<7).map { Entity(.address, "192.0.2.\($0)") })
    #expect(finding?.evidence.map(\.locator) == (0..<16).map { Locator(offset: UInt64($0), length: 1) })
  }

  @Test func eventsWithoutTimeAreNotCorrelated() {
    let rule = "type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {gte: 1}"
    #expect(numbers(rule, [event(["kind": .text("a")])]) == [])
  }
}
