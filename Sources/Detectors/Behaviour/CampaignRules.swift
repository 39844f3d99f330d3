import Bytes
import Evidence

extension BehaviourRule {
  /// What scripts of known campaigns do on every host, and next to nobody else.
  static let campaignRules: [BehaviourRule] = [
    BehaviourRule("miner-tuning", "Processor tuned for mining", .medium, ["T1496"], leads: ["wrmsr "]) { it in
      // The registers that XMRig has set; what measures processors only reads them.
      it.running(NameTable(["wrmsr"])).contains { words in words.contains { $0 == "-a" } }
        && it.hasAny(["0x1a4", "0xc0011020", "0xc0011021", "0xc0011022"])
    },
    BehaviourRule(
      "redis-file-write", "Redis made to write where commands are run", .high, ["T1053.003", "T1190"],
      leads: ["config set dir", "CONFIG SET dir", "config set dbfilename"]
    ) { it in
      it.hasAny(["/var/spool/cron", "/etc/cron", "/.ssh", "/var/www", "authorized_keys"])
    },
    BehaviourRule(
      "masquerade-file", "Program named like the kernel's", .high, ["T1036.004"],
      leads: ["/[k", "[kworker", "[kthreadd", "[kswapd"]
    ) { it in
      it.running(NameTable(["mv", "cp", "ln"])).contains { words in
        words.dropFirst().contains { $0.contains("/[k") || $0.hasPrefix("[k") }
          || words.count >= 2 && it.hasAny(["\"/tmp/[k", "'/tmp/[k", "\"/var/tmp/[k", "\"/dev/shm/[k", "'/dev/shm/[k"])
      }
    },
    BehaviourRule(
      "agent-removed", "Cloud provider's agent removed", .medium, ["T1562.001"],
      leads: ["/qcloud/", "/aegis/", "aegis_quartz", "update.aegis.aliyun.com", "cloudmonitor"]
    ) { it in it.hasAny(["uninstall", "quartz_uninstall", "UnInstall", "remove.sh"]) },
    BehaviourRule(
      "access-lists-opened", "Lists of refused hosts emptied", .medium, ["T1562.004"],
      leads: ["/etc/hosts.deny", "/etc/hosts.allow"]
    ) { it in
      it.hasAny(["echo > /etc/hosts.deny", "echo >/etc/hosts.deny", "> /etc/hosts.deny;", "rm -rf /etc/hosts.deny"])
        || it.hasAny(["ALL: ALL", "ALL:ALL"]) && it.writes("/etc/hosts.allow")
    },
    BehaviourRule(
      "program-in-memory", "Program run from memory alone", .high, ["T1620"], leads: ["memfd_create", "syscall(319"]
    ) { it in
      // 319 is memfd_create on x86-64. Interpreters have no other use for it on a command line.
      it.runs(NameTable(["perl", "python", "python2", "python3", "ruby"])) && it.hasAny([" -e", " -c", "<<"])
    },
  ]
}
