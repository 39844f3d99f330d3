import Bytes

/// Command lines as a shell would start programs from them: enough for rules that ask for a program's path, no shell.
enum ShellCommandLine {
  struct Command {
    var text: String
    /// Where the program may lie; a bare name is found in `/usr/bin` or `/bin`.
    var images: [String]
    /// The user whom `sudo -u` names; `root` for `sudo` alone.
    var runsAs: String?
  }

  /// Commands of one line are cut at this number; an attacker's line may hold thousands.
  static let maximumCommands = 16
  private static let maximumDepth = 16

  /// The line as a whole, then the commands of its pipes, lists, subshells and substitutions where there are several.
  static func simpleCommands(_ line: String) -> [Command] {
    var commands = [command(line)]
    let parts = line.withView { split($0) }
    if parts.count > 1 || parts.first.map({ $0.utf8.count < line.utf8.count }) == true {
      commands += parts.map { command($0) }
    }
    return commands
  }

  private static func command(_ line: String) -> Command {
    let start = line.withView { ShellStart($0).start }
    return Command(text: line, images: start.images, runsAs: start.runsAs)
  }

  /// Cuts at `|`, `;`, `&`, newlines, parentheses and backquotes outside of quotes; a substitution within double quotes is a
  /// command of its own.
  private static func split(_ line: ByteView) -> [String] {
    var parts: [String] = []
    var start = 0
    var place = 0
    var quote: UInt8 = 0
    /// What was quoted around each bracket that is open.
    var outer: [UInt8] = []
    var isBackquoted = false
    func cut() {
      parts.append(line.slice(start, place).trimmed.string)
      start = place + 1
    }
    while place < line.count, parts.count < maximumCommands {
      let byte = line[place]
      if byte == 0x5C, quote != 0x27 {
        place += 1
      } else if quote == 0x27 {
        if byte == quote { quote = 0 }
      } else if byte == 0x60 {
        cut()
        if isBackquoted { quote = outer.popLast() ?? 0 } else if outer.count < maximumDepth { outer.append(quote) }
        if !isBackquoted { quote = 0 }
        isBackquoted.toggle()
      } else if byte == 0x28, quote == 0 || line[place - 1] == 0x24 {
        // The dollar sign of a substitution is no part of what stands before.
        parts.append(line.slice(start, line[place - 1] == 0x24 ? max(place - 1, start) : place).trimmed.string)
        start = place + 1
        if outer.count < maximumDepth { outer.append(quote) }
        quote = 0
      } else if byte == 0x22 {
        quote = quote == 0 ? byte : 0
      } else if quote != 0 {
        // Plain.
      } else if byte == 0x27 {
        quote = byte
      } else if byte == 0x29 {
        cut()
        quote = outer.popLast() ?? 0
      } else if byte == 0x7C || byte == 0x3B || byte == 0x0A || (byte == 0x26 && isSeparator(line, place)) {
        cut()
      }
      place += 1
    }
    parts.append(line.slice(start).trimmed.string)
    return parts.filter { !$0.isEmpty }
  }

  /// `&` of `>&`, `&>` and `2>&1` separates nothing.
  private static func isSeparator(_ line: ByteView, _ place: Int) -> Bool {
    line[place - 1] != 0x3E && line[place - 1] != 0x3C && line[place + 1] != 0x3E
  }

  /// Paths of the program that a simple command starts; empty where none can be told.
  static func images(_ line: String) -> [String] { line.withView { ShellStart($0).start.images } }

  /// Paths of a process whose arguments a listing shows: `sudo id` is sudo's process, id has one of its own.
  static func images(listed line: String) -> [String] {
    line.withView { view in view.words(limit: 2).first.map { paths($0) } ?? [] }
  }

  /// Of the word that names a program.
  static func paths(_ word: ByteView) -> [String] {
    // A kernel thread is shown in brackets, a login shell with a dash, a daemon's title with a colon.
    if word[0] == 0x5B { return [] }
    let name = word[0] == 0x2D ? word.dropFirst(1) : word
    let program = (name[name.count - 1] == 0x3A ? name.dropLast(1) : name).string
    if program.isEmpty { return [] }
    return program.contains("/") ? [program] : ["/usr/bin/\(program)", "/bin/\(program)"]
  }
}
