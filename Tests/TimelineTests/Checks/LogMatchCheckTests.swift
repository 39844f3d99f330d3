import Evidence
import Testing

@testable import Timeline

@Suite("YARA's matches in logs")
struct LogMatchCheckTests {
  private func settled(_ kind: String, _ severity: Severity = .high, rule: String = "yara:Dropper") -> Finding? {
    let artifact = CaseSamples.artifact("file")
    let finding = Finding(
      rule: rule, title: "", severity: severity, confidence: .high, attack: [], entities: [],
      evidence: [EvidenceReference(artifact: artifact, locator: CaseSamples.line(3))], message: "Matched.")
    let record = ArtifactRecord(digest: artifact, paths: ["file"], size: 1, kind: kind)
    return CaseChecks().settled([finding], artifacts: [record]).first
  }

  @Test("What was sent or typed is an attempt", arguments: ["log/aws.waf", "log/web.access", "log/linux.bash_history"])
  func log(_ kind: String) throws {
    let found = try #require(settled(kind))
    #expect(found.severity == .medium)
    #expect(found.message.hasPrefix("Matched. It stands in a log"))
    #expect(settled(kind, .low)?.message == "Matched.")
  }

  @Test(
    "A file, memory and the host's own settings are what they are",
    arguments: ["text/x-shellscript", "memory/lime", "log/linux.crontab", "log/linux.systemd_unit", "log/capture.ps"])
  func file(_ kind: String) {
    #expect(settled(kind)?.severity == .high)
    #expect(settled("log/aws.waf", rule: "log4shell.jndi-lookup")?.severity == .high)
  }
}
