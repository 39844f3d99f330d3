import Bytes
import Evidence

extension BehaviourRule {
  private static let fetchers = NameTable([
    "curl", "wget", "fetch", "tftp", "ftpget", "lwp-download", "GET", "aria2c", "axel",
  ])
  private static let interpreters = NameTable([
    "sh", "bash", "zsh", "dash", "ksh", "ash", "perl", "python", "python2", "python3", "php", "ruby", "node",
  ])

  /// A download piped into an interpreter, put into its arguments, or made executable and run.
  private static func runsDownload(_ it: BehaviourText) -> Bool {
    let fetches = it.marks(fetchers)
    guard !fetches.isEmpty else { return fetchesInCode(it) }
    let interprets = it.marks(interpreters)
    var isFetched = false
    // `(curl … || wget …) | sh`: fetched within a bracket that is piped on.
    var wasFetched = false
    for index in it.tools.indices {
      if index > 0, it.commands[index - 1].end != 0x7C {
        wasFetched = (wasFetched || isFetched) && it.commands[index - 1].end != 0x3B
        isFetched = it.commands[index].before == 0x7C && wasFetched
      }
      // A later part of the same pipe.
      if isFetched, interprets[index],
        !it.programs[index].contains(where: { $0 == "-c" || $0 == "-e" || $0 == "-m" })
      {
        return true
      }
      guard fetches[index] else { continue }
      isFetched = true
      if it.commands[index].before == 0x28, isRunInBrackets(it, index) { return true }
      if it.commands[index].before == 0x60, isRunInBackticks(it, index) { return true }
    }
    return fetchesInCode(it)
  }

  /// `bash <(curl …)`, `bash -c "$(curl …)"`, `eval "$(wget …)"`
  private static func isRunInBrackets(_ it: BehaviourText, _ index: Int) -> Bool {
    guard index > 0, let word = it.commands[index - 1].words.last,
      word[0] == 0x3C || word[0] == 0x24 && word.count == 1
    else { return false }
    let tool = it.tools[index > 1 && it.commands[index - 1].words.count == 1 ? index - 2 : index - 1]
    return interpreters.contains(tool) || tool == "eval" || tool == "source" || tool == "."
  }

  /// ``eval `curl …` ``, ``bash -c "`wget …`"``
  private static func isRunInBackticks(_ it: BehaviourText, _ index: Int) -> Bool {
    guard index > 0 else { return false }
    let words = it.programs[index - 1]
    if words.count == 1 { return it.tools[index - 1] == "eval" }
    return interpreters.contains(it.tools[index - 1])
      && words.last.map { $0 == "-c" || $0 == "-e" || $0 == "-r" } == true
  }

  private static let codeFetches = LiteralSet(exact: [
    "urlopen(", "requests.get(", "urlretrieve(", "LWP::Simple", "file_get_contents(", "open-uri", "Net::HTTP.get",
  ])
  private static let codeRuns = LiteralSet(exact: ["exec(", "eval(", "eval ", "os.system(", "subprocess", "system("])

  /// `python3 -c "exec(urlopen('http://…').read())"`
  private static func fetchesInCode(_ it: BehaviourText) -> Bool {
    codeFetches.occurs(in: it.text) && codeRuns.occurs(in: it.text) && it.hasAny(["http://", "https://"])
      && it.running(interpreters).contains { words in
        words.dropFirst().contains { $0 == "-c" || $0 == "-e" || $0 == "-r" }
      }
  }

  /// Where software's own makers say to fetch its installer from and pipe it into a shell.
  private static let vendors: [StaticString] = [
    "https://get.docker.com", "https://test.docker.com", "https://sh.rustup.rs", "https://deb.nodesource.com/",
    "https://rpm.nodesource.com/", "https://install.python-poetry.org", "https://get.k3s.io", "https://get.rke2.io",
    "https://get.helm.sh", "https://raw.githubusercontent.com/nvm-sh/nvm/",
    "https://raw.githubusercontent.com/creationix/nvm/", "https://raw.githubusercontent.com/helm/helm/",
    "https://raw.githubusercontent.com/Homebrew/", "https://raw.github.com/Homebrew/",
    "https://packagecloud.io/install/",
    "https://packages.gitlab.com/install/", "https://bootstrap.pypa.io/", "https://get.pnpm.io",
    "https://bun.sh/install",
    "https://deno.land/install.sh", "https://fly.io/install.sh", "https://codecov.io/bash",
    "https://sdk.cloud.google.com",
    "https://get.sdkman.io", "https://getcomposer.org/installer", "https://get.rvm.io", "https://pyenv.run",
    "https://my-netdata.io/kickstart.sh", "https://www.npmjs.com/install.sh", "https://install.meteor.com",
  ]

  private static func isVendor(_ it: BehaviourText) -> Bool {
    it.hasAny(vendors) && !it.namesAddress && !it.hasAny(["http://", "-k ", "--insecure", "--no-check-certificate"])
  }

  /// Fetched, made executable, run: in one line.
  private static func fetchesAndStarts(_ it: BehaviourText) -> Bool {
    guard it.runs(fetchers) else { return false }
    let starts = it.programs.indices.contains { index in
      guard let first = it.programs[index].first else { return false }
      if first[0] == 0x2E && first[1] == 0x2F || first[0] == 0x2F && it.isTemporary(first) { return true }
      guard interpreters.contains(it.tools[index]),
        let script = it.programs[index].dropFirst().first(where: { $0[0] != 0x2D })
      else { return false }
      return script.firstIndex(of: ByteView("://")) == nil
    }
    return starts
      && (it.hasAny(["chmod ", "chmod\t", "sh ", "bash ", "perl ", "python "])
        || it.namesPublicAddress && it.has("tar "))
  }

  /// Bringing tools in, running them, taking data out.
  static let transferRules: [BehaviourRule] = [
    BehaviourRule(
      "download-execute", "Download that is run at once", .medium, ["T1105", "T1059.004"],
      leads: [
        "curl", "wget", "tftp", "fetch ", "ftpget", "lwp-download", "urlopen(", "requests.get(", "LWP::Simple",
        "file_get_contents(", "open-uri",
      ]
    ) { it in
      if fetchesAndStarts(it) {
        // Installers are fetched by name and unpacked; a bare number or a scratch directory is not how software comes.
        let isOdd = it.namesAddress || it.hasAny(["/dev/shm", "/var/tmp", "chmod 777", "chmod +x *", "cd /tmp"])
        if isOdd { return it.has("chmod") && (it.namesPublicAddress || !it.namesAddress) ? .high : .medium }
      }
      guard runsDownload(it) else { return nil }
      if isVendor(it) { return nil }
      return it.namesPublicAddress
        ? .high
        : it.namesAddress
          ? .medium : it.hasAny(["http://", "-k ", "--insecure", "--no-check-certificate"]) ? .medium : .low
    },
    BehaviourRule("download-temporary", "Download into a scratch directory", .low, ["T1105"], leads: ["curl", "wget"]) {
      it in
      guard it.runs(NameTable(["curl", "wget"])), !runsDownload(it), !fetchesAndStarts(it) else { return nil }
      let saves = it.hasAny([
        "-O /tmp/", "-o /tmp/", "-O /dev/shm/", "-o /dev/shm/", "-O /var/tmp/", "-o /var/tmp/", "-P /tmp", "-O/tmp/",
        "-o/tmp/", "> /tmp/", ">/tmp/",
      ])
      guard saves else { return nil }
      return it.namesAddress || it.hasHiddenTemporary ? .medium : .informational
    },
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
          interpreters.contains(it.tools[index + 1]) || interpreters.contains(ShellWords.baseName(next))
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
      "run-from-temporary", "Program run from a scratch directory", .low, ["T1059.004"], leads: BehaviourText.temporary
    ) { it in
      zip(it.commands, it.commands(naming: BehaviourText.temporary)).contains { command, isNaming in
        guard isNaming, let first = CommandPrefix.drop(command.words).first else { return false }
        return command.before != 0x22 && command.before != 0x27
          && it.isTemporary(first) && !first.hasSuffix("/")
      }
    },
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
