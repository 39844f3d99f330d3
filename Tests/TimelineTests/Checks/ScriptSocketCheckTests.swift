import Evidence
import Testing

@testable import Timeline

@Suite("Shells with a connection that run a script")
struct ScriptSocketCheckTests {
  private func socket(
    _ remote: String = "10.0.3.20", severity: Severity = .high, descriptors: [String] = [], line: Int = 1
  ) -> Finding {
    var finding = Finding(
      rule: "reverse-shell.socket", title: "", severity: severity, confidence: .high, attack: [], entities: [],
      evidence: [EvidenceReference(artifact: CaseSamples.artifact("netstat"), locator: CaseSamples.line(line))],
      message: "bash (pid 823) holds it.",
      attributes: [
        Attribute("pid", 823), Attribute("remote_host", remote), Attribute("remote_port", 3306),
        Attribute("local", "10.0.2.15:45003"),
      ])
    finding.attributes.add("descriptors", descriptors)
    return finding
  }

  private func settled(_ findings: [Finding], _ commands: [String]) -> [Finding] {
    var machine = CheckSamples()
    for (number, command) in commands.enumerated() { machine.ps(823, 1, "bash", command, start: 10, "ps\(number)") }
    var checks = CaseChecks()
    for (name, event) in machine.events { checks.take(event, CaseSamples.artifact(name)) }
    return checks.settled(findings, artifacts: [])
  }

  @Test("A script from a place of its own says what the connection is for")
  func script() throws {
    let check = "/bin/bash /usr/lib64/nagios/plugins/check_tcp_port.sh 10.0.3.20 3306"
    for commands in [[check], [check, "bash"], ["bash -e -o pipefail /usr/lib64/nagios/plugins/check_tcp_port.sh"]] {
      let found = try #require(settled([socket()], commands).first)
      #expect(found.severity == .low && found.confidence == .low)
      #expect(found.text("script") == "/usr/lib64/nagios/plugins/check_tcp_port.sh")
    }
    // Somebody outside is another matter.
    #expect(settled([socket("203.0.113.9")], [check]).map(\.severity) == [.medium])
  }

  @Test(
    "A terminal stays one, and so does what is no script of the host's",
    arguments: [
      "bash -i", "bash", "/bin/bash -c /opt/x.sh", "bash /tmp/x.sh", "bash /opt/.x/run.sh", "bash x.sh",
      "bash -s /opt/x.sh",
      "/bin/bash /dev/stdin",
    ])
  func terminal(_ command: String) {
    #expect(settled([socket()], [command]).map(\.severity) == [.high])
  }

  @Test("Where its input is the connection, or the number names two commands, a script explains nothing")
  func standardStreams() {
    let check = "/bin/bash /usr/local/bin/check.sh"
    #expect(settled([socket(), socket(descriptors: ["0", "1"], line: 2)], [check]).map(\.severity) == [.high, .high])
    #expect(settled([socket(), socket(severity: .critical, line: 2)], [check]).map(\.severity) == [.high, .critical])
    #expect(settled([socket()], [check, "bash -i"]).map(\.severity) == [.high])
    #expect(settled([socket(descriptors: ["3", "255"])], [check]).map(\.severity) == [.low])
  }
}
