import Bytes

/// The named pipes that a text makes, and which of its commands use them: what ties a shell to a client that stands elsewhere.
struct NamedPipes {
  /// What they are called, without their folders, and the numbers under which they are opened.
  private var names: [ByteView] = []

  /// Pipes of one text; a shell takes one or two.
  private static let maximum = 16

  init(_ commands: [SimpleCommand]) {
    for (index, command) in commands.enumerated() where names.count < Self.maximum {
      for place in command.words.indices where Self.isMaker(command.words, place) {
        var made = command.words.dropFirst(place + 1)
        // `mkfifo "$F"`
        if made.isEmpty, Self.isQuote(command.end), index + 1 < commands.count { made = commands[index + 1].words }
        for word in made.prefix(Self.maximum)
        where word[0] != 0x2D && (word.count > 1 || isWordByte(word[0])) && !ShellWords.isRedirection(word)
          && !(word == "p")
        {
          names.append(ShellWords.baseName(word))
        }
      }
    }
    guard !names.isEmpty else { return }
    // `exec 3<>/tmp/f`
    for command in commands where command.word(0) == "exec" && names.count < 2 * Self.maximum {
      for word in command.words.dropFirst().prefix(Self.maximum) where uses(word) {
        var digits = 0
        while word[digits] >= 0x30, word[digits] <= 0x39 { digits += 1 }
        if digits > 0 { names.append(word.slice(0, digits)) }
      }
    }
  }

  /// `mkfifo`, and `mknod` with a `p`: other nodes are devices.
  private static func isMaker(_ words: WordRun, _ place: Int) -> Bool {
    let name = words.name(place)
    return name == "mkfifo" || name == "mknod" && makesPipe(words.dropFirst(place + 1))
  }

  private static func makesPipe(_ words: WordRun) -> Bool { words.count < 2 || words.contains { $0 == "p" } }

  /// Whether a text that says `mknod` and no `mkfifo` makes devices alone.
  static func areDevices(_ commands: [SimpleCommand]) -> Bool {
    var isMade = false
    for command in commands {
      for place in command.words.indices where command.words.name(place) == "mknod" {
        if makesPipe(command.words.dropFirst(place + 1)) { return false }
        isMade = true
      }
    }
    return isMade
  }

  /// No name was seen that could be looked for.
  var isUnnamed: Bool { names.isEmpty }

  /// Whether a command reads from such a pipe or writes there, itself or by the command next to it in a pipe.
  func areUsed(_ commands: [SimpleCommand], by index: Int) -> Bool {
    if uses(commands, index) { return true }
    if commands[index].before == 0x7C, index > 0, uses(commands, index - 1) { return true }
    // `(nc host 1 || true) </tmp/f`
    for next in (index + 1)..<max(min(index + 5, commands.count), index + 1)
    where commands[next].before == 0x29 || commands[next].word(0) == "}" {
      if uses(commands, next) { return true }
      break
    }
    return commands[index].end == 0x7C && index + 1 < commands.count && uses(commands, index + 1)
  }

  private func uses(_ commands: [SimpleCommand], _ index: Int) -> Bool {
    let command = commands[index]
    if command.words.prefix(64).contains(where: { uses($0) }) { return true }
    // `>"$F"`
    return Self.isQuote(command.end) && index + 1 < commands.count && uses(commands[index + 1].word(0))
      && command.words.last.map { ShellWords.isLoneRedirection($0) } == true
  }

  /// `/tmp/f`, `</tmp/f`, `4242>/tmp/f`, `<&3`
  private func uses(_ word: ByteView) -> Bool {
    let sign = word.lastIndex(of: 0x3E) ?? word.lastIndex(of: 0x3C)
    var target = sign.map { word.slice($0 + 1) } ?? word
    if sign != nil, target[0] == 0x26 { target = target.slice(1) }
    let name = ShellWords.baseName(target)
    return !name.isEmpty && names.contains { $0 == name }
  }

  private static func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 }
}
