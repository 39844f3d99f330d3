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

  @Test func oneArtifactTooLateOrTheWrongOrderIsNotTold() {
    #expect(found([(1, "one", "2026-11-25T00:00:00Z"), (1, "two", "2026-11-25T00:01:00Z")]).isEmpty)
    #expect(found([(1, "one", "2026-11-25T00:00:00Z"), (2, "two", "2026-11-25T00:06:00Z")]).isEmpty)
    #expect(found([(1, "two", "2026-11-25T00:00:00Z"), (2, "one", "2026-11-25T00:01:00Z")]).isEmpty)
  }

  @Test func withoutCorrelationsNothingIsNeeded() {
    #expect(!SigmaCaseCorrelations(sigma(nativeRule("s: { a: b }")).0).isNeeded)
  }
}
