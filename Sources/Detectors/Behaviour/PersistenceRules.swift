import Bytes
import Evidence

extension BehaviourRule {
  /// What an entry would run that no administrator schedules.
  private static func isSuspicious(_ it: BehaviourText) -> Bool {
    if it.hasAny(["/dev/tcp/", "base64", "nc -e", "nc -c", "/dev/shm/", "| sh", "|sh", "| bash", "|bash"])
      || it.hasHiddenTemporary
    {
      return true
    }
    return runsFromTemporary(it) || it.hasAny(["curl ", "wget "]) && it.namesPublicAddress
  }

  /// Whether a program in a scratch directory is to be run: not where it is only written to, read or copied.
  private static func runsFromTemporary(_ it: BehaviourText) -> Bool {
    func isScratch(_ word: ByteView) -> Bool { BehaviourText.temporary.contains { word.hasPrefix(ByteView($0)) } }
    if it.hasAny(["=/tmp/", "=/var/tmp/"]) { return true }
    return it.commands.contains { command in
      for (place, word) in command.words.enumerated() where isScratch(word) {
        let before = place > 0 ? command.words[place - 1] : ByteView("")
        let isArgument =
          ShellWords.isLoneRedirection(before) || before[0] == 0x2D
          || place > 0 && BehaviourText.copying.contains(ShellWords.baseName(command.words[0]))
          || command.words.prefix(place).contains { BehaviourText.copying.contains($0) || $0 == "crontab" }
        if !isArgument { return true }
      }
      return false
    }
  }

  /// Ways to come back.
  static let persistenceRules: [BehaviourRule] = [
    BehaviourRule(
      "cron-persistence", "Scheduled task written", .medium, ["T1053.003"],
      leads: ["crontab", "/etc/cron", "/var/spool/cron"]
    ) { it in
      let installs = it.running(NameTable(["crontab"])).contains { words in
        words.dropFirst().contains { $0 == "-" } || words.dropFirst().contains { $0[0] == 0x2F }
      }
      guard installs || it.writes("/etc/cron") || it.writes("/var/spool/cron") else { return nil }
      if isSuspicious(it) { return .high }
      // An entry changed by filter is an administrator's, and one that is only taken out or switched comes to nothing.
      let lists = it.running(NameTable(["crontab"])).contains { words in words.contains { $0 == "-l" } }
      let adds = it.runs(NameTable(["echo", "printf", "cat", "tee"])) || !lists
      return lists ? adds ? .informational : nil : .low
    },
    BehaviourRule(
      "at-job", "Task set for later from a scratch directory", .medium, ["T1053.002"],
      leads: ["at now", "| at ", "|at "]
    ) { it in it.runs(NameTable(["at"])) && isSuspicious(it) },
    BehaviourRule(
      "service-persistence", "Service written", .low, ["T1543.002"],
      leads: [
        "/etc/systemd/system", "/lib/systemd/system", "/etc/init.d/", "/etc/rc.local", ".config/systemd/user",
        "systemctl enable",
      ]
    ) { it in
      let links = it.running(NameTable(["systemctl"])).contains { words in
        words.contains { $0 == "enable" } && words.contains { it.isTemporary($0) }
      }
      if links { return .medium }
      guard it.writes("systemd/") || it.writes("/etc/init.d/") || it.writes("/etc/rc.local") else { return nil }
      return isSuspicious(it) ? .high : .low
    },
    BehaviourRule(
      "shell-startup", "Shell start-up file written", .low, ["T1546.004"],
      leads: [".bashrc", ".bash_profile", ".profile", ".zshrc", "/etc/profile", "/etc/bash.bashrc"]
    ) { it in
      guard
        it.writes(".bashrc") || it.writes(".bash_profile") || it.writes(".profile") || it.writes(".zshrc")
          || it.writes("/etc/profile") || it.writes("/etc/bash.bashrc")
      else { return nil }
      if it.hasAny(["/dev/tcp/", "/dev/shm/", "nc -e"]) { return .high }
      return it.hasAny(["| sh", "|sh", "| bash", "|bash", "base64"]) ? .medium : .informational
    },
    BehaviourRule(
      "loader-preload", "Library forced into every program", .high, ["T1574.006"], leads: ["/etc/ld.so.preload"]
    ) { it -> Severity? in
      guard it.writes("/etc/ld.so.preload") else { return nil }
      // A distribution's own library (an allocator) is an administrator's; what lies anywhere else is nobody's.
      let isInstalled = it.hasAny(["/usr/lib/", "/lib/x86_64", "/lib64/", "/usr/lib64/"])
      return isInstalled && !it.hasAny(["/tmp/", "/dev/shm/", "/var/tmp/", "/."]) ? .medium : .high
    },
    BehaviourRule(
      "login-without-password", "Login made to take any password", .high, ["T1556.003"], leads: ["pam_permit.so"]
    ) { it in it.has("/etc/pam.d/") && (it.writes("/etc/pam.d/") || it.runs(NameTable(["sed", "perl"]))) },
    BehaviourRule("ssh-key", "SSH key added", .medium, ["T1098.004"], leads: ["authorized_keys"]) { it in
      guard it.writes("authorized_keys") || it.hasAny(["-O ~/.ssh", "-o ~/.ssh", "-O /root/.ssh"]) else { return nil }
      if it.hasAny(["chattr", "rm -rf .ssh", "rm -rf ~/.ssh", "lockr"]) { return .high }
      // Keys are fetched from a code host every day, by name and over TLS.
      return it.hasAny(["wget ", "curl "]) ? it.namesAddress || it.has("http://") ? .high : .medium : .low
    },
    BehaviourRule(
      "account-created", "Account created or given rights", .low, ["T1136.001"],
      leads: ["useradd", "adduser", "usermod", "/etc/passwd", "/etc/sudoers", "chpasswd"]
    ) { it in
      let makes = it.running(NameTable(["useradd", "adduser", "usermod"]))
      if makes.contains(where: { words in
        words.contains { $0 == "-o" || $0 == "-ou" } && words.contains { $0 == "0" || $0 == "-u0" }
      }) {
        return .high
      }
      if it.writes("/etc/passwd"), it.hasAny([":0:0:", ">> /etc/passwd", ">>/etc/passwd"]) { return .high }
      if it.has("NOPASSWD"), it.writes("/etc/sudoers") { return .medium }
      if it.has("chpasswd"), it.runs(NameTable(["echo", "printf"])) { return it.has("root:") ? .medium : .low }
      return makes.isEmpty ? nil : .low
    },
    BehaviourRule(
      "root-login-allowed", "Login as root allowed over SSH", .low, ["T1098.004", "T1021.004"],
      leads: ["PermitRootLogin yes"]
    ) { it in
      it.writes("sshd_config") && it.runs(NameTable(["echo", "printf"]))
    },
    BehaviourRule(
      "kernel-module", "Kernel module loaded from a scratch directory", .medium, ["T1547.006", "T1014"],
      leads: ["insmod "]
    ) { it -> Severity? in
      let loads = it.running(NameTable(["insmod"]))
      // Rootkits that are public, under the names that they are built with.
      let rootkits = NameTable(["diamorphine.ko", "reptile.ko", "suterusu.ko", "adore-ng.ko", "khook.ko", "kovid.ko"])
      if loads.contains(where: { $0.dropFirst().contains { rootkits.containsName(of: $0) } }) { return .high }
      let isScratch = loads.contains { words in
        words.dropFirst().contains { word in BehaviourText.temporary.contains { word.hasPrefix(ByteView($0)) } }
      }
      return isScratch ? .medium : nil
    },
    BehaviourRule(
      "web-shell-written", "Script written into a web root", .high, ["T1505.003"],
      leads: ["<?php", "<?=", "<%@", "Runtime.getRuntime"] + WebRootScript.roots, judge: WebRootScript.judge),
  ]
}
