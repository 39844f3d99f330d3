import Bytes

/// A remote shell that one matcher sees in one layer of text.
struct ShellMatch {
  /// Names as published lists of reverse shells use them: `dev_tcp`, `nc`, `mkfifo_nc`, `python` …
  var technique: String
  /// Of code in a language without a technique of its own.
  var language: String?
  var endpoint: Endpoint
  /// It listens and lets others connect.
  var isBind = false
  /// `tcp`, `udp` or `sctp`.
  var transport = "tcp"
  /// Commands come by requests of its own; whether what they say is sent back. nil for a shell that holds a connection.
  var sends: Bool?
  /// In the layer.
  var place: Int
}

/// One layer of text and what the matchers share about it, each part made when first asked for.
final class ShellText {
  let text: ByteView
  let commands: [SimpleCommand]
  private let shared: SharedText
  private(set) lazy var variables = Variables(text)
  private(set) lazy var signs = ShellSigns(text)
  // What several languages ask for.
  private(set) lazy var literalEndpoint = CodeEndpoints.literal(self, in: text)
  private(set) lazy var namedPort = CodeEndpoints.namedPort(self)
  private(set) lazy var assigned = CodeEndpoints.assigned(self)
  private var calls: [Int: (endpoint: Endpoint, isSure: Bool)] = [:]
  private(set) lazy var hasFIFO =
    signs.hasFIFO
    && (ShellWords.contains(text, word: "mkfifo")
      || ShellWords.contains(text, word: "mknod") && !NamedPipes.areDevices(commands))
  private(set) lazy var pipes = NamedPipes(commands)
  private(set) lazy var hasCoprocess = has("COPROC[")
  /// Whether a shell that reads its input stands anywhere; in a pipe.
  private(set) lazy var hasFreeShell = freeShells.contains { $0.words.count > 1 }
  private(set) lazy var hasPipedShell = freeShells.contains { $0.before == 0x7C || $0.end == 0x7C }

  /// Words that name a tool which a matcher knows: nearly all words name none, so each is looked at but once.
  private(set) lazy var tools: [(command: Int, word: Int)] = {
    var found: [(command: Int, word: Int)] = []
    let names = Self.toolNames
    for index in commands.indices {
      let command = commands[index]
      for place in command.words.indices where names.contains(Self.toolName(command.words.name(place))) {
        found.append((index, place))
      }
    }
    return found
  }()

  func name(_ tool: (command: Int, word: Int)) -> ByteView {
    Self.toolName(commands[tool.command].words.name(tool.word))
  }

  /// Monitors write `command=nc -e …`.
  @inline(__always)
  private static func toolName(_ word: ByteView) -> ByteView {
    word[0] == 0x63 && word.count > 8 && word.hasPrefix(commandField) ? word.slice(8) : word
  }

  private static let commandField = ByteView("command=")

  private static let toolNames = NameTable(NetcatMatcher.toolNames + RelayMatcher.toolNames)

  private lazy var freeShells = commands.filter {
    $0.words.count > 0 && ShellWords.isShellReadingInput(Self.withoutPrefix($0.words))
  }
  private lazy var hasShellAtPipe = commands.indices.contains {
    commands[$0].words.count > 0 && ShellWords.isShellReadingInput(Self.withoutPrefix(commands[$0].words))
      && pipes.areUsed(commands, by: $0)
  }

  convenience init(_ text: ByteView) { self.init(SharedText(text)) }

  init(_ shared: SharedText) {
    self.shared = shared
    text = shared.text
    commands = shared.line.commands
  }

  func has(_ literal: StaticString) -> Bool { shared.has(literal) }

  /// Whether the text ends within its last word.
  var isOpenAtEnd: Bool {
    guard let last = commands.last else { return false }
    return last.end == 0 && last.range.upperBound == text.count && text[text.count - 1] > 0x20
  }

  /// What the call at a place is given; several languages name the same calls.
  func called(at place: Int) -> (endpoint: Endpoint, isSure: Bool) {
    if let known = calls[place] { return known }
    let made = CodeEndpoints.called(self, at: place)
    calls[place] = made
    return made
  }

  /// The interpreter whose call carries a shell command: what started it says more than what it says.
  var carrier: String? {
    if signs.isJava { return "java" }
    return signs.isNode ? "node" : nil
  }

  /// The same of a text that is not taken apart.
  static func carrier(_ text: ByteView) -> String? {
    if text.contains("getRuntime()") || text.contains("ProcessBuilder") { return "java" }
    return text.contains("child_process") ? "node" : nil
  }

  /// A host or port written as a variable is what the text assigns to it.
  func endpoint(_ host: ByteView, _ port: ByteView) -> Endpoint {
    let host = resolve(host)
    let port = resolve(port)
    return host.withView { host in
      port.withView { port in
        var endpoint = Endpoint(host, port)
        endpoint.port = endpoint.port ?? Endpoint.service(port)
        return endpoint
      }
    }
  }

  private func resolve(_ whole: ByteView) -> String {
    // Within another string a dollar sign has a backslash before it.
    let text = whole[0] == 0x5C && whole[1] == 0x24 ? whole.slice(1) : whole
    if text[0] == 0x24, text.count <= 64 {
      var start = 1
      if text[1] == 0x7B { start = 2 }
      var end = start
      while isWordByte(text[end]) { end += 1 }
      let isWhole = end == text.count || text[end] == 0x7D && end + 1 == text.count
      if isWhole, let value = given[text.slice(start, end)] { return value }
      if start == 2, let value = ShellLists.element(text, in: self.text) { return value.string }
    }
    return variables.resolve(text)
  }

  private lazy var given = ShellParameters(self)

  /// Whether a command gets its input from a shell or gives its output to one.
  func isPipedWithShell(_ index: Int) -> Bool {
    let command = commands[index]
    if command.before == 0x7C, index > 0 {
      let last = Self.withoutPrefix(commands[index - 1].words)
      if ShellWords.isShellReadingInput(last) || Self.isRecordedShell(last) { return true }
      // `while :; do sh; done | nc`
      if commands[index - 1].word(0) == "done", hasShellInLoop(max(index - Self.loopReach, 0)..<(index - 1)) {
        return true
      }
    }
    guard command.end == 0x7C, index + 1 < commands.count else { return false }
    let next = commands[index + 1]
    if ShellWords.isShellReadingInput(Self.withoutPrefix(next.words)) { return true }
    // `nc host 1 | /bin/ba`, and the text was cut.
    if index + 2 == commands.count, next.words.count == 1, isOpenAtEnd, ShellWords.isCutPath(next.word(0)) {
      return true
    }
    if next.word(0) == "while" || next.word(0) == "until" {
      // `nc | while read c; do $c; done`
      return next.word(1) == "read" && runsLines
        || hasShellInLoop((index + 2)..<min(index + Self.loopReach, commands.count))
    }
    // `nc | $(which sh)`
    return next.end == 0x28 && next.words.count == 1 && next.word(0) == "$" && index + 2 < commands.count
      && commands[index + 2].words.printedShell != nil
  }

  /// Whether only a named pipe stands between a command and a shell: `sh <f >g & nc host 1 <g >f`.
  func isJoinedWithShell(_ index: Int) -> Bool {
    guard hasFIFO, hasFreeShell else { return false }
    return pipes.isUnnamed || hasShellAtPipe && pipes.areUsed(commands, by: index)
  }

  /// `script -qc sh /dev/null`, a shell with a terminal of its own.
  private static func isRecordedShell(_ words: WordRun) -> Bool {
    guard words.name(words.startIndex) == "script" else { return false }
    return zip(words, words.dropFirst()).prefix(8).contains { ShellWords.takesCommand($0) && ShellWords.isShell($1) }
  }

  private lazy var runsLines = DevTCPMatcher.runsLines(self)

  /// How many commands a loop with a shell in it has.
  private static let loopReach = 5

  private func hasShellInLoop(_ range: Range<Int>) -> Bool {
    range.contains {
      let words = commands[$0].words
      return words.first.map { $0 == "do" } == true && ShellWords.isShellReadingInput(words.dropFirst())
    }
  }

  private static let prefixes = NameTable([
    "exec", "nohup", "setsid", "sudo", "env", "command", "stdbuf", "unbuffer", "busybox",
  ])

  /// Without what only says how the command is started.
  static func withoutPrefix(_ words: WordRun) -> WordRun {
    var rest = words
    while rest.count > 1, let first = rest.first,
      prefixes.containsName(of: first) || first.slice(0, 64).firstIndex(of: 0x3D) != nil
    {
      rest = rest.dropFirst()
    }
    return rest
  }
}

/// The words without which whole matchers need not look.
struct ShellSigns {
  private let places: [Int]

  private static let words: [StaticString] = [
    "mkfifo", "mknod", "getRuntime()", "ProcessBuilder", "child_process", "ztcp", "/inet", "telnet://", "nowait",
    // Whatever the language, a socket is named so, or by what Perl, PHP and Go say instead.
    "ocket", "OCKET", "fsockopen", "net.", "connect(", "PeerAddr", "TCPClient", "TcpClient", "TcpStream",
    "open_connection", "createConnection", "Telnet(", "createServer(", "tls.Dial",
  ]
  private static let finder = WordFinder(words)

  init(_ text: ByteView) { places = Self.finder.places(in: text) }

  private func has(_ number: Int) -> Bool { places[number] >= 0 }

  var hasFIFO: Bool { has(0) || has(1) }
  var isJava: Bool { has(2) || has(3) }
  var isNode: Bool { has(4) }
  var hasZTCP: Bool { has(5) }
  var hasInet: Bool { has(6) }
  var hasTelnet: Bool { has(7) }
  var hasService: Bool { has(8) }
  var namesSocket: Bool { places[9...].contains { $0 >= 0 } }
}
