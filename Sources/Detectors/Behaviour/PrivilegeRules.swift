import Bytes
import Evidence

extension BehaviourRule {
  /// More rights, out of the container, a better terminal.
  static let privilegeRules: [BehaviourRule] = [
    BehaviourRule(
      "sudo-shell-escape", "Shell started out of a program that sudo allows", .medium, ["T1548.003"],
      leads: ["sudo ", "doas ", "pkexec "], judge: ShellEscapes.judge),
    BehaviourRule(
      "set-uid-shell-escape", "Shell started out of a program that runs as root for anyone", .medium, ["T1548.001"],
      leads: ["sh -p", "\"-p\"", "'-p'"], when: ShellEscapes.keepsRights),
    BehaviourRule(
      "archiver-hook", "Command run by an archiver", .medium, ["T1059.004", "T1548"],
      leads: ["--checkpoint-action=exec"]
    ) { it -> Severity? in
      // Where a script packs `*`, a file of this name is an option. Progress is shown by `echo` and `dot`.
      guard let place = it.text.firstIndex(of: ByteView("--checkpoint-action=exec=")) else { return .low }
      let command = it.text.slice(place + 25, place + 200)
      return ShellWords.namesShell(command) || command.contains("/tmp/") ? .medium : .low
    },
    BehaviourRule(
      "set-uid-call", "Program that makes itself root and starts a shell", .high, ["T1548.001", "T1068"],
      leads: ["setuid(0)", "setreuid(0", "cap_setuid"]
    ) { it -> Severity? in
      if it.has("cap_setuid") { return it.runs(NameTable(["setcap"])) ? .medium : nil }
      return ShellWords.namesShell(it.text)
        && it.programs.contains { words in
          words.dropFirst().contains { $0 == "-c" || $0 == "-e" || $0 == "-r" }
        } ? .high : nil
    },
    BehaviourRule(
      "pty-upgrade", "Terminal made for a bare shell", .medium, ["T1059.004"],
      leads: ["pty.spawn", "/dev/null", "stty raw", "PTY.spawn"]
    ) { it in
      if it.hasAny(["pty.spawn(", "PTY.spawn"]) { return ShellWords.namesShell(it.text) ? .high : .medium }
      if it.running(NameTable(["script"])).contains(where: { words in
        words.contains { $0 == "/dev/null" }
          && (words.count == 2 || words.dropFirst().contains { ShellWords.isShell($0) })
      }) {
        return .medium
      }
      return it.has("stty raw -echo") ? .medium : nil
    },
    BehaviourRule(
      "set-uid-shell", "Shell that runs as root for anyone", .high, ["T1548.001"], leads: ["chmod ", "install "],
      when: SetUIDShell.isMade),
    BehaviourRule(
      "shell-copied", "Shell copied to a scratch directory", .high, ["T1036.003", "T1548.001"],
      leads: ["/bin/bash", "/bin/sh", "/bin/dash"]
    ) { it in
      it.running(NameTable(["cp", "install"])).contains { words in
        words.dropFirst().contains {
          $0 == "/bin/bash" || $0 == "/bin/sh" || $0 == "/bin/dash" || $0 == "/usr/bin/bash"
        }
          && words.dropFirst().contains { word in BehaviourText.temporary.contains { word.hasPrefix(ByteView($0)) } }
      }
    },
    BehaviourRule("sudo-rights-listed", "Rights under sudo listed", .informational, ["T1069.001"], leads: ["sudo -l"]) {
      it in
      it.commands.contains {
        $0.word(0) == "sudo" && ($0.word(1) == "-l" || $0.word(1) == "-ll") && $0.words.count == 2
      }
    },
    BehaviourRule(
      "sudo-replaced", "Another program put in sudo's place", .medium, ["T1548.003"], leads: ["alias sudo="]
    ) { it in
      guard let place = it.text.firstIndex(of: ByteView("alias sudo=")) else { return false }
      // `alias sudo='sudo '` lets aliases follow it.
      let value = it.text.slice(place + 12, place + 76)
      let program = value.slice(0, value.firstIndex(of: it.text[place + 11]) ?? value.count)
      return (BehaviourText.temporary + ["/."]).contains { program.firstIndex(of: ByteView($0)) != nil }
    },
    BehaviourRule(
      "exploit-tool", "Known exploit or attack tool", .high, ["T1068"],
      leads: [
        "pwnkit", "PwnKit", "dirtycow", "dirtyc0w", "dirtypipe", "dirty_sock", "CVE-2021-4034", "CVE-2022-0847",
        "mimipenguin",
        "msfvenom", "msfconsole", "meterpreter", "sliver-client", "LaZagne",
      ]
    ) { it in
      // A search beside the tool does not make it harmless: all that is done must be to look, or to install.
      !Mention.isAll(of: it.text)
        && !(it.commands.count == 1 && it.runs(NameTable(["rpm", "apt", "yum", "dnf", "apt-get", "changelog", "git"])))
    },
    BehaviourRule(
      "attack-tool", "Tool for attacks run", .medium, ["T1588.002"],
      leads: [
        "sqlmap", "nikto", "gobuster", "ffuf", "wpscan", "dirb ", "nuclei", "crackmapexec", "netexec", "impacket-",
        "enum4linux", "kerbrute", "bloodhound-python", "evil-winrm", "commix", "feroxbuster", "dirsearch", "dirbuster",
      ]
    ) { it in
      it.runs(
        NameTable([
          "sqlmap", "sqlmap.py", "nikto", "nikto.pl", "gobuster", "ffuf", "wpscan", "dirb", "nuclei", "crackmapexec",
          "netexec", "enum4linux", "enum4linux-ng", "kerbrute", "bloodhound-python", "evil-winrm", "commix",
          "feroxbuster", "dirsearch", "impacket-secretsdump", "impacket-psexec", "impacket-wmiexec",
          "impacket-smbclient", "impacket-GetNPUsers", "impacket-GetUserSPNs",
        ]))
        || it.running(BehaviourText.interpreters).contains { words in
          words.dropFirst().contains {
            $0.hasSuffix("sqlmap.py") || $0.hasSuffix("commix.py") || $0.hasSuffix("dirsearch.py")
          }
        }
    },
    BehaviourRule(
      "container-escape", "Way out of a container", .high, ["T1611"],
      leads: [
        "nsenter", "release_agent", "docker.sock", "--privileged", "--pid=host", "--pid host", "core_pattern",
        "-v /", "-v/", "-v=/", "-v \"/", "-v '/", "--volume", "--mount", "notify_on_release", "hostPID",
      ]
    ) { it in
      if it.has("-t cgroup"), it.writes("notify_on_release") { return .high }
      if it.has("hostPID"), it.has("--overrides"), it.has("privileged"), it.runs(NameTable(["kubectl"])) {
        return .medium
      }
      if it.has("release_agent"), it.hasAny([">", "echo"]) { return .high }
      if it.has("core_pattern"), it.writes("core_pattern") { return .medium }
      if it.running(NameTable(["nsenter"])).contains(where: { words in
        words.contains { $0 == "1" || $0 == "-t1" || $0 == "--target=1" }
      }) {
        return .medium
      }
      // Asking the daemon for a container is what gives the host away; listing is looking.
      if it.has("docker.sock"), it.runs(NameTable(["curl"])) {
        return it.hasAny(["/create", "/exec", "/start", "-X POST"]) ? .medium : it.has("--unix-socket") ? .low : nil
      }
      guard HostMount.mayBe(it) else { return nil }
      let mountsRoot = HostMount.isRoot(it)
      let opensShell = it.commands.contains { command in
        command.words.contains { $0 == "chroot" || ShellWords.isShell($0) }
      }
      if mountsRoot, opensShell { return .high }
      return mountsRoot || it.has("--privileged") && it.hasAny(["--pid=host", "--pid host"])
        ? .medium : it.has("--privileged") ? .low : nil
    },
    BehaviourRule(
      "host-disk-mounted", "Disk of the host mounted by hand", .low, ["T1611"], leads: ["mount /dev/", "debugfs "]
    ) {
      it in
      it.hasAny(["chroot", "/mnt/host"]) || it.runs(NameTable(["debugfs"]))
    },
  ]
}
