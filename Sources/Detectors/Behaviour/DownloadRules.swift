import Bytes
import Evidence

extension BehaviourRule {
  private static let fetchers = NameTable([
    "curl", "wget", "fetch", "tftp", "ftpget", "lwp-download", "GET", "aria2c", "axel",
  ])

  /// A download piped into an interpreter, put into its arguments, or made executable and run.
  private static func runsDownload(_ it: BehaviourText) -> Bool {
    let fetches = it.marks(fetchers)
    let interprets = it.marks(BehaviourText.interpreters)
    func isFetch(_ index: Int) -> Bool { fetches[index] || interprets[index] && isHandedFetch(it.programs[index]) }
    guard !fetches.isEmpty || it.tools.indices.contains(where: isFetch) else { return fetchesInCode(it) }
    var isFetched = false
    // `(curl … || wget …) | sh`: fetched within a bracket that is piped on.
    var wasFetched = false
    for index in it.tools.indices {
      if index > 0, it.commands[index - 1].end != 0x7C {
        wasFetched = (wasFetched || isFetched) && it.commands[index - 1].end != 0x3B
        isFetched = it.commands[index].before == 0x7C && wasFetched
      }
      // A later part of the same pipe.
      if isFetched, interprets[index], readsInput(it.programs[index]) { return true }
      guard isFetch(index) else { continue }
      isFetched = true
      if it.commands[index].before == 0x28, isRunInBrackets(it, index) { return true }
      if it.commands[index].before == 0x60, isRunInBackticks(it, index) { return true }
    }
    return fetchesInCode(it)
  }

  /// `sh -c curl http://…`: a listing of processes has lost the quotes around what the shell was handed.
  private static func isHandedFetch(_ words: WordRun) -> Bool {
    var rest = words.dropFirst()
    guard let flag = rest.popFirst(), flag == "-c", let program = rest.popFirst(), !rest.isEmpty else { return false }
    return fetchers.contains(ShellWords.baseName(program))
  }

  private static let inputs = NameTable(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"])

  /// Whether an interpreter runs what it is handed: not a script that is named, nor code among its arguments.
  private static func readsInput(_ words: WordRun) -> Bool {
    var isValue = false
    for word in words.dropFirst() {
      if isValue {
        isValue = false
      } else if word == "-c" || word == "-e" || word == "-m" {
        return false
      } else if word == "-s" || word[0] == 0x23 || inputs.contains(word) {
        return true
      } else if ShellWords.isRedirection(word) {
        isValue = ShellWords.isLoneRedirection(word)
      } else if word[0] == 0x2D || word[0] == 0x2B {
        // `-o pipefail`, `-eo pipefail`, `--rcfile f`
        isValue = word[1] != 0x2D && word[word.count - 1] == 0x6F || word == "--rcfile" || word == "--init-file"
      } else if word.firstIndex(of: 0x3D) == nil {
        return false
      }
    }
    return true
  }

  /// `bash <(curl …)`, `bash -c "$(curl …)"`, `eval "$(wget …)"`
  private static func isRunInBrackets(_ it: BehaviourText, _ index: Int) -> Bool {
    guard index > 0, let word = it.commands[index - 1].words.last,
      word[0] == 0x3C || word[0] == 0x24 && word.count == 1
    else { return false }
    let tool = it.tools[index > 1 && it.commands[index - 1].words.count == 1 ? index - 2 : index - 1]
    return BehaviourText.interpreters.contains(tool) || tool == "eval" || tool == "source" || tool == "."
  }

  /// ``eval `curl …` ``, ``bash -c "`wget …`"``
  private static func isRunInBackticks(_ it: BehaviourText, _ index: Int) -> Bool {
    guard index > 0 else { return false }
    let words = it.programs[index - 1]
    if words.count == 1 { return it.tools[index - 1] == "eval" }
    return BehaviourText.interpreters.contains(it.tools[index - 1])
      && words.last.map { $0 == "-c" || $0 == "-e" || $0 == "-r" } == true
  }

  private static let codeFetches = LiteralSet(exact: [
    "urlopen(", "requests.get(", "urlretrieve(", "LWP::Simple", "file_get_contents(", "open-uri", "Net::HTTP.get",
  ])
  private static let codeRuns = LiteralSet(exact: [
    "exec(", "exec url", "eval(", "eval ", "os.system(", "subprocess", "system(",
  ])

  /// `python3 -c "exec(urlopen('http://…').read())"`
  private static func fetchesInCode(_ it: BehaviourText) -> Bool {
    codeFetches.occurs(in: it.text) && codeRuns.occurs(in: it.text) && it.hasAny(["http://", "https://"])
      && it.running(BehaviourText.interpreters).contains { words in
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

  /// Behind `|`, not `||`.
  private static func isPiped(_ it: BehaviourText, _ index: Int) -> Bool {
    it.commands[index].before == 0x7C && it.text[it.commands[index].range.lowerBound - 2] != 0x7C
  }

  /// Fetched, made executable, run: in one line.
  private static func fetchesAndStarts(_ it: BehaviourText) -> Bool {
    guard it.runs(fetchers) else { return false }
    let starts = it.programs.indices.contains { index in
      // What a pipe hands to a script is its input.
      guard let first = it.programs[index].first, !isPiped(it, index) else { return false }
      if first[0] == 0x2E && first[1] == 0x2F || first[0] == 0x2F && it.isTemporary(first) { return true }
      guard BehaviourText.interpreters.contains(it.tools[index]),
        let script = it.programs[index].dropFirst().first(where: { $0[0] != 0x2D })
      else { return false }
      return script.firstIndex(of: ByteView("://")) == nil
    }
    return starts
      && (it.hasAny(["chmod ", "chmod\t", "sh ", "bash ", "perl ", "python "])
        || it.namesPublicAddress && it.has("tar "))
  }

  static func downloadSeverity(_ it: BehaviourText) -> Severity? {
    if fetchesAndStarts(it) {
      // Installers are fetched by name and unpacked; a bare number or a scratch directory is not how software comes.
      let isOdd = it.namesAddress || it.hasAny(["/dev/shm", "/var/tmp", "chmod 777", "chmod +x *", "cd /tmp"])
      // What comes from a name by TLS is mostly a tool that somebody tries.
      let isBare = it.hasAny(["http://", "ftp", "--insecure", "-k ", "--no-check-certificate"])
      if isOdd { return it.has("chmod") && (it.namesPublicAddress || !it.namesAddress && isBare) ? .high : .medium }
    }
    if let started = FetchedFile.severity(it), !isVendor(it) { return started }
    guard runsDownload(it) else { return nil }
    if isVendor(it) { return nil }
    return it.namesPublicAddress
      ? .high
      : it.namesAddress
        ? .medium : it.hasAny(["http://", "-k ", "--insecure", "--no-check-certificate"]) ? .medium : .low
  }

  /// Bringing tools in, and running them.
  static let downloadRules: [BehaviourRule] = [
    BehaviourRule(
      "download-execute", "Download that is run at once", .medium, ["T1105", "T1059.004"],
      leads: [
        "curl", "wget", "tftp", "fetch ", "ftpget", "lwp-download", "aria2c", "axel ", "urlopen(", "requests.get(",
        "LWP::Simple", "file_get_contents(", "open-uri",
      ], judge: \.downloadSeverity),
    BehaviourRule("download-temporary", "Download into a scratch directory", .low, ["T1105"], leads: ["curl", "wget"]) {
      it in
      guard it.runs(NameTable(["curl", "wget"])), it.downloadSeverity == nil else { return nil }
      let saves = it.hasAny([
        "-O /tmp/", "-o /tmp/", "-O /dev/shm/", "-o /dev/shm/", "-O /var/tmp/", "-o /var/tmp/", "-P /tmp", "-O/tmp/",
        "-o/tmp/", "> /tmp/", ">/tmp/",
      ])
      guard saves else { return nil }
      return it.namesAddress || it.hasHiddenTemporary ? .medium : .informational
    },
  ]
}
