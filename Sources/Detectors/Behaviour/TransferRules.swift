import Bytes
import Evidence

extension BehaviourRule {
  private static let tunnels: [StaticString] = [
    "chisel", "frpc", "gs-netcat", "gsocket", "cloudflared tunnel", "ngrok tcp", "ngrok http", "ligolo", "revsocks",
    "iodine", "dnscat",
  ]

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
      guard it.hasHiddenTemporary, !it.has("mktemp ") else { return false }
      // Looked at or removed in one command, it may be used in the next.
      let lookers = NameTable(["ls", "find", "stat", "file", "sha256sum", "md5sum", "rm", "mktemp"])
      guard it.runs(lookers) else { return true }
      let names = it.commands(naming: ["/tmp/.", "/dev/shm/.", "/var/tmp/."])
      return names.indices.contains { index in
        // What stands in quotes is an argument.
        let before = it.commands[index].before
        return names[index] && !lookers.contains(it.tools[index]) && before != 0x22 && before != 0x27
      }
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
      "download-by-hand", "Download by the shell itself that is run at once", .medium, ["T1105", "T1059.004"],
      leads: ["/dev/tcp/"]
    ) { it in
      // `exec 3<>/dev/tcp/h/80; printf 'GET /x HTTP/1.0…' >&3; … | bash`: bots do so where there is no curl.
      guard it.has("GET ") else { return false }
      let isPiped = it.tools.indices.contains { index in
        it.commands[index].before == 0x7C && BehaviourText.interpreters.contains(it.tools[index])
          && ShellWords.isShellReadingInput(it.programs[index])
      }
      return isPiped || it.running(NameTable(["chmod"])).contains { $0.contains { $0 == "+x" || $0 == "777" } }
    },
    BehaviourRule(
      "ssh-tunnel", "Ports opened through ssh to an address outside", .medium, ["T1572", "T1090"], leads: ["ssh -"]
    ) { it in
      guard it.namesPublicAddress else { return false }
      return it.running(NameTable(["ssh", "autossh"])).contains { words in
        var (forwards, stays) = (false, false)
        // Without a command, in the background: `-fN -R 9999:localhost:22`, `-NfD1080`.
        for word in words.dropFirst().prefix(24) where word[0] == 0x2D && word[1] != 0x2D {
          for place in 1..<max(min(word.count, 5), 1) {
            let letter = word[place]
            if letter == 0x52 || letter == 0x44 { forwards = true }
            if letter == 0x4E || letter == 0x66 { stays = true }
            // What follows these is a value.
            if isAny(letter, of: "RDLoiplFEJbcW") { break }
          }
        }
        return forwards && stays
      }
    },
    BehaviourRule(
      "tunnel", "Tunnel out of the network", .medium, ["T1572", "T1090"],
      leads: tunnels
    ) { it in
      // `_orgsocket` and `--logsocket` are none.
      tunnels.contains { ShellWords.begins($0, in: it.text) }
    },
    BehaviourRule(
      "miner", "Cryptocurrency miner", .high, ["T1496"],
      leads: [
        "xmrig", "minerd", "stratum+tcp", "stratum+ssl", "stratum1+", "--donate-level", "c3pool", "nanopool", "minexmr",
        "supportxmr", "cryptonight", "kdevtmpfsi", "kinsing", "t-rex -a", "ethminer", "randomx",
      ]
    ) { it in
      if Mention.isAll(of: it.text) { return .informational }
      if let severity = MinerCommand.severity(it) { return severity }
      return it.runs(
        NameTable([
          "pkill", "kill", "killall", "grep", "ps", "pgrep", "rm", "apt", "apt-get", "yum", "sed",
        ]))
        && it.commands.count <= 3 ? .low : .high
    },
  ]
}
