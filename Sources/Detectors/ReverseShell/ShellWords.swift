import Bytes

/// What the words of a command line are: shells, redirections, flags.
enum ShellWords {
  private static let shells = NameTable([
    "sh", "bash", "dash", "zsh", "ksh", "ash", "csh", "tcsh", "fish", "mksh", "pdksh", "lksh", "bsh", "yash", "sash",
    "rbash", "busybox", "cmd", "cmd.exe",
    "powershell", "powershell.exe", "pwsh",
  ])

  private static let shellNames: [StaticString] = [
    "sh", "bash", "zsh", "dash", "ksh", "ash", "powershell", "cmd.exe", "csh", "tcsh", "mksh", "pdksh", "bsh", "rbash",
    "pwsh",
  ]

  private static let shellSet = LiteralSet(exact: shellNames + ["cmd"])

  /// Whether a shell's name stands anywhere.
  ///
  /// - Parameter bare: only where code names a shell to run; no name counts that a script's or a command follows, or that
  ///   ends one.
  static func namesShell(_ text: ByteView, bare: Bool = false) -> Bool {
    var isNamed = false
    shellSet.forEachMatch(in: text) { place, name in
      let count = name < shellNames.count ? shellNames[name].utf8CodeUnitCount : 0
      isNamed =
        count > 0 && !isWordByte(text[place - 1]) && !isWordByte(text[place + count])
        || text[place] == 0x63 && isCommandPrompt(text, place)
      if bare, isNamed {
        isNamed = isRun(text, place) && !FixedCommands.follows(text, place + (count > 0 ? count : 3))
      }
      return isNamed ? nil : place + 1
    }
    return isNamed
  }

  /// Words of commands and of code behind which a program's name stands.
  private static let starters = NameTable([
    "exec", "system", "spawn", "popen", "run", "env", "nohup", "setsid", "sudo", "do", "then", "busybox", "command",
    "-a", "-c", "-e",
  ])

  /// Whether a name stands where a program to run does: `"sh`, `/bin/sh`, `; sh`, `exec sh`; not `start.sh`, a script's first
  /// line or a sentence's `the bash`.
  private static func isRun(_ text: ByteView, _ place: Int) -> Bool {
    let before = text[place - 1]
    if before == 0x2E { return !isWordByte(text[place - 2]) }
    if before == 0x2F {
      var start = place - 1
      while start > 0, place - start < 24, isWordByte(text[start - 1]) || text[start - 1] == 0x2F { start -= 1 }
      return text[start - 1] != 0x21
    }
    guard before == 0x20 else { return true }
    var end = place - 1
    while end > 0, place - end < 16, text[end - 1] == 0x20 { end -= 1 }
    let last = text[end - 1]
    guard isWordByte(last) || isAny(last, of: ".,:'") else { return true }
    var start = end
    while start > 0, end - start < 16, isWordByte(text[start - 1]) || text[start - 1] == 0x2D { start -= 1 }
    let starter = text.slice(start, end)
    return starters.contains(starter) && (text[start - 1] != 0x2F || starter == "busybox") && text[start - 1] != 0x21
  }

  /// `"cmd"`, `cmd /c`: without either it is a variable.
  private static func isCommandPrompt(_ text: ByteView, _ place: Int) -> Bool {
    guard !isWordByte(text[place - 1]), !isWordByte(text[place + 3]) else { return false }
    // `"cmd": …` is a field's name.
    var quote = place + 3
    // Within another string it has backslashes.
    while text[quote] == 0x5C, quote - place < 12 { quote += 1 }
    if text[quote] == 0x22 || text[quote] == 0x27, text[quote + 1] == 0x3A || text[quote + 2] == 0x3A { return false }
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
    if word[0] == 0x24, word.hasPrefix("$SHELL") || word.hasPrefix("${SHELL") || word == "$0" { return true }
    return shells.containsName(of: word)
  }

  /// A shell that will read commands from its standard input: no script, no `-c`.
  static func isShellReadingInput(_ words: WordRun) -> Bool {
    guard let first = words.first, isShell(first) else { return false }
    var isTarget = false
    for word in words.dropFirst() {
      if isTarget {
        isTarget = false
      } else if word.hasPrefix("-") {
        if takesCommand(word) || word == "--version" { return false }
      } else if isRedirection(word) {
        isTarget = isLoneRedirection(word)
      } else if word[0] == 0x23 {
        // What follows a comment's sign is no word: so injections end.
        return true
      } else if word.count == 1, word[0] >= 0x30, word[0] <= 0x32 {
        // `2>&1`, cut.
        continue
      } else if isField(word) {
        // `command=bash -i pid=12`, and the environment behind the arguments in memory: no script is named so.
        return true
      } else {
        return false
      }
    }
    return true
  }

  private static let paths: [StaticString] = [
    "/bin/bash", "/bin/sh", "/bin/dash", "/bin/zsh", "/bin/ash", "/usr/bin/bash", "/usr/bin/sh", "/usr/bin/zsh",
  ]

  /// The beginning of a shell's path, where the text was cut.
  static func isCutPath(_ word: ByteView) -> Bool {
    word[0] == 0x2F && word.count >= 2
      && paths.contains { word.count < $0.utf8CodeUnitCount && ByteView($0).hasPrefix(word) }
  }

  /// `pid=12`, `PATH=/bin`
  private static func isField(_ word: ByteView) -> Bool {
    guard let equals = word.slice(0, 64).firstIndex(of: 0x3D), equals > 0, word[0] > 0x39 else { return false }
    return (0..<equals).allSatisfy { isWordByte(word[$0]) || word[$0] == 0x2E }
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

  /// Whether a word stands there that begins so.
  static func begins(_ word: StaticString, in text: ByteView) -> Bool {
    var from = 0
    while let place = text.firstIndex(of: ByteView(word), from: from) {
      if !isWordByte(text[place - 1]) { return true }
      from = place + 1
    }
    return false
  }

  static func place(of word: StaticString, in text: ByteView, from start: Int = 0) -> Int? {
    var from = start
    while let place = text.firstIndex(of: ByteView(word), from: from) {
      if !isWordByte(text[place - 1]), !isWordByte(text[place + word.utf8CodeUnitCount]) { return place }
      from = place + 1
    }
    return nil
  }
}
