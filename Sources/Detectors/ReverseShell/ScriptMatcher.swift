import Bytes

/// Tries the languages on a text.
enum ScriptMatcher {
  static func matches(_ shell: ShellText) -> [ShellMatch] {
    guard shell.signs.namesSocket else { return [] }
    let words = ScriptWords(shell.text)
    for language in languages {
      if let match = language.match(shell, words) { return [match] }
    }
    return []
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
        for list in [one.marks, one.connects, one.addresses, one.listens, one.runs, one.weakRuns, one.receives] {
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
  private let marks, connects, addresses, listens, runs, weakRuns, receives: [Int]

  init(_ language: ScriptLanguage) {
    self.language = language
    marks = ScriptWords.numbers(language.marks)
    connects = ScriptWords.numbers(language.connects)
    addresses = ScriptWords.numbers(language.addresses)
    listens = ScriptWords.numbers(language.listens)
    runs = ScriptWords.numbers(language.runs)
    weakRuns = ScriptWords.numbers(language.weakRuns)
    receives = ScriptWords.numbers(language.receives)
  }

  func match(_ shell: ShellText, _ words: ScriptWords) -> ShellMatch? {
    guard marks.isEmpty || words.any(marks) else { return nil }
    let connect = connects.lazy.compactMap { words[$0] }.first
    let listen = listens.lazy.compactMap { words[$0] }.first
    guard let place = connect ?? listen else { return nil }
    let namesShell = ShellWords.namesShell(shell.text, bare: true)
    let isRun =
      words.any(runs) || words.any(weakRuns) && (namesShell || words.any(receives) && runsNoLiteral(shell, words))
    guard isRun else { return nil }
    // `exec(` alone is what regular expressions have too.
    if language.technique == "node", !words.any(runs), !shell.has("child_process"), !shell.has("spawn") {
      return nil
    }
    // A program that both listens and connects may be anything; its endpoint says what it is.
    if connect == nil || listen != nil && !Self.connectsOut(shell) {
      // Servers start programs of their own.
      if !namesShell, language.technique == "node" { return nil }
      return ShellMatch(
        technique: language.technique, language: language.name,
        endpoint: Endpoint(host: nil, port: CodeEndpoints.port(shell, from: listen ?? place)), isBind: true,
        transport: Self.transport(shell), place: listen ?? place)
    }
    let endpoint = CodeEndpoints.find(shell, from: (addresses.isEmpty ? connects : addresses).compactMap { words[$0] })
    return ShellMatch(
      technique: language.technique, language: language.name, endpoint: endpoint,
      transport: Self.transport(shell), place: place)
  }

  /// Whether any of the weak calls is given something else than a text that stands there: `system("date")` runs nothing that
  /// came in.
  private func runsNoLiteral(_ shell: ShellText, _ words: ScriptWords) -> Bool {
    zip(language.weakRuns, weakRuns).contains { word, number in
      words[number].map { ShellCalls.runsNoLiteral(shell.text, word, from: $0) } ?? false
    }
  }

  private static func transport(_ shell: ShellText) -> String {
    let isDatagram =
      shell.has("SOCK_DGRAM") && !shell.has("SOCK_STREAM") || shell.has("udp://") || shell.has("\"udp\"")
      || shell.has("'udp'") || shell.has("UDPSocket")
    return isDatagram ? "udp" : "tcp"
  }

  private static func connectsOut(_ shell: ShellText) -> Bool { !shell.has("accept(") }
}
