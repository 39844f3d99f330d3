import Bytes

/// Tries the languages on a text.
enum ScriptMatcher {
  static func matches(_ shell: ShellText) -> [ShellMatch] {
    guard shell.signs.namesSocket else { return [] }
    let words = ScriptWords(shell.text)
    for language in languages {
      guard let match = language.match(shell, words) else { continue }
      // Of several commands, the one that connects must be the one that gives the shell away.
      if let command = OneLiner.command(shell.text, around: match.place), command.count + 2 < shell.text.count,
        !language.gives(ShellText(command), ScriptWords(command))
      {
        continue
      }
      return [match]
    }
    return CutCode.match(shell).map { [$0] } ?? []
  }

  private static let languages = ScriptLanguage.all.map { IndexedLanguage($0) }
}

/// Where the words of all languages stand first in a text.
struct ScriptWords {
  private let places: [Int]

  private static let finder = WordFinder(
    {
      var names: Set<String> = []
      var words: [StaticString] = []
      for one in ScriptLanguage.all {
        for list in [
          one.marks, one.connects, one.addresses, one.listens, one.needs, one.runs, one.weakRuns,
          one.evaluates, one.receives,
        ] {
          words += list.filter { names.insert(String(describing: $0)).inserted }
        }
      }
      return words
    }())

  static func numbers(_ some: [StaticString]) -> [Int] { finder.numbers(some) }

  init(_ text: ByteView) { places = Self.finder.places(in: text) }

  /// The first place of a word, by its number.
  subscript(_ number: Int) -> Int? { places[number] >= 0 ? places[number] : nil }

  func any(_ numbers: [Int]) -> Bool { numbers.contains { places[$0] >= 0 } }
}

/// A language with its words as numbers.
private final class IndexedLanguage: Sendable {
  let language: ScriptLanguage
  private let marks, connects, addresses, listens, needs, runs, weakRuns, evaluates, receives: [Int]

  init(_ language: ScriptLanguage) {
    self.language = language
    marks = ScriptWords.numbers(language.marks)
    connects = ScriptWords.numbers(language.connects)
    addresses = ScriptWords.numbers(language.addresses)
    listens = ScriptWords.numbers(language.listens)
    needs = ScriptWords.numbers(language.needs)
    runs = ScriptWords.numbers(language.runs)
    weakRuns = ScriptWords.numbers(language.weakRuns)
    evaluates = ScriptWords.numbers(language.evaluates)
    receives = ScriptWords.numbers(language.receives)
  }

  /// Why a text is taken to give a shell away.
  private enum Reason {
    /// The socket is a program's input, or a shell is named.
    case shell
    /// What comes in may be what is run.
    case input
  }

  /// Longer texts are programs: in one, words of all kinds stand somewhere, and only a far end makes a shell of them.
  private static let lineLength = 2048

  func match(_ shell: ShellText, _ words: ScriptWords) -> ShellMatch? {
    guard marks.isEmpty || words.any(marks), needs.isEmpty || words.any(needs) else { return nil }
    let connect = connects.lazy.compactMap { words[$0] }.first
    let listen = listens.lazy.compactMap { words[$0] }.first
    guard let place = connect ?? listen, let reason = reason(shell, words) else { return nil }
    let isProgram = shell.text.count > Self.lineLength
    // `exec(` alone is what regular expressions have too.
    if language.technique == "node", !words.any(runs), !shell.has("child_process"), !shell.has("spawn") {
      return nil
    }
    // A program that both listens and connects may be anything; its endpoint says what it is.
    if connect == nil || listen != nil && !Self.connectsOut(shell) {
      // Servers start programs of their own.
      if reason == .input, language.technique == "node" || isProgram { return nil }
      if language.technique == "python", !shell.has("accept") { return nil }
      let port = CodeEndpoints.port(shell, from: listen ?? place)
      if isProgram, port == nil { return nil }
      return ShellMatch(
        technique: language.technique, language: language.name, endpoint: Endpoint(host: nil, port: port), isBind: true,
        transport: Self.transport(shell), place: listen ?? place)
    }
    let places = (addresses.isEmpty ? connects : addresses).compactMap { words[$0] }
    let endpoint =
      (language.name == "Tcl" ? CodeEndpoints.tcl(shell, from: places) : nil)
      ?? CodeEndpoints.find(shell, from: places)
    if endpoint.host == nil, reason == .input || isProgram { return nil }
    if isProgram, endpoint.port == nil || isNear(endpoint.host) { return nil }
    return ShellMatch(
      technique: language.technique, language: language.name, endpoint: endpoint,
      transport: Self.transport(shell), place: place)
  }

  /// The machine itself, which servers and tests connect to.
  private func isNear(_ host: String?) -> Bool {
    guard let host else { return false }
    return host == "localhost" || host.hasPrefix("127.") || host == "::1" || host == "0.0.0.0"
  }

  func gives(_ shell: ShellText, _ words: ScriptWords) -> Bool { reason(shell, words) != nil }

  private func reason(_ shell: ShellText, _ words: ScriptWords) -> Reason? {
    if isCalled(language.runs, runs, shell, words), !isPortCheck(shell) { return .shell }
    let isRun = isCalled(language.weakRuns, weakRuns, shell, words)
    guard isRun || words.any(evaluates) else { return nil }
    let isReceived = isCalled(language.receives, receives, shell, words)
    // PowerShell is itself a shell's name: there the stream must be taken besides.
    if isRun, isReceived || language.technique != "powershell", ShellWords.namesShell(shell.text, bare: true) {
      return .shell
    }
    guard isReceived else { return nil }
    return runsNoLiteral(language.weakRuns, weakRuns, shell, words)
      || runsNoLiteral(language.evaluates, evaluates, shell, words) ? .input : nil
  }

  /// Whether PowerShell looks whether a port is open, and takes nothing from there.
  private func isPortCheck(_ shell: ShellText) -> Bool {
    language.technique == "powershell" && shell.has(".Connected") && !shell.has("GetStream")
  }

  private func isCalled(_ names: [StaticString], _ numbers: [Int], _ shell: ShellText, _ words: ScriptWords) -> Bool {
    zip(names, numbers).contains { name, number in
      words[number].map { ShellCalls.place(shell.text, name, in: language.technique, from: $0) != nil } ?? false
    }
  }

  /// Whether any of the calls is given something else than a text that stands there: `system("date")` runs nothing that
  /// came in.
  private func runsNoLiteral(
    _ names: [StaticString], _ numbers: [Int], _ shell: ShellText, _ words: ScriptWords
  ) -> Bool {
    zip(names, numbers).contains { name, number in
      words[number].map { ShellCalls.runsNoLiteral(shell.text, name, in: language.technique, from: $0) } ?? false
    }
  }

  private static func transport(_ shell: ShellText) -> String {
    let isDatagram =
      shell.has("SOCK_DGRAM") && !shell.has("SOCK_STREAM") || shell.has("udp://") || shell.has("\"udp\"")
      || shell.has("'udp'") || shell.has("UDPSocket")
    return isDatagram ? "udp" : "tcp"
  }

  private static func connectsOut(_ shell: ShellText) -> Bool {
    !shell.has("accept(") && !shell.has("->accept") && !shell.has("AcceptTcpClient") && !shell.has("socket -server")
  }
}
