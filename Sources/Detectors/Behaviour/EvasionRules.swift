import Bytes
import Evidence

extension BehaviourRule {
  private static let erasers = NameTable(["rm", "shred", "truncate", "unlink", "wipe", "srm"])

  /// Covering tracks and blinding defenders.
  static let evasionRules: [BehaviourRule] = [
    BehaviourRule(
      "process-hidden", "Process hidden from listings", .high, ["T1564", "T1014"],
      leads: ["--bind", "-o bind", "mount -B", "--rbind"]
    ) { it in
      // What is mounted over `/proc/812` is all that `ps` sees of it.
      it.running(NameTable(["mount"])).contains { words in
        guard let last = words.last, last.hasPrefix("/proc/"), last.count > 6 else { return false }
        return last[6] >= 0x30 && last[6] <= 0x39 || last[6] == 0x24
      }
    },
    BehaviourRule(
      "listing-replaced", "Program that lists processes or files moved away", .medium, ["T1014", "T1036.003"],
      leads: ["/bin/ps ", "/bin/top ", "/bin/ss ", "/bin/netstat ", "/bin/lsof ", "/bin/pstree "]
    ) { it in
      let listings = NameTable(["ps", "top", "ss", "netstat", "lsof", "pstree"])
      return it.running(NameTable(["mv"])).contains { words in
        let source = words.dropFirst().first { $0[0] != 0x2D }
        return source.map { ($0.hasPrefix("/bin/") || $0.hasPrefix("/usr/bin/")) && listings.containsName(of: $0) }
          == true
      }
    },
    BehaviourRule(
      "history-tampering", "Command history switched off or erased", .medium, ["T1070.003", "T1562.003"],
      leads: [
        "HISTFILE", "HISTSIZE=0", "HISTCONTROL=ignore", "history -c", "history -wc", "history -cw", ".bash_history",
        ".zsh_history", "+o history",
      ]
    ) { it in
      if it.hasAny([
        "unset HISTFILE", "HISTFILE=/dev/null", "HISTFILE=;", "HISTFILE=\"\"", "HISTSIZE=0", "HISTFILESIZE=0",
        "+o history",
      ]) {
        return .medium
      }
      if it.running(NameTable(["unset"])).contains(where: { $0.contains { $0 == "HISTFILE" } }) { return .medium }
      if it.hasAny(["HISTFILE= ", "export HISTFILE="])
        && !it.hasAny(["HISTFILE=~", "HISTFILE=$", "HISTFILE=/home", "HISTFILE=\"$"])
      {
        return .medium
      }
      // A list that is read in right after was only shown.
      if it.hasAny(["history -c", "history -wc", "history -cw"]) {
        return it.hasAny(["history -r", "history -cr"]) ? nil : .medium
      }
      if it.hasAny([".bash_history", ".zsh_history"]) {
        return it.runs(erasers) || it.has("/dev/null") && it.runs(NameTable(["ln", "cat", "cp"]))
          || it.writes(".bash_history") ? .medium : nil
      }
      return it.has("HISTCONTROL=ignorespace") ? .informational : nil
    },
    BehaviourRule(
      "log-wiping", "Logs erased", .medium, ["T1070.002"],
      leads: ["/var/log", "/var/run/utmp", "/run/utmp", "journalctl --vacuum", "journalctl --rotate"]
    ) { it in
      let wipes = it.running(erasers).contains { words in
        words.contains { $0.firstIndex(of: ByteView("/var/log")) != nil || $0.firstIndex(of: ByteView("utmp")) != nil }
      }
      let empties =
        it.hasAny([">/var/log/", "> /var/log/"]) && !it.hasAny([">>/var/log/", ">> /var/log/"])
        && (it.hasAny(["/dev/null", ":>", ": >", "true >"]) || it.text[0] == 0x3E
          || it.hasAny(["; >", ";>", "echo >", "echo > ", "echo \"\" >", "echo '' >"]))
      let within = LogWiping.erasesWithin(it)
      guard wipes || empties || within != nil || LogWiping.sweeps(it) else {
        return it.has("--vacuum-time=1s") ? .medium : nil
      }
      // Who logged in is what an intruder wants forgotten; old rotations are what fills disks.
      if within == true { return .high }
      if it.hasAny(["/wtmp", "/btmp", "/lastlog", "utmp", "/auth.log", "/secure", "/audit/audit.log"])
        && !it.hasAny([".gz", ".1", ".old", "-20"])
      {
        return .high
      }
      return it.hasAny([".gz", ".1", ".old", "-20", "*.log."]) ? .informational : .medium
    },
    BehaviourRule("timestomp", "File times changed", .low, ["T1070.006"], leads: ["touch "]) { it in
      let words = it.running(NameTable(["touch"]))
      if words.contains(where: { $0.contains { $0 == "-r" || $0.hasPrefix("--reference") } }) {
        return it.hasAny(["/bin/", "/tmp/", "/usr/", "/etc/"]) ? .medium : nil
      }
      return words.contains { $0.contains { $0 == "-t" || $0 == "-d" || $0 == "-mt" || $0 == "-acmr" } }
        && it.hasAny(["/tmp/", "/bin/", "/usr/", "/dev/shm/", "/var/www"]) ? .low : nil
    },
    BehaviourRule(
      "security-software-stopped", "Security software stopped", .medium, ["T1562.001"],
      leads: [
        "guardduty", "falco", "auditd", "crowdstrike", "falcon-sensor", "wazuh", "ossec", "osquery", "amazon-ssm-agent",
        "cloudwatch-agent", "aliyun", "aegis", "setenforce 0", "/selinux/enforce", "auditctl -e 0", "auditctl -e0",
        "auditctl -D",
        "rsyslog",
      ]
    ) { it in
      if it.hasAny(["auditctl -e 0", "auditctl -e0", "auditctl -D"]) { return .medium }
      // The first thing that many a guide says.
      if it.has("setenforce 0") || it.writes("/selinux/enforce") { return .low }
      let stops = it.running(NameTable(["systemctl", "service", "chkconfig", "initctl"])).contains { words in
        words.contains { $0 == "stop" || $0 == "disable" || $0 == "mask" || $0 == "kill" || $0 == "off" }
      }
      return stops || it.runs(NameTable(["pkill", "killall"]))
        || it.runs(NameTable(["apt", "apt-get", "yum", "dnf"])) && it.hasAny(["remove", "purge", "erase"])
        ? .medium : nil
    },
    BehaviourRule(
      "firewall-off", "Host firewall switched off", .low, ["T1562.004"],
      leads: ["iptables", "ufw disable", "firewalld", "SuSEfirewall2", "nft flush"]
    ) { it in
      let flushes = it.running(NameTable(["iptables", "ip6tables"])).contains {
        $0.contains { $0 == "-F" || $0 == "--flush" }
      }
      return flushes
        || it.hasAny([
          "ufw disable", "stop firewalld", "disable firewalld", "iptables stop", "SuSEfirewall2 stop",
          "nft flush ruleset",
        ])
    },
    BehaviourRule("masquerade", "Process renamed to look like the kernel's", .high, ["T1036.004"], leads: ["exec -a"]) {
      it in
      it.hasAny(["exec -a '[", "exec -a \"[", "exec -a ["])
    },
    BehaviourRule("file-lock", "Files made immutable", .low, ["T1222.002"], leads: ["chattr "]) { it in
      guard
        it.running(NameTable(["chattr"])).contains(where: {
          $0.contains { $0.hasPrefix("+i") || $0.hasPrefix("-i") || $0.hasPrefix("+a") || $0.hasPrefix("-a") }
        })
      else { return nil }
      return it.hasAny(["authorized_keys", ".ssh", "/etc/cron", "/tmp/", "/etc/passwd", "ld.so.preload"])
        ? .medium : .low
    },
    BehaviourRule(
      "competitors-killed", "Other intruders' programs killed", .medium, ["T1489"], leads: ["pkill", "killall"]
    ) { it in
      it.hasAny(["kinsing", "kdevtmpfsi", "xmrig", "xmr", "masscan", "minerd"])
    },
  ]
}
