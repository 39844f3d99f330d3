import Bytes

/// The words behind a tool, also those that stand in quotes, and which of them stand in the same quotes.
struct ToolWords {
  /// A tool's command line takes a dozen.
  private static let maximum = 32
  /// Commands within `$(…)` that are stepped over.
  private static let maximumInner = 8

  private(set) var words: [ByteView] = []
  /// For each word the part of the command it stands in: 0 is outside of quotes, as far as the first.
  private var parts: [Int] = []
  /// The text's last word, where nothing stands behind it.
  private let last: ByteView?

  init(_ shell: ShellText, _ index: Int, after place: Int) {
    let commands = shell.commands
    last = shell.isOpenAtEnd ? commands.last?.words.last : nil
    // `- nc`: an argument a line.
    let isList = place == 1 && commands[index].words[0] == "-"
    add(commands[index].words.dropFirst(place + 1), part: 0)
    var next = index
    while next + 1 < commands.count, words.count < Self.maximum {
      switch commands[next].end {
      case 0x22, 0x27:
        // Behind the quotes another command may begin: `nc -c 'date'; sh`.
        let before = commands[next + 1].before
        let isCall = before == 0x29 && Self.isArguments(commands[next + 1].words)
        if isAny(before, of: ";|&)") && !isCall || before == 0x0A && !isList { return }
        next += 1
      case 0x28 where Self.isArguments(commands[next].words): next += 1
      // A list may have an argument a line.
      case 0x0A where commands[next].words.allSatisfy(Self.isSeparator): next += 1
      case 0x0A where isList && next + 1 < commands.count && commands[next + 1].words[0] == "-": next += 1
      // What another command prints stands for one word.
      case 0x60 where commands[index].before != 0x60:
        guard let behind = Self.behind(commands, next, 0x60) else { return }
        add(CollectionOfOne(commands[next + 1].words.printedShell ?? ByteView("$")), part: 0)
        next = behind
      case 0x28 where words.last.map({ $0 == "$" }) == true:
        guard let behind = Self.behind(commands, next, 0x29) else { return }
        if let shell = commands[next + 1].words.printedShell { words[words.count - 1] = shell }
        next = behind
      default: return
      }
      let isItem = isList && commands[next].words[0] == "-"
      add(isItem ? commands[next].words.dropFirst() : commands[next].words, part: isItem ? 0 : next)
    }
  }

  private mutating func add(_ more: some Sequence<ByteView>, part: Int) {
    for word in more.prefix(Self.maximum) where !Self.isSeparator(word) {
      words.append(word)
      parts.append(part)
    }
  }

  /// Rust's `new("nc").args(["-e", …` and `.arg("-e")`.
  private static func isArguments(_ words: WordRun) -> Bool {
    words.count <= 2 && words.last.map { $0 == ".arg" || $0 == ".args" } == true
  }

  /// What parts the words of a list in code, auditd's names for them, and the backslash before a quote within quotes: `"nc",
  /// "-e"`, `a0="nc" a1="-e"`, `'EXEC:'\''sh -i'\'''`.
  private static func isSeparator(_ word: ByteView) -> Bool {
    guard word.count <= 5 else { return false }
    if word == ".arg" || word == ".args" { return true }
    if word[0] == 0x61, word.count >= 3, word[word.count - 1] == 0x3D {
      return (1..<(word.count - 1)).allSatisfy { word[$0] >= 0x30 && word[$0] <= 0x39 }
    }
    return word.count <= 2 && (0..<word.count).allSatisfy { isAny(word[$0], of: ",[]:\\") }
  }

  /// The command that goes on behind a bracket or a backquote.
  private static func behind(_ commands: [SimpleCommand], _ start: Int, _ close: UInt8) -> Int? {
    for index in (start + 1)..<max(min(commands.count - 1, start + maximumInner), start + 1)
    where commands[index].end == close {
      return commands[index + 1].before == close ? index + 1 : nil
    }
    return nil
  }

  /// Whether a program is the text's last word, and as much of a shell's path as a cut left.
  func isCutShell(_ program: ByteView, at place: Int) -> Bool {
    guard let last, place == words.count - 1, words[place] == last else { return false }
    return ShellWords.isCutPath(program)
  }

  func word(_ place: Int) -> ByteView { words.indices.contains(place) ? words[place] : ByteView("") }

  /// Whether a program is a shell, or another interpreter, that is handed over: a bare one, not one that is told to run a
  /// script or a fixed command, which is a service.
  ///
  /// - Parameter start: of the word that names the program.
  func hands(_ program: ByteView, at start: Int, where isShell: (ByteView) -> Bool = ShellWords.isShell) -> Bool {
    var start = start
    var program = program
    var isQuoted = isQuoted(start)
    // `nc -c 'exec sh -i'`
    if isQuoted, program == "exec" {
      start += 1
      program = word(start)
    }
    while isShell(program) {
      // In quotes of its own all that follows there is the program's; else the tool's, which takes no path.
      guard isQuoted else { return !Self.isPath(word(start + 1)) }
      var next = start + 1
      while next < words.count, parts[next] == parts[start] {
        let word = words[next]
        if Self.takesCommand(word) {
          next += 1
          break
        }
        if ShellWords.isRedirection(word) {
          if ShellWords.isLoneRedirection(word) { next += 1 }
        } else if word[0] != 0x2D, !word.equalsIgnoringCase("/k"), !word.equalsIgnoringCase("/q") {
          return false
        }
        next += 1
      }
      guard next < words.count, Self.takesCommand(words[next - 1]) else { return true }
      if words[next] == "exec" { next += 1 }
      program = word(next)
      start = next
      isQuoted = self.isQuoted(start)
    }
    return false
  }

  /// Whether quotes begin with a word.
  private func isQuoted(_ place: Int) -> Bool {
    place < parts.count && parts[place] > 0 && (place == 0 || parts[place - 1] != parts[place])
  }

  /// The place behind a program and what it is given in the same quotes.
  func end(at start: Int) -> Int {
    var end = start + 1
    if isQuoted(start) { while end < parts.count, parts[end] == parts[start] { end += 1 } }
    return end
  }

  /// `sh -c`, `cmd /c`
  private static func takesCommand(_ word: ByteView) -> Bool {
    ShellWords.takesCommand(word) || word.equalsIgnoringCase("/c")
  }

  private static func isPath(_ word: ByteView) -> Bool { word[0] == 0x2F || word.hasPrefix("./") }
}

extension WordRun {
  /// The shell whose path a command prints: `which bash`, `command -v sh`.
  var printedShell: ByteView? {
    guard count >= 2, count <= 4, let first, first == "which" || first == "command" else { return nil }
    return last.flatMap { ShellWords.isShell($0) ? $0 : nil }
  }
}
