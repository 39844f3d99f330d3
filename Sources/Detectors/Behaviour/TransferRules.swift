import Bytes
import Evidence

extension BehaviourRule {
  /// Hiding and running tools, taking data out.
  static let transferRules: [BehaviourRule] = [
    BehaviourRule(
      "decode-execute", "Decoded text that is run at once", .medium, ["T1140", "T1027"],
      leads: ["base64", "xxd -r", "openssl enc", "uudecode"]
    ) { it in
      for (index, command) in it.commands.enumerated() where command.end == 0x7C && index + 1 < it.commands.count {
        let decodes = command.words.contains {
          $0 == "-d" || $0 == "--decode" || $0 == "-D" || $0 == "-r" || $0.hasSuffix(",-d}")
        }
        let next = it.commands[index + 1].word(0)
        if decodes,
          BehaviourText.interpreters.contains(it.tools[index + 1])
            || BehaviourText.interpreters.contains(ShellWords.baseName(next))
            || next.hasPrefix("{bash,") || next.hasPrefix("{sh,")
        {
          return true
        }
      }
      return false
    },
    BehaviourRule(
      "hidden-temporary-file", "Hidden file in a scratch directory", .medium, ["T1564.001", "T1074.001"],
      leads: ["/tmp/.", "/dev/shm/.", "/var/tmp/."]
    ) { it in
      it.hasHiddenTemporary
        && !it.runs(NameTable(["ls", "find", "stat", "file", "sha256sum", "md5sum", "rm", "mktemp"]))
        && !it.has("mktemp ")
    },
    BehaviourRule(
      "run-from-temporary", "Program run from a scratch directory", .low, ["T1059.004"],
      leads: BehaviourText.temporary + ["cd /tmp", "cd /var/tmp", "cd /dev/shm"], judge: ScratchRun.severity),
    BehaviourRule(
      "archive-upload", "Data sent to another machine", .medium, ["T1560.001", "T1048.003"],
      leads: ["--upload-file", "curl -T", "--data-binary @", "-F ", "-d @", "--post-file", "--form ", " -T "]
    ) { it in
      guard it.runs(NameTable(["curl", "wget"])), it.hasAny(["@", " -T ", "--upload-file", "--post-file"]) else {
        return nil
      }
      let isData = it.hasAny([
        ".tgz", ".tar", ".zip", ".gz", ".7z", ".sql", ".dump", "/etc/", "/tmp/", "/home/", "/root/", "/var/",
      ])
      if uploadsSecret(it) { return it.namesAddress && !it.namesPublicAddress ? .medium : .high }
      guard isData else { return nil }
      return it.namesAddress ? .medium : .low
    },
    BehaviourRule(
      "drop-site", "Public drop or callback service", .medium, ["T1567", "T1102"],
      leads: [
        "transfer.sh", "pastebin.com/raw", "webhook.site", "oast.", "interact.sh", "burpcollaborator", "ngrok",
        "requestbin", "file.io", "anonfiles", "discord.com/api/webhooks", "api.telegram.org/bot",
      ]
    ) { it in it.runs(NameTable(["curl", "wget", "nc", "ping", "dig", "nslookup", "ngrok", "host"])) },
    BehaviourRule(
      "tunnel", "Tunnel out of the network", .medium, ["T1572", "T1090"],
      leads: [
        "chisel", "frpc", "gs-netcat", "gsocket", "cloudflared tunnel", "ngrok tcp", "ngrok http", "ligolo", "revsocks",
        "iodine", "dnscat",
      ]),
    BehaviourRule(
      "miner", "Cryptocurrency miner", .high, ["T1496"],
      leads: [
        "xmrig", "minerd", "stratum+tcp", "stratum+ssl", "stratum1+", "--donate-level", "c3pool", "nanopool", "minexmr",
        "supportxmr", "cryptonight", "kdevtmpfsi", "kinsing", "t-rex -a", "ethminer", "randomx",
      ]
    ) { it in
      if it.isOnlySaid { return .informational }
      return it.runs(NameTable(["pkill", "kill", "killall", "grep", "ps", "pgrep", "rm", "apt", "apt-get", "yum"]))
        && it.commands.count <= 3 ? .low : .high
    },
  ]
}
