import Bytes
import Evidence

extension BehaviourRule {
  private static let readers = NameTable([
    "cat", "less", "more", "head", "tail", "cp", "scp", "tar", "zip", "base64", "xxd", "strings", "curl", "nc", "grep",
    "unshadow", "john",
  ])
  /// With them one's own settings are worked on every day, so they count only for what nobody edits by hand.
  private static let workers = NameTable([
    "awk", "gawk", "mawk", "dd", "cut", "tr", "xargs", "getent", "mapfile", "readarray", "vi", "vim", "nano", "view",
  ])

  private static let metadataAddresses: [StaticString] = [
    "169.254.169.254", "169.254.170.2", "fd00:ec2::254", "AWS_CONTAINER_CREDENTIALS", "metadata.google.internal",
    "0xA9FEA9FE", "0xa9fea9fe", "2852039166", "::ffff:a9fe:a9fe", "100.100.100.200",
  ]

  /// Whether one of the files that hold the hashes is read, not changed in its place.
  private static func readsHashes(_ it: BehaviourText) -> Bool {
    let shadow = ByteView("shadow")
    if it.runs(readers) || it.runs(workers)
      || it.hasAny(["< /etc/shadow", "</etc/shadow", "open('/etc/shadow", "open(\"/etc/shadow"])
    {
      return true
    }
    return it.running(NameTable(["sed", "perl"])).contains { words in
      words.contains { $0.firstIndex(of: shadow) != nil }
        && !words.contains { $0.hasPrefix("-i") || $0 == "-pi" || $0 == "--in-place" }
    }
  }

  /// Reading what lets one in elsewhere, and looking around.
  static let credentialRules: [BehaviourRule] = [
    // The role's keys lie behind `iam/security-credentials/`; an administrator asks for the instance id or the region.
    BehaviourRule(
      "metadata-credentials", "Instance role credentials read from the metadata service", .high, ["T1552.005"],
      leads: metadataAddresses + ["security-credentials"]
    ) { it in
      if it.has("security-credentials"), MetadataAddress.occurs(in: it.text) { return true }
      return it.hasAny(metadataAddresses)
        && it.hasAny([
          "security-credentials", "identity-credentials", "169.254.170.2", "AWS_CONTAINER_CREDENTIALS_",
          "service-accounts/default/token",
        ])
    },
    BehaviourRule(
      "metadata-query", "Instance metadata queried", .low, ["T1580"],
      leads: ["169.254.169.254", "fd00:ec2::254", "100.100.100.200"]
    ) { it in !it.hasAny(["security-credentials", "identity-credentials"]) },
    BehaviourRule(
      "password-hashes", "Password hashes read", .medium, ["T1003.008"],
      leads: ["/etc/shadow", "/etc/gshadow", "unshadow ", "getent shadow", "getent gshadow"]
    ) { it -> Severity? in
      guard readsHashes(it), !it.has("ls ") else { return nil }
      // An audit asks for accounts without one.
      return it.hasAny(["==\"\"", "== \"\""]) ? .low : .medium
    },
    BehaviourRule(
      "credential-files", "Credential files read or copied", .medium, ["T1552.001", "T1552.004"],
      leads: credentialFiles + ["/.ssh", "/.aws", "/.kube", "/.gnupg"]
    ) { it in
      if packsCredentials(it) { return true }
      guard it.hasAny(credentialFiles) else { return false }
      // One's own key is named when logging in (`ssh -i`), made (`ssh-keygen`) or copied out (`.pub`).
      return it.runs(readers) && !it.hasAny(["ssh-keygen", "ssh-copy-id", ".pub", "ssh -i", "scp -i", "rsync "])
        && !it.onlyWrites
    },
    BehaviourRule(
      "history-search", "Command history searched for passwords", .medium, ["T1552.003"],
      leads: [".bash_history", ".zsh_history", ".mysql_history"]
    ) { it in it.runs(NameTable(["grep", "egrep", "rg"])) && it.hasAny(["pass", "PASS", "secret", "token", "key"]) },
    BehaviourRule("process-environment", "Environment of a process read", .medium, ["T1552.001"], leads: ["/environ"]) {
      it in
      it.has("/proc/") && (it.runs(readers) || it.runs(workers) || it.runs(NameTable(["sed"])))
    },
    BehaviourRule(
      "security-software-discovery", "Search for security software", .medium, ["T1518.001"],
      leads: [
        "guardduty", "falco", "auditd", "crowdstrike", "falcon-sensor", "wazuh", "ossec", "osquery", "sysmon", "clamav",
        "amazon-ssm", "cloudwatch-agent",
      ]
    ) { it in it.runs(NameTable(["ps", "pgrep", "grep", "egrep"])) && it.runs(NameTable(["ps", "pgrep"])) },
    BehaviourRule(
      "privilege-discovery", "Search for ways to more rights", .medium, ["T1548.001", "T1083"],
      leads: ["-perm"] + privilegeTools
    ) { it -> Severity? in
      if it.hasAny(privilegeTools) { return .medium }
      // The whole system is searched, not a folder of one's own. A bracket between them parts commands for the shell, not for find.
      let isWide = it.commands.contains {
        $0.words.contains { $0 == "/" || $0 == "/usr" || $0 == "/bin" || $0 == "/sbin" }
      }
      guard isWide && searchesSetID(it.commands) else { return nil }
      // An audit is root's, who is refused nothing; who has no rights hides what he is refused.
      return it.hasAny(["2>/dev/null", "2> /dev/null", "2>&1", "2>&-", "&>/dev/null"]) ? .medium : .low
    },
    BehaviourRule(
      "discovery", "Several looks around in one line", .low, ["T1082", "T1033", "T1057"],
      leads: [
        "uname", "whoami", "/etc/passwd", "lscpu", "/proc/cpuinfo", "ifconfig", "hostname", "nproc", "netstat ",
        "ps aux",
      ]
    ) { it in DiscoveryCommands.count(it.commands) >= 3 },
    BehaviourRule(
      "network-scan", "Network scanned", .low, ["T1046"], leads: ["nmap ", "masscan ", "zmap ", "fscan", "naabu "]
    ) { it in
      if it.runs(NameTable(["masscan", "zmap", "fscan", "naabu"])) { return .low }
      return it.running(NameTable(["nmap"])).compactMap(NetworkScan.severity).max()
    },
  ]

  private static let credentialFiles: [StaticString] = [
    ".aws/credentials", "/.kube/config", ".docker/config.json", "id_rsa", "id_ed25519", "id_ecdsa", ".git-credentials",
    ".pgpass", ".my.cnf",
  ]
  private static let credentialFolders: [StaticString] = ["/.ssh", "/.aws", "/.kube", "/.gnupg"]

  /// `tar czf k.tgz ~/.ssh`, `zip -r k.zip ~/.aws ~/.kube`: a whole folder of keys put into an archive.
  private static func packsCredentials(_ it: BehaviourText) -> Bool {
    it.running(NameTable(["tar", "zip", "7z", "7za", "rar"])).contains { words in
      let isUnpacked = words.dropFirst().prefix(1).contains { flags in
        flags.firstIndex(of: 0x78) != nil && flags.count <= 6 && flags.firstIndex(of: 0x2F) == nil
      }
      // Where it is unpacked to, or what is left out.
      return !isUnpacked
        && zip(words, words.dropFirst()).contains { flag, word in
          !(flag == "-C" || flag == "-x" || flag.hasPrefix("--exclude")) && word[0] != 0x2D
            && credentialFolders.contains { withoutSlash(word).hasSuffix($0) }
        }
    }
  }

  private static func withoutSlash(_ path: ByteView) -> ByteView {
    path[path.count - 1] == 0x2F ? path.slice(0, path.count - 1) : path
  }

  private static let privilegeTools: [StaticString] = [
    "getcap -r", "linpeas", "LinEnum", "linux-exploit-suggester", "pspy",
  ]

  private static func searchesSetID(_ commands: [SimpleCommand]) -> Bool {
    var before = ByteView("")
    for command in commands {
      for word in command.words {
        if before == "-perm", asksForSetID(word) { return true }
        before = word
      }
    }
    return false
  }

  /// Whether find's `-perm` asks for files that run with their owner's or group's rights: `-4000`, `/6000`, `-u=s`. Three digits
  /// (`-444`) say who may read.
  private static func asksForSetID(_ mode: ByteView) -> Bool {
    var mode = mode
    while let first = mode.unsafeBytes.first, first == 0x2D || first == 0x2F || first == 0x2B {
      mode = mode.dropFirst(1)
    }
    if mode.unsafeBytes.allSatisfy({ (0x30...0x37).contains($0) }) {
      return mode.count >= 4 && (mode[mode.count - 4] - 0x30) & 6 != 0
    }
    return mode[mode.count - 1] == 0x73 && (mode.firstIndex(of: 0x3D) ?? mode.firstIndex(of: 0x2B)) != nil
      || mode == "s"
  }
}

/// Commands by which someone finds out where he is. One alone is anybody's.
enum DiscoveryCommands {
  private static let programs = NameTable([
    "whoami", "id", "hostname", "uname", "ifconfig", "netstat", "ss", "ps", "arp", "route", "last", "lastlog", "w",
    "who", "lscpu", "nproc",
    "getent", "groups", "env", "printenv", "hostnamectl", "lsblk", "dmidecode", "lspci", "nvidia-smi",
  ])
  private static let files: [StaticString] = [
    "/etc/passwd", "/etc/issue", "/proc/cpuinfo", "/proc/version", "/etc/os-release", "/etc/group", "/etc/hosts",
    "/etc/resolv.conf",
  ]

  /// The name of the look that a command is; nil for any other.
  static func name(_ command: SimpleCommand) -> String? {
    let words = ShellText.withoutPrefix(command.words)
    guard let first = words.first else { return nil }
    let program = ShellWords.baseName(first)
    if programs.contains(program) { return program.string }
    let second = words.dropFirst().first ?? ByteView("")
    if program == "ip", second.hasPrefix("a") || second.hasPrefix("r") || second.hasPrefix("n") { return "ip" }
    if program == "sudo", second == "-l" { return "sudo -l" }
    if program == "crontab", second == "-l" { return "crontab -l" }
    guard program == "cat" || program == "head" || program == "grep" || program == "less" else { return nil }
    return files.first { file in words.contains { $0 == file } }.map { String(describing: $0) }
  }

  /// How many different looks a line takes.
  static func count(_ commands: [SimpleCommand]) -> Int { Set(commands.prefix(64).compactMap(name)).count }
}

/// What an nmap command looks at: a whole network is another thing than one's own host, and help is nothing.
enum NetworkScan {
  private static let valued = NameTable([
    "-p", "-oN", "-oX", "-oG", "-oA", "-e", "-S", "-g", "-D", "-iR", "--script", "--script-args", "--top-ports",
    "--exclude",
    "--min-rate", "--max-rate", "--dns-servers", "--source-port", "-source-port", "--proxies", "--ttl", "-b", "-sI",
  ])

  static func severity(_ words: WordRun) -> Severity? {
    var found: Severity?
    var isValue = false
    for word in words.dropFirst().prefix(64) {
      if isValue {
        isValue = false
      } else if word == "-iL" || word == "-iR" {
        found = .low
        isValue = true
      } else if word[0] == 0x2D {
        isValue = valued.contains(word)
      } else if isNetwork(word) {
        return .low
      } else if Endpoint.isPlainHost(word) {
        found = found ?? .informational
      }
    }
    return found
  }

  /// `10.0.0.0/24`, `10.0.0.1-254`, `10.0.*.*`, `$NET/24`.
  private static func isNetwork(_ word: ByteView) -> Bool {
    if let (_, bits) = word.cut(0x2F), bits.count <= 2, let number = bits.integer, number >= 8, number < 31 {
      return true
    }
    guard word[0] >= 0x30, word[0] <= 0x39, word.firstIndex(of: 0x2E) != nil else { return false }
    return word.firstIndex(of: 0x2D) != nil || word.firstIndex(of: 0x2A) != nil
  }
}
