import Bytes
import Evidence
import Testing

@testable import Detectors

private func severities(_ command: String) -> [String: Severity] {
  let found = command.withView { BehaviourDetector().scan($0, .command) }
  return Dictionary(found.map { (String($0.rule.dropFirst("behaviour.".count)), $0.severity) }) { first, _ in first }
}

/// Files and places that an intruder looks for, and the commands that change who may come in.
@Suite struct CredentialRulesTests {
  @Test(
    arguments: [
      ("tar czf /tmp/k.tgz ~/.ssh", "credential-files", .medium),
      ("tar czf /tmp/k.tgz /home/*/.ssh/", "credential-files", .medium),
      ("zip -r k.zip ~/.aws ~/.ssh ~/.kube", "credential-files", .medium),
      ("find / -name credentials -path '*.aws*' 2>/dev/null", "credential-search", .medium),
      ("env | grep -i aws", "environment-search", .low),
      ("cat /var/www/html/wp-config.php", "application-password-read", .low),
      (
        "curl http://100.100.100.200/latest/meta-data/ram/security-credentials/ops", "metadata-credentials", .high
      ),
      ("curl http://100.100.100.200/latest/meta-data/instance-id", "metadata-query", .low),
      ("cat /e?c/shadow", "password-hashes", .medium),
      ("echo 'PermitRootLogin yes' >> /etc/ssh/sshd_config", "root-login-allowed", .low),
      ("echo /tmp/x | at now", "at-job", .medium), ("at now + 1 minute <<< '/tmp/x'", "at-job", .medium),
      ("systemctl enable --now /tmp/x.service", "service-persistence", .medium),
      ("echo 0 > /selinux/enforce", "security-software-stopped", .low),
      ("alias sudo='sh /tmp/s'", "sudo-replaced", .medium), ("alias sudo=\"~/.s/sudo\"", "sudo-replaced", .medium),
      (
        "mkdir /tmp/c && mount -t cgroup -o rdma cgroup /tmp/c; echo 1 > /tmp/c/x/notify_on_release",
        "container-escape", .high
      ),
      (
        "kubectl run r --image=a --overrides='{\"spec\":{\"hostPID\":true,\"x\":{\"privileged\":true}}}'",
        "container-escape", .medium
      ),
    ] as [(String, String, Severity)])
  func isTold(command: String, rule: String, severity: Severity) {
    #expect(severities(command)[rule] == severity)
  }

  @Test(arguments: [
    "tar xzf k.tgz ~/.ssh", "tar -C ~/.ssh -xf k.tar", "tar czf b.tgz --exclude ~/.ssh /home/ops", "ls -la ~/.ssh",
    "tar czf b.tgz /srv/app.ssh-docs", "find . -name credentials", "env | grep PATH", "vi /var/www/html/wp-config.php",
    "alias sudo='sudo '", "alias sudo='sudo '; ls ~/.config", "at now + 1 hour -f /opt/job.sh", "atq",
    "kubectl get pods -o custom-columns=H:.spec.hostPID,P:.spec.privileged", "mount -t cgroup2 none /sys/fs/cgroup",
    "systemctl enable --now /opt/app/app.service", "grep PermitRootLogin /etc/ssh/sshd_config", "cat /e?c/hosts",
  ])
  func ordinaryWorkStaysQuiet(command: String) {
    #expect(severities(command).isEmpty)
  }
}
