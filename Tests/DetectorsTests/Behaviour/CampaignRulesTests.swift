import Bytes
import Testing

@testable import Detectors

@Suite struct CampaignRulesTests {
  private func rules(_ text: String) -> [String] {
    text.withView { BehaviourDetector().scan($0, .command) }.map { String($0.rule.dropFirst("behaviour.".count)) }
  }

  @Test(
    arguments: [
      ("modprobe msr; wrmsr -a 0x1a4 0xf", "miner-tuning"),
      ("redis-cli -h 10.0.0.5 config set dir /var/spool/cron/", "redis-file-write"),
      ("mv /tmp/x \"/tmp/[kworker/0:0]\"", "masquerade-file"), ("cp /tmp/x /dev/shm/[kswapd0]", "masquerade-file"),
      ("/usr/local/qcloud/stargate/admin/uninstall.sh", "agent-removed"),
      ("pkill -9 secure.sh; echo > /etc/hosts.deny; pkill -9 sleep;", "access-lists-opened"),
      ("echo 'ALL: ALL' > /etc/hosts.allow", "access-lists-opened"),
      ("perl -e 'my $f=syscall(319,\"\",1);'", "program-in-memory"),
    ] as [(String, String)])
  func isSeen(text: String, rule: String) { #expect(rules(text).contains(rule)) }

  @Test(arguments: [
    "rdmsr -a 0x1a4", "sysctl -w vm.nr_hugepages=128", "redis-cli config set dir /var/lib/redis",
    "redis-cli config get dir", "ps aux | grep '[kworker'", "mv a[k].txt b.txt", "ls /usr/local/qcloud/",
    "echo 'sshd: 203.0.113.9' >> /etc/hosts.deny", "cat /etc/hosts.allow", "man memfd_create",
    "grep -r memfd_create src/",
  ])
  func administrationStaysQuiet(text: String) { #expect(rules(text).isEmpty) }
}
