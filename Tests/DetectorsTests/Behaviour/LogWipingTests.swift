import Bytes
import Evidence
import Testing

@testable import Detectors

/// Logs and the history of commands erased without naming each file behind an eraser.
@Suite struct LogWipingTests {
  private func severity(_ command: String) -> Severity? {
    command.withView { BehaviourDetector().scan($0, .command) }
      .filter { $0.rule == "behaviour.log-wiping" || $0.rule == "behaviour.log-lines-removed" }.map(\.severity).max()
  }

  @Test(
    arguments: [
      ("find /var/log -type f -delete", .medium), ("find /var/log -name '*.log' -exec rm -f {} \\;", .medium),
      ("find /var/log -type f -print0 | xargs -0 rm", .medium), ("find /var/log -mtime -1 -delete", .medium),
      ("cp /dev/null /var/log/auth.log", .high), ("cat /dev/null | tee /var/log/wtmp", .high),
      ("echo \"\" | sudo tee /var/log/auth.log", .high), ("cd /var/log && rm -f auth.log wtmp btmp lastlog", .high),
      ("cd /var/log && rm -rf *", .medium), ("cd /var/log; for i in *; do echo > $i; done", .medium),
      ("utmpdump /var/log/wtmp | grep -v x | utmpdump -r > /var/log/wtmp", .high),
      ("grep -v 203.0.113.5 /var/log/auth.log > /tmp/a && mv /tmp/a /var/log/auth.log", .medium),
    ] as [(String, Severity)])
  func isNamed(command: String, severity: Severity) { #expect(self.severity(command) == severity) }

  @Test(arguments: [
    "find /var/log -name '*.gz' -mtime +30 -delete", "find /var/log -type f -name '*.log' -mtime +7 -exec rm -f {} \\;",
    "find /var/log -type f \\( -name '*.gz' -o -name '*.1' \\) -mtime +14 -print0 | xargs -0 rm -f",
    "logrotate -f /etc/logrotate.conf", "cd /var/log && ls -la",
    "cd /var/log/nginx && rm -f access.log.1 error.log.2.gz",
    "cd /var/log; tail -f syslog; cd /srv/build; rm -rf *", "echo restart | sudo tee -a /var/log/deploy.log",
    "echo restart | tee /var/log/deploy.log", "date | tee /var/log/last-run", "cp /var/log/syslog /srv/syslog",
    "find /var/log -type f -size +100M", "find /var/log -type f | xargs ls -la",
    "find /var/log -name '*.log' -exec gzip {} \\;",
  ])
  func housekeepingIsNone(command: String) { #expect(severity(command) == nil) }

  @Test func allHistoriesUnset() {
    let found = "unset HISTORY HISTFILE HISTSAVE HISTZONE HISTLOG".withView { BehaviourDetector().scan($0, .command) }
    #expect(found.map(\.rule) == ["behaviour.history-tampering"])
  }
}
