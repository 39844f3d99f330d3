import Evidence
import Testing

@testable import Detectors

struct SigmaCaseCorrelationsTests {
  private static let rules = """
    title: first
    name: first
    logsource: { product: ir-analyze }
    detection: { s: { what: one }, condition: s }
    ---
    title: second
    name: second
    logsource: { product: ir-analyze }
    detection: { s: { what: two }, condition: s }
    ---
    title: alone
    logsource: { product: ir-analyze }
    detection: { s: { what: one }, condition: s }
    ---
    title: both
    correlation:
      type: temporal_ordered
      rules: [first, second]
      group-by: [host]
      timespan: 5m
    """

  private func found(_ events: [(artifact: UInt8, what: String, time: String)]) -> [Finding] {
    let (rules, diagnostics) = sigma(Self.rules)
    #expect(diagnostics.isEmpty)
    let correlations = SigmaCaseCorrelations(rules)
    #expect(correlations.isNeeded)
    for one in events {
      correlations.inspect(
        event(["what": .text(one.what), "host": .text("web1")], time: one.time), of: Digest(of: [one.artifact]))
    }
    var found: [Finding] = []
    correlations.finish { found.append($0) }
    return found
  }

  @Test func eventsOfTwoArtifactsBelongTogether() {
    let found = found([(2, "two", "2026-11-25T00:04:00Z"), (1, "one", "2026-11-25T00:00:00Z")])
    #expect(found.map(\.title) == ["both"])
    #expect(Set(found.flatMap(\.evidence).map(\.artifact)).count == 2)
  }

  /// The artifact has told it; what else lies in the span adds nothing.
  @Test func whatOneArtifactTellsAloneIsNotToldAgain() {
    let alone = [(1, "one", "2026-11-25T00:00:00Z"), (1, "two", "2026-11-25T00:01:00Z")] as [(UInt8, String, String)]
    #expect(found(alone + [(2, "one", "2026-11-25T00:00:30Z")]).isEmpty)
    #expect(found(alone + [(2, "two", "2026-11-25T00:02:00Z")]).isEmpty)
    // Each has a part.
    #expect(found([alone[0], (2, "one", "2026-11-25T00:00:30Z"), (2, "two", "2026-11-24T23:59:00Z")]).isEmpty)
    #expect(found([alone[0], (2, "two", "2026-11-25T00:02:00Z"), (1, "two", "2026-11-24T23:59:00Z")]).count == 1)
  }

  @Test func oneArtifactTooLateOrTheWrongOrderIsNotTold() {
    #expect(found([(1, "one", "2026-11-25T00:00:00Z"), (1, "two", "2026-11-25T00:01:00Z")]).isEmpty)
    #expect(found([(1, "one", "2026-11-25T00:00:00Z"), (2, "two", "2026-11-25T00:06:00Z")]).isEmpty)
    #expect(found([(1, "two", "2026-11-25T00:00:00Z"), (2, "one", "2026-11-25T00:01:00Z")]).isEmpty)
  }

  /// What another artifact's events could undo is told of the whole case alone: a log holds five minutes of CloudTrail.
  @Test func absenceIsAskedOfTheWholeCase() {
    func told(_ correlation: String, _ events: [(artifact: UInt8, event: Event)]) -> [String] {
      let (rules, diagnostics) = sigma(correlatedRules + "title: C\ncorrelation: {timespan: 1m, \(correlation)}")
      precondition(diagnostics.isEmpty, "\(diagnostics)")
      let whole = SigmaCaseCorrelations(rules)
      #expect(whole.isNeededForOne)
      var found: [String] = []
      for artifact in Set(events.map(\.artifact)).sorted() {
        let detector = SigmaDetector(rules, artifact: Digest(of: [artifact]), scope: .oneOfCase)
        for one in events where one.artifact == artifact {
          detector.inspect(one.event) { found.append($0.title) }
          whole.inspect(one.event, of: Digest(of: [artifact]))
        }
        detector.finish { found.append($0.title) }
      }
      whole.finish { found.append($0.title) }
      return found
    }
    let absent = "type: temporal, rules: [a, b], condition: a and not b"
    #expect(told(absent, [(1, at(0, "a"))]) == ["C"])
    #expect(told(absent, [(1, at(0, "a")), (2, at(50, "b"))]) == [])
    #expect(told(absent, [(1, at(0, "a")), (2, at(70, "b"))]) == ["C"])
    let few = "type: event_count, rules: [a], condition: {lt: 3}"
    #expect(told(few, [(1, at(0, "a")), (1, at(1, "a"))]) == ["C"])
    #expect(told(few, [(1, at(0, "a")), (1, at(1, "a")), (2, at(2, "a"))]) == [])
  }

  /// Syslog writes a login to two files; on two hosts it is two.
  @Test func aCopyOfARecordIsNotAnother() {
    func told(_ events: [(artifact: UInt8, event: Event)]) -> [String] {
      let correlation = "title: C\ncorrelation: {timespan: 1m, type: event_count, rules: [a], condition: {gte: 3}}"
      let whole = SigmaCaseCorrelations(sigma(correlatedRules + correlation).0)
      for one in events { whole.inspect(one.event, of: Digest(of: [one.artifact])) }
      var found: [String] = []
      whole.finish { found.append($0.title) }
      return found
    }
    let two = [at(0, "a"), at(1, "a")]
    #expect(told(two.map { (1, $0) } + two.map { (2, $0) }) == [])
    #expect(told(two.map { (1, $0) } + two.map { (2, $0) } + [(2, at(2, "a"))]) == ["C"])
    #expect(told(two.map { (1, $0) } + [(2, at(1, "a")), (2, at(1, "a"))]) == ["C"])
    let other = at(1, "a", ["host": .text("web2")])
    #expect(told(two.map { (1, $0) } + [(2, other)]) == ["C"])
  }

  @Test func withoutCorrelationsNothingIsNeeded() {
    #expect(!SigmaCaseCorrelations(sigma(nativeRule("s: { a: b }")).0).isNeeded)
  }
}
