import Bytes

/// Bash's `/dev/tcp/host/port` with a shell at the near end, and zsh's `ztcp`.
///
/// The device alone is an ordinary port check; what makes a shell of it is that commands are read from it: a shell with
/// `-i` or with its input redirected there, or a loop that runs what it reads.
enum DevTCPMatcher {
  /// Devices of one text that are looked at; a command line has a few.
  private static let maximumPlaces = 256
  /// Shells of one command, words behind one of them, and inputs of one text that are looked at.
  private static let maximumShells = 32
  private static let maximumWords = 64

  /// What all devices of one text ask of it, answered once: a text of nothing but devices has hundreds in one command.
  final class Facts {
    let shell: ShellText
    private var runs: [[UInt8]: Bool] = [:]
    private var lastCommand: (index: Int, isShell: Bool)?
    private(set) lazy var runsLines: Bool = DevTCPMatcher.runsLines(shell)
    private(set) lazy var hasReader: Bool = shell.commands.contains {
      ShellWords.isShellReadingInput(ShellText.withoutPrefix($0.words))
    }
    /// Where a command takes input from a descriptor: the text behind `<&` and `0>&`.
    private(set) lazy var inputs: [(command: Int, descriptor: ByteView)] = DevTCPMatcher.inputs(shell)
    /// Commands that were looked at, for a test of how often that is.
    private(set) var commandsAsked = 0

    init(_ shell: ShellText) { self.shell = shell }

    /// Devices come in order, so those of one command follow each other.
    func isShell(_ command: Int) -> Bool {
      if let lastCommand, lastCommand.index == command { return lastCommand.isShell }
      commandsAsked += 1
      let answer = DevTCPMatcher.isShell(shell, command)
      lastCommand = (command, answer)
      return answer
    }

    func isRun(_ descriptor: [UInt8]) -> Bool {
      if let known = runs[descriptor] { return known }
      // More than one text can use.
      guard runs.count < 16 else { return false }
      let answer = DevTCPMatcher.isRun(self, descriptor)
      runs[descriptor] = answer
      return answer
    }
  }

  static func matches(_ shell: ShellText) -> [ShellMatch] { matches(Facts(shell)) }

  static func matches(_ facts: Facts) -> [ShellMatch] {
    let shell = facts.shell
    var found: [ShellMatch] = []
    var places = 0
    for (device, transport) in [("/dev/tcp/", "tcp"), ("/dev/udp/", "udp")] as [(StaticString, String)] {
      var from = 0
      var index = 0
      while let place = shell.text.firstIndex(of: ByteView(device), from: from), found.count < 16,
        places < maximumPlaces
      {
        from = place + 9
        places += 1
        while index + 1 < shell.commands.count, shell.commands[index + 1].range.lowerBound <= place { index += 1 }
        // `/dev/tcp/` and no more is a word about it; `/dev/tcp/"$H"/"$P"` is the device.
        let isQuoted = shell.text[from] == 0x22 || shell.text[from] == 0x27
        let first = isQuoted ? shell.text[from + 1] : shell.text[from]
        guard first > 0x20, !isAny(first, of: "'\"`,;)"), !isQuoted || isWordByte(first) || first == 0x24 else {
          continue
        }
        if shell.commands.indices.contains(index), shell.commands[index].range.lowerBound <= place,
          isShell(facts, index, at: place)
        {
          found.append(
            ShellMatch(
              technique: shell.carrier ?? "dev_tcp", endpoint: endpoint(shell, from), transport: transport, place: place
            ))
        }
      }
    }
    if found.isEmpty, let one = ztcp(shell) { found.append(one) }
    return found
  }

  private static func endpoint(_ shell: ShellText, _ start: Int) -> Endpoint {
    let rest = shell.text.slice(start, start + 300)
    let end = rest.firstIndex(of: 0x20) ?? rest.count
    let device = rest.slice(0, end)
    guard let quote = device.firstIndex(of: 0x22) ?? device.firstIndex(of: 0x27), quote < device.count - 1 else {
      return endpoint(shell, rest)
    }
    return device.array.filter { $0 != 0x22 && $0 != 0x27 }.withView { endpoint(shell, $0) }
  }

  private static func endpoint(_ shell: ShellText, _ rest: ByteView) -> Endpoint {
    guard let slash = rest.firstIndex(of: 0x2F) else { return Endpoint(host: nil, port: nil) }
    var end = slash + 1
    var isExpansion = false
    // `\$PORT` within another string.
    if rest[end] == 0x5C, rest[end + 1] == 0x24 { end += 1 }
    while end < rest.count, isExpansion || isWordByte(rest[end]) || isAny(rest[end], of: "${}-") {
      if rest[end] == 0x7B || rest[end] == 0x7D { isExpansion = rest[end] == 0x7B }
      end += 1
    }
    return shell.endpoint(rest.slice(0, slash), rest.slice(slash + 1, end))
  }

  private static func isShell(_ facts: Facts, _ index: Int, at place: Int) -> Bool {
    if facts.isShell(index) { return true }
    // `bash -i >& "/dev/tcp/…"`: a quote between the redirection and the device.
    if index > 0, [0x22, 0x27].contains(facts.shell.commands[index - 1].end),
      facts.shell.commands[index - 1].range.upperBound == place - 1,
      // Within another string the quote has a backslash before it.
      facts.shell.commands[index - 1].words.suffix(2).last(where: { !($0 == "\\") }).map(
        ShellWords.isLoneRedirection) == true,
      isShell(facts.shell, index - 1)
    {
      return true
    }
    if isLoop(facts, index, at: place) { return true }
    guard let descriptor = descriptor(facts.shell.text, before: place) else {
      // `exec </dev/tcp/…; sh`
      return isInputOfAll(facts, index, at: place)
    }
    return facts.isRun(descriptor) || descriptor == [0x30] && isInputOfAll(facts, index, at: place)
  }

  /// `exec 0<>/dev/tcp/… 1>&0; bash`: what follows reads from there.
  private static func isInputOfAll(_ facts: Facts, _ index: Int, at place: Int) -> Bool {
    let text = facts.shell.text
    let command = facts.shell.commands[index]
    guard command.word(0) == "exec", ShellWords.isRedirection(command.word(1)), facts.hasReader else { return false }
    // `exec >/dev/tcp/… 0<&1`
    if command.words.contains(where: { $0 == "0<&1" || $0 == "<&1" || $0 == "0>&1" }) { return true }
    var start = place
    while start > 0, place - start < 4, text[start - 1] == 0x20 || text[start - 1] == 0x3E { start -= 1 }
    return text[start - 1] == 0x3C && (text[start - 2] == 0x20 || text[start - 2] == 0x30)
  }

  /// Whether a command is or feeds a shell, so that a device in it gives the shell away.
  private static func isShell(_ shell: ShellText, _ index: Int) -> Bool {
    let command = shell.commands[index]
    var shells = 0
    for start in command.words.indices where ShellWords.isShell(command.words[start]) {
      let rest = command.words[start...].prefix(maximumWords)
      if isInteractive(rest) || ShellWords.isShellReadingInput(rest) && readsInput(rest) { return true }
      shells += 1
      if shells >= maximumShells { break }
    }
    // `(sh)0>/dev/tcp/…`, `(exec -a name bash -i) >& /dev/tcp/…`
    if command.before == 0x29, index > 0,
      command.word(0).hasPrefix("0") || command.word(0).hasPrefix(">&") || command.word(0).hasPrefix("&>")
        || command.word(0).hasPrefix("<>"),
      ShellWords.isShellReadingInput(shell.commands[index - 1].words[...])
    {
      return true
    }
    if isCode(shell, index) { return true }
    // `$(which bash) -i >& /dev/tcp/…`
    if command.before == 0x29 || command.before == 0x60, index > 0, shell.commands[index - 1].words.printedShell != nil,
      command.word(0)[0] == 0x2D, command.word(0).firstIndex(of: 0x69) != nil
    {
      return true
    }
    // `script -qc sh /dev/null </dev/tcp/…`
    let words = command.words.indices.prefix(maximumWords)
    if let start = words.first(where: { command.words.name($0) == "script" }), readsInput(command.words[...]) {
      let places = (start..<command.words.endIndex).prefix(maximumWords)
      let isStarted = places.contains {
        ShellWords.takesCommand(command.words[$0]) && ShellWords.isShell(command.word($0 + 1))
      }
      if isStarted { return true }
    }
    // `sh <(cat /dev/tcp/…)`
    if command.before == 0x28, index > 0, shell.commands[index - 1].words.last.map({ $0 == "<" }) == true,
      readsInputLast(shell.commands[index - 1].words)
    {
      return true
    }
    // `{ bash -i; } >& /dev/tcp/…`
    if command.word(0) == "}", index > 0, ShellWords.isRedirection(command.word(1)) {
      let inner = shell.commands[index - 1].words
      let open = inner.indices.prefix(maximumShells).last { inner[$0] == "{" }
      if ShellWords.isShellReadingInput(inner[(open.map { $0 + 1 } ?? inner.startIndex)...]) { return true }
    }
    // `bash -c 'bash -i' <>/dev/tcp/…`, `script -qc sh /dev/null <>/dev/tcp/…`: what stands in quotes reads from there.
    if command.before == 0x22 || command.before == 0x27, index > 0, readsInput(command.words[...]),
      ShellWords.isShellReadingInput(ShellText.withoutPrefix(shell.commands[index - 1].words))
    {
      return true
    }
    if isFed(shell, index) { return true }
    // `cat </dev/tcp/… | sh`
    return command.end == 0x7C && index + 1 < shell.commands.count
      && ShellWords.isShellReadingInput(ShellText.withoutPrefix(shell.commands[index + 1].words))
  }

  /// Whether a command ends in a shell that reads its input, whatever stands before it: a crontab's times, a process's row.
  private static func readsInputLast(_ words: WordRun) -> Bool {
    words.indices.prefix(maximumShells).contains {
      ShellWords.isShell(words[$0]) && ShellWords.isShellReadingInput(words[$0...])
    }
  }

  private static let writers = NameTable(["cat", "tee"])

  /// `bash -i |& cat >/dev/tcp/…`, `bash -i 2>&1 | tee /dev/tcp/…`: all that somebody's shell says goes there. A script's output
  /// does too, to a collector of logs; it has no prompt.
  private static func isFed(_ shell: ShellText, _ index: Int) -> Bool {
    guard index > 0, shell.commands[index - 1].end == 0x7C, writers.contains(shell.commands[index].words.name(0)) else {
      return false
    }
    let words = shell.commands[index - 1].words
    return words.indices.prefix(maximumShells).contains { start in
      ShellWords.isShell(words[start]) && ShellWords.isShellReadingInput(words[start...])
        && isInteractive(words[start...])
    }
  }

  /// `while read c; do $c; done </dev/tcp/…`
  private static func isLoop(_ facts: Facts, _ index: Int, at place: Int) -> Bool {
    guard facts.shell.commands[index].word(0) == "done", facts.runsLines else { return false }
    var start = place
    while start > 0, place - start < 4, isAny(facts.shell.text[start - 1], of: " >&\"") { start -= 1 }
    return facts.shell.text[start - 1] == 0x3C
  }

  /// What comes in is the command: `bash -c "$(</dev/tcp/…)"`, `eval "$(cat </dev/tcp/…)"`, `source /dev/tcp/…`.
  private static func isCode(_ shell: ShellText, _ index: Int) -> Bool {
    let command = shell.commands[index]
    let first = command.word(0)
    if first == "source" || first == ".", command.word(1).hasPrefix("/dev/") { return true }
    guard first[0] == 0x3C || first == "cat", index > 0, command.before == 0x28 || command.before == 0x60 else {
      return false
    }
    var outer = shell.commands[index - 1].words
    // `x=$(cat </dev/tcp/…); eval "$x"`
    let isLone = outer.count == 1 && outer.last.map { $0 == "$" } == true
    let target = isLone && index > 1 ? shell.commands[index - 2].words.last : outer.last
    if let (name, rest) = target?.cut(0x3D), !name.isEmpty, rest.isEmpty || rest == "$" {
      return isEvaluated(shell, name, after: index)
    }
    if command.before == 0x28 {
      // A dollar sign, alone in its quotes or behind the rest.
      guard outer.last.map({ $0 == "$" }) == true else { return false }
      outer = outer.count > 1 ? outer.prefix(outer.count - 1) : index > 1 ? shell.commands[index - 2].words : outer
    }
    guard let last = outer.last else { return false }
    return last == "eval" || ShellWords.takesCommand(last) && outer.contains(where: ShellWords.isShell)
  }

  /// Whether one of the next commands runs what was put under a name.
  private static func isEvaluated(_ shell: ShellText, _ name: ByteView, after index: Int) -> Bool {
    let near = (index + 1)..<min(index + 9, shell.commands.count)
    func isUse(_ word: ByteView) -> Bool {
      let start = word[0] == 0x5C ? 1 : 0
      guard word[start] == 0x24 else { return false }
      let used = word.slice(word[start + 1] == 0x7B ? start + 2 : start + 1)
      return used.hasPrefix(name) && !isWordByte(used[name.count])
    }
    return near.contains { place in
      let words = ShellText.withoutPrefix(shell.commands[place].words)
      guard let first = words.first, first == "eval" || ShellWords.isShell(first) && words.count > 1 else {
        return false
      }
      let last = words[words.endIndex - 1]
      guard
        first == "eval" || ShellWords.takesCommand(last) || words.dropFirst().first.map(ShellWords.takesCommand) == true
      else { return false }
      if isUse(last) { return true }
      // In quotes it begins a command of its own.
      let isOpen = last == "eval" || ShellWords.takesCommand(last)
      return isOpen && place + 1 < shell.commands.count && isUse(shell.commands[place + 1].word(0))
    }
  }

  /// Options of Bash with a file behind them.
  private static let filed = NameTable(["--rcfile", "--init-file", "-rcfile", "-O", "+O", "-o"])

  private static func isInteractive(_ words: WordRun) -> Bool {
    var isValue = false
    for whole in words.dropFirst() {
      if isValue || filed.contains(whole) {
        isValue.toggle()
        continue
      }
      // `-i>&/dev/tcp/…`
      let word = whole.slice(0, whole.firstIndex(of: 0x3E) ?? whole.firstIndex(of: 0x3C) ?? whole.count)
      guard word[0] == 0x2D else { return false }
      if word[1] != 0x2D, word.count <= 6, word.firstIndex(of: 0x69) != nil { return true }
    }
    return false
  }

  private static func readsInput(_ words: WordRun) -> Bool {
    words.indices.contains { index in
      let word = words[index]
      if word.hasPrefix("0>&") { return true }
      // `0>/dev/tcp/…` opens the input too.
      let isDevice = word.hasPrefix("0>/dev/tcp/") || word == "0>" && words[index + 1].hasPrefix("/dev/tcp/")
      let input = word[0] == 0x3C ? word.slice(1) : word.hasPrefix("0<") || isDevice ? word.slice(2) : nil
      guard let input else { return false }
      let target = input.isEmpty && index + 1 < words.endIndex ? words[index + 1] : input
      // A script, or nothing at all.
      return !target.hasPrefix("/dev/null") && !target.hasSuffix(".sh")
    }
  }

  /// Whether a shell reads from a descriptor, or a loop runs what it reads there.
  private static func givesConnection(_ shell: ShellText) -> Bool {
    let isShell = shell.commands.contains { command in
      command.words.contains { $0.contains("<&") || $0.contains("0>&") }
        && command.words.contains { ShellWords.isShell($0) || $0 == "exec" }
    }
    return isShell || (shell.text.contains("<&") || shell.text.contains("read -u")) && runsLines(shell)
  }

  private static func ztcp(_ shell: ShellText) -> ShellMatch? {
    guard shell.signs.hasZTCP, givesConnection(shell) else { return nil }
    for command in shell.commands {
      guard let index = command.words.firstIndex(where: { $0 == "ztcp" }) else { continue }
      var rest = command.words[(index + 1)...].filter { $0[0] != 0x2D }
      // `ztcp -d 9 host port`: the descriptor's number.
      if command.words[(index + 1)...].contains(where: { $0 == "-d" }), rest.count > 2 { rest.removeFirst() }
      let isBind = command.words.contains { $0 == "-l" }
      guard rest.count >= (isBind ? 1 : 2) else { continue }
      let endpoint = isBind ? Endpoint(host: nil, port: Endpoint.port(rest[0])) : shell.endpoint(rest[0], rest[1])
      return ShellMatch(technique: "zsh_tcp", endpoint: endpoint, isBind: isBind, place: command.range.lowerBound)
    }
    return nil
  }
}
