import Evidence
import Foundation
import Testing

@testable import Detectors

struct SigmaCorrelationTests {
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

  /// A rule that a list names twice speaks once of an event.
  @Test func aRuleThatIsNamedTwiceCountsOnce() {
    let twice = "type: event_count\nrules: [a, a]\ntimespan: 1m\ncondition: {gte: 4}"
    #expect(numbers(twice, [at(0, "a"), at(1, "a")]) == [])
    #expect(numbers(twice, (0..<4).map { at($0, "a") }) == ["4/4"])
    let order = "type: temporal_ordered\nrules: [a, b, a]\ntimespan: 1m"
    #expect(numbers(order, [at(0, "a"), at(1, "b")]) == [])
    #expect(numbers(order, [at(0, "a"), at(1, "b"), at(2, "a")]).count == 1)
  }

  /// Numbers so large that the next one is the same, and bounds that few counts meet.
  @Test(arguments: [
    "type: value_sum\nrules: [a]\ntimespan: 1m\ncondition: {gt: 9007199254740993, field: n}",
    "type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: {lt: 70}",
    "type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {lt: 2}",
    "type: value_count\nrules: [a]\ntimespan: 1m\ncondition: {eq: 0, field: n}",
  ])
  func boundsThatCanBeMetAreTaken(_ correlation: String) {
    let (rules, diagnostics) = sigma(
      correlatedRules + "title: C\ncorrelation:\n"
        + correlation.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
    #expect(rules.correlations.count == 1 && diagnostics.isEmpty, "\(diagnostics)")
  }

  @Test func groupsAreKeptApart() {
    let rule = "type: event_count\nrules: [a]\ngroup-by: [who]\ntimespan: 1m\ncondition: {gte: 2}"
    #expect(numbers(rule, [at(0, "a", ["who": .text("x")]), at(1, "a", ["who": .text("y")])]) == [])
    #expect(numbers(rule, [at(0, "a", ["who": .text("x")]), at(1, "a", ["who": .text("X")])]) == ["2/2"])
    #expect(numbers(rule, [at(0, "a"), at(1, "a")]) == [])
  }

  @Test func groupsAreToldAsTheEvidenceSpellsThem() {
    let (rules, _) = sigma(
      correlatedRules
        + "title: C\ncorrelation: {type: event_count, rules: [a], group-by: [who], timespan: 1m, condition: {gte: 2}}")
    let found = findings(rules, [at(0, "a", ["who": .text("AKIA1")]), at(1, "a", ["who": .text("akia1")])])
    #expect(found.map { $0.attributes.first { $0.name == "group" }?.value.text } == ["who AKIA1"])
    #expect(found.first?.message.contains("for who AKIA1") == true)
  }

  /// A correlation that rests on another groups by its own fields, also by those that the other does not know.
  @Test func aChainKeepsTheFieldsOfItsLastLink() {
    let chain =
      correlatedRules
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

  private static func chain(_ outer: String) -> String {
    correlatedRules
      + """
      title: Many
      name: many
      correlation: {type: event_count, rules: [a], group-by: [host], timespan: 1m, condition: {gte: 3}}
      ---
      title: Then
      correlation: {\(outer)}
      """
  }

  /// What rests on a correlation also sees what happens while it goes on: guessing does not end with the first success.
  @Test func whatHappensWhileAChainGoesOnIsSeen() {
    let host: [String: Value] = ["host": .text("h")]
    func told(_ outer: String, _ seconds: StrideTo<Int>, _ last: Int) -> [String] {
      let (rules, diagnostics) = sigma(Self.chain(outer))
      #expect(diagnostics.isEmpty)
      return findings(rules, seconds.map { at($0, "a", host) } + [at(last, "b", host)]).map { finding in
        "\(finding.title) \(finding.attributes.first { $0.name == "events" }?.value.text ?? "")"
      }
    }
    let then = "type: temporal_ordered, rules: [many, b], group-by: [host], timespan: 2m"
    #expect(told(then, stride(from: 0, to: 1200, by: 20), 302) == ["Then 2"])
    #expect(told(then, stride(from: 0, to: 1200, by: 20), 1290) == ["Then 2"])
    #expect(told(then, stride(from: 0, to: 1200, by: 20), 1302).isEmpty)
    // The third comes after b.
    #expect(told(then, stride(from: 0, to: 60, by: 20), 39).isEmpty)
    let near = "type: temporal, rules: [many, b], group-by: [host], timespan: 2m"
    #expect(told(near, stride(from: 0, to: 1200, by: 20), 302) == ["Then 2"])
  }

  /// However many moments it has, one burst counts once.
  @Test func aChainCountsEachFindOnce() {
    let (rules, _) = sigma(Self.chain("type: event_count, rules: [many], timespan: 1h, condition: {gte: 2}"))
    func burst(_ host: String, _ seconds: StrideTo<Int>) -> [Event] {
      seconds.map { at($0, "a", ["host": .text(host)]) }
    }
    #expect(findings(rules, burst("h", stride(from: 0, to: 1200, by: 20))).isEmpty)
    // The other host's burst lies within the first's, which ends hours later.
    let two = burst("h", stride(from: 0, to: 20_000, by: 20)) + burst("i", stride(from: 600, to: 640, by: 10))
    #expect(
      findings(rules, two).map { $0.attributes.first { $0.name == "number" }?.value.text } == ["2"])
  }

  @Test func aLongChainIsRead() {
    var text = correlatedRules
    for number in (0..<500).reversed() {
      let inner = number == 0 ? "a" : "c\(number - 1)"
      text +=
        "title: c\(number)\nname: c\(number)\n"
        + "correlation: {type: event_count, rules: [\(inner)], timespan: 1m, condition: {gte: 1}}\n---\n"
    }
    let (rules, diagnostics) = sigma(text)
    #expect(diagnostics.isEmpty)
    #expect(findings(rules, [at(0, "a")]).map(\.title) == ["c499"])
  }

  @Test func theDigitsOfAReferenceMayBeLargeOrSmall() {
    let id = "5013b332-8a70-4c60-8a5d-0f0a1f2b3c4d"
    let text = nativeRule("s: { kind: a }").replacing("title: T\n", with: "title: T\nid: \(id)\n")
    func told(_ reference: String) -> [String] {
      findings(
        sigma(
          text + "---\ntitle: C\ncorrelation: {type: event_count, rules: [\(reference)], timespan: 1m, "
            + "condition: {gte: 1}}"
        ).0, [at(0, "a")]
      ).map(\.title)
    }
    #expect(told(id.uppercased()) == ["C"])
    #expect(told("6" + id.dropFirst()) == ["T"])
  }

  @Test func distinctValuesAreCounted() {
    let rule = "type: value_count\nrules: [a]\ntimespan: 10s\ncondition: {field: v, gt: 2}"
    #expect(numbers(rule, (0..<3).map { at($0, "a", ["v": .text("\($0)")]) }) == ["3/3"])
    #expect(numbers(rule, (0..<9).map { at($0, "a", ["v": .text("\($0 % 2)")]) }) == [])
    #expect(numbers(rule, (0..<3).map { at($0 * 6, "a", ["v": .text("\($0)")]) }) == [])
  }

  @Test func severalFieldsAreCountedAsTuples() {
    let rule = "type: value_count\nrules: [a]\ntimespan: 10s\ncondition: {field: [v, w], gte: 3}"
    func pair(_ second: Int, _ v: String, _ w: String) -> Event { at(second, "a", ["v": .text(v), "w": .text(w)]) }
    #expect(numbers(rule, [pair(0, "x", "1"), pair(1, "x", "2"), pair(2, "y", "1")]) == ["3/3"])
    #expect(numbers(rule, [pair(0, "x", "1"), pair(1, "X", "1"), pair(2, "y", "1")]) == [])
    // Without one of the fields there is no tuple.
    #expect(numbers(rule, [pair(0, "x", "1"), pair(1, "x", "2"), at(2, "a", ["v": .text("y")])]) == [])
  }

  @Test func eachValueOfAFieldCounts() {
    let rule = "type: value_count\nrules: [a]\ntimespan: 10s\ncondition: {field: v, gte: 3}"
    #expect(numbers(rule, [at(0, "a", ["v": .texts(["x", "y", "X", "z"])])]) == ["3/1"])
    #expect(numbers(rule, [at(0, "a", ["v": .texts(["x", "y"])]), at(20, "a", ["v": .texts(["z", "y"])])]) == [])
    let sum = "type: value_sum\nrules: [a]\ntimespan: 10s\ncondition: {field: v, gte: 7}"
    #expect(numbers(sum, [at(0, "a", ["v": .texts(["3", "4"])])]) == ["7/1"])
    #expect(numbers(sum, [at(0, "a", ["v": .texts(["3", "x"])])]) == [])
  }

  @Test func anEventBelongsToTheGroupOfEachValue() {
    let rule = "type: event_count\nrules: [a]\ngroup-by: [g, h]\ntimespan: 10s\ncondition: {gte: 2}"
    let both: [String: Value] = ["g": .texts(["x", "y"]), "h": .text("1")]
    #expect(numbers(rule, [at(0, "a", both), at(1, "a", ["g": .text("y"), "h": .text("1")])]) == ["2/2"])
    #expect(numbers(rule, [at(0, "a", both), at(1, "a", both)]) == ["2/2", "2/2"])
    #expect(numbers(rule, [at(0, "a", both), at(1, "a", ["g": .text("z"), "h": .text("1")])]) == [])
  }

  /// An event that holds thousands of values in two fields is in no millions of groups.
  @Test func manyValuesAreBounded() {
    let many = Value.texts((0..<500).map { "v\($0)" })
    let events = (0..<100).map { at($0 % 10, "a", ["g": many, "h": many]) }
    let grouped = "type: event_count\nrules: [a]\ngroup-by: [g, h]\ntimespan: 10s\ncondition: {gte: 100}"
    #expect(numbers(grouped, events).count == 64)
    let counted = "type: value_count\nrules: [a]\ntimespan: 10s\ncondition: {field: [g, h], gte: 2}"
    #expect(numbers(counted, events) == ["64/100"])
  }

  /// An upper bound is judged by what a span comes to, not by what it passes through.
  @Test(arguments: [
    ("lt: 5", "0 1 2", "3/3"), ("lt: 5", "0 1 2 3 4", ""), ("lte: 3", "0 1 2", "3/3"),
    ("lte: 2", "0 1 2", ""), ("eq: 3", "0 1 2", "3/3"), ("eq: 3", "0 1 2 3", ""), ("eq: 3", "0 1", ""),
    ("neq: 2", "0 1 2", "3/3"), ("neq: 3", "0 1 2", ""), ("gt: 2, lte: 4", "0 1 2", "3/3"),
    ("gt: 2, lte: 4", "0 1 2 3 4", ""), ("gt: 2, lte: 4", "0 1 30 31 32", "3/3"),
    ("lt: 3", "0 1 30 31 32", "2/2"), ("lt: 3", "0 8 16 24", "2/4"),
  ])
  func upperBoundsWaitForTheEnd(_ condition: String, _ seconds: String, _ expected: String) {
    let rule = "type: event_count\nrules: [a]\ntimespan: 10s\ncondition: {\(condition)}"
    let told = numbers(rule, seconds.split(separator: " ").map { at(Int($0) ?? 0, "a") })
    #expect(told.joined(separator: " ") == expected, "\(condition) \(seconds)")
  }

  @Test func fewerRulesThanAllInOrder() {
    let rule = "type: temporal_ordered\nrules: [a, b, c]\ntimespan: 10s\ncondition: {gte: 2}"
    #expect(numbers(rule, [at(0, "a"), at(1, "c")]) == ["2/2"])
    #expect(numbers(rule, [at(0, "c"), at(1, "b"), at(2, "c")]) == ["2/3"])
    #expect(numbers(rule, [at(0, "c"), at(1, "b"), at(2, "a")]) == [])
    #expect(numbers(rule, [at(0, "a"), at(11, "c")]) == [])
    let all = "type: temporal_ordered\nrules: [a, b, c]\ntimespan: 10s"
    #expect(numbers(all, [at(0, "a"), at(1, "c"), at(2, "b"), at(3, "a"), at(4, "c")]) == ["3/5"])
    #expect(numbers(all, [at(0, "a"), at(8, "b"), at(9, "b"), at(12, "c")]) == [])
  }

  @Test func smallestLargestAndMiddle() {
    func values(_ list: [Int64]) -> [Event] { list.enumerated().map { at($0, "a", ["v": .integer($1)]) } }
    func rule(_ type: String, _ condition: String) -> String {
      "type: \(type)\nrules: [a]\ntimespan: 1h\ncondition: {field: v, \(condition)}"
    }
    #expect(numbers(rule("value_max", "gte: 9"), values([3, 9, 4])) == ["9/3"])
    #expect(numbers(rule("value_max", "gte: 10"), values([3, 9, 4])) == [])
    #expect(numbers(rule("value_min", "gte: 3"), values([4, 3, 9])) == ["4/3"])
    #expect(numbers(rule("value_median", "gte: 5"), values([1, 9, 1])) == ["5/2"])
    #expect(numbers(rule("value_median", "gte: 6"), values([1, 9, 1])) == [])
  }

  /// Numbers come and go by the hundred thousand within one window.
  @Test func percentilesOfAFlood() {
    let events = (0..<20_000).map { at($0 / 10, "a", ["v": .integer(Int64($0 % 1000))]) }
    #expect(
      numbers(
        "type: value_percentile\nrules: [a]\ntimespan: 1d\ncondition: {field: v, percentile: 99, gte: 989}", events
      ).count == 1)
    #expect(
      numbers(
        "type: value_percentile\nrules: [a]\ntimespan: 1d\ncondition: {field: v, percentile: 99, gte: 999}",
        Array(events.dropFirst(1000))) == [])
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
    let named = correlatedRules.replacing("rule-a", with: "6d6f1d6e-3f0c-4b7e-9a55-0f3a7f0c1a01")
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
      correlatedRules
        + "title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 2}")
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
      correlatedRules + """
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
    ("type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {field: v, gte: 1}", "no field"),
    ("type: value_sum\nrules: [a]\ntimespan: 1m\ncondition: {field: [v, w], gte: 1}", "one field"),
    ("type: value_count\nrules: [a]\ntimespan: 1m\ncondition: {field: [v, v], gte: 1}", "each once"),
    ("type: value_percentile\nrules: [a]\ntimespan: 1m\ncondition: {field: v, gte: 1}", "percentile"),
    ("type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: a and z", "does not have"),
    ("type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: a", "what becomes of b"),
    ("type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: a and (b", "parenthesis"),
    ("type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: not a or b", "none of its rules"),
    ("type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: a and not (a or b)", "never"),
    ("type: temporal\nrules: [C]\ntimespan: 1m", "itself"),
    ("type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {eq: 0}", "never"),
    ("type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {lte: 0}", "never"),
    ("type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {lt: 1}", "never"),
    ("type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: {gte: 3}", "never"),
    ("type: temporal\nrules: [a, a]\ntimespan: 1m\ncondition: {gte: 2}", "never"),
  ])
  func whatCannotBeUsedIsTold(_ correlation: String, _ words: String) {
    let (rules, diagnostics) = sigma(
      correlatedRules + "title: C\nname: C\ncorrelation:\n"
        + correlation.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
    #expect(rules.correlations.isEmpty && diagnostics.count == 1)
    #expect(diagnostics.first?.message.contains(words) == true, "\(diagnostics)")
  }

  /// Far more than memory keeps; what is told of the first and the last comes out of the file.
  @Test func aFloodIsOneFindingWithItsBeginningAndEnd() {
    let (rules, _) = sigma(
      correlatedRules + "title: C\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: [who]\n  timespan: 1m\n"
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
