import Bytes
import Evidence
import Testing

@testable import Detectors

private func severities(_ command: String) -> [String: Severity] {
  let found = command.withView { BehaviourDetector().scan($0, .command) }
  return Dictionary(found.map { (String($0.rule.dropFirst("behaviour.".count)), $0.severity) }) { first, _ in first }
}

@Suite struct ScratchRunTests {
  @Test(
    arguments: [
      ("cd /dev/shm; ./.a", .medium), ("cd /tmp && chmod +x .x && ./.x", .medium), ("cd /dev/shm && ./a -t 4", .low),
      ("nohup /dev/shm/run &", .low), ("perl /var/tmp/a.pl;rm -rf /var/tmp/a.pl", .low),
    ] as [(String, Severity)])
  func runsFromThere(command: String, severity: Severity) {
    #expect(severities(command)["run-from-temporary"] == severity)
  }

  @Test(arguments: [
    "cd /tmp/build && ./configure && make", "cd /tmp; cd /opt/app; ./.venv/bin/python a.py", "cd /tmp; ls ./.a",
    "bash /tmp/install.sh; rm /tmp/install.sh", "perl /var/tmp/a.pl; rm -rf /var/tmp/b.pl", "cd /tmp && ./../x",
  ])
  func buildingStaysQuiet(command: String) {
    #expect(severities(command)["run-from-temporary"] == nil)
  }
}
