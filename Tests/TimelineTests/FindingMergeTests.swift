import Evidence
import Testing

@testable import Timeline

@Suite struct FindingMergeTests {
  private func alarm(_ file: String, last: Int64, severity: Severity, message: String) -> Finding {
    var finding = Finding(
      rule: "guardduty.Recon:IAMUser/X", title: "", severity: severity, firstSeen: CaseSamples.time(0),
      lastSeen: CaseSamples.time(last),
      evidence: [EvidenceReference(artifact: CaseSamples.artifact(file), locator: CaseSamples.line(1))],
      message: message)
    finding.attributes.add("finding_id", "8d1fe1da")
    return finding
  }

  @Test func anAlarmOfManyExportsIsOne() throws {
    var exposures = ExposureList()
    let states = [
      alarm("a", last: 10, severity: .high, message: "Seen once."),
      alarm("b", last: 90, severity: .medium, message: "Seen nine times."),
      alarm("c", last: 50, severity: .high, message: "Seen five times."),
    ]
    let merged = FindingMerge.merge(states, into: &exposures)
    let one = try #require(merged.first)
    #expect(merged.count == 1 && one.message == "Seen nine times." && one.severity == .medium)
    #expect(one.evidence.count == 3 && one.lastSeen == CaseSamples.time(90))
    #expect(FindingMerge.merge(states.reversed(), into: &exposures) == merged)
    var other = states[0]
    other.attributes = [Attribute("finding_id", "another")]
    #expect(FindingMerge.merge(states + [other], into: &exposures).count == 2)
  }

  @Test func aCallDeliveredTwiceIsOne() {
    let call = CredentialSamples.call(10, "StopLogging", from: "192.0.2.200", id: "e-1")
    let next = CredentialSamples.call(11, "StopLogging", from: "192.0.2.200", id: "e-2")
    func found(_ file: String, _ event: Event) -> Finding {
      Finding(
        rule: "cloud.logging-off", title: "", severity: .medium, firstSeen: event.time,
        evidence: [EvidenceReference(artifact: CaseSamples.artifact(file), locator: event.locator)], message: "x")
    }
    let incident = CaseSamples.story(
      [found("trail", call), found("copy", call), found("trail", next)],
      [("trail", call), ("copy", call), ("trail", next)])
    #expect(incident.findings.map(\.evidence.count).sorted() == [1, 2])
  }
}
