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

  /// The line as a whole, then the commands of its pipes and lists where there are several.
  static func simpleCommands(_ line: String) -> [Command] {
    var commands = [command(line)]
    let parts = line.withView { split($0) }
    if parts.count > 1 { commands += parts.map { command($0) } }
    return commands
  }

  private static func command(_ line: String) -> Command {
    Command(text: line, images: images(line), runsAs: runsAs(line))
  }

  /// Cuts at `|`, `;`, `&` and newlines outside of quotes.
  private static func split(_ line: ByteView) -> [String] {
    var parts: [String] = []
    var start = 0
    var place = 0
    var quote: UInt8 = 0
    while place < line.count, parts.count < maximumCommands {
      let byte = line[place]
      if quote != 0 {
        if byte == quote { quote = 0 }
      } else if byte == 0x27 || byte == 0x22 {
        quote = byte
      } else if byte == 0x5C {
        place += 1
      } else if byte == 0x7C || byte == 0x3B || byte == 0x0A || (byte == 0x26 && isSeparator(line, place)) {
        parts.append(line.slice(start, place).trimmed.string)
        start = place + 1
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
  static func images(_ line: String) -> [String] {
    line.withView { view in
      let words = view.words(limit: 64)
      for (index, word) in words.enumerated() {
        // What stands before the program: `sudo -u x`, `nohup`, assignments.
        let isPrefix = index > 0 && word[0] == 0x2D
        if isPrefix || prefixes.contains(where: { word == $0 }) || isAssignment(word) { continue }
        if index > 0, words[index - 1] == "-u" { continue }
        // A kernel thread is shown in brackets, a login shell with a dash, a daemon's title with a colon.
        if word[0] == 0x5B { return [] }
        let name = word[0] == 0x2D ? word.dropFirst(1) : word
        let program = (name[name.count - 1] == 0x3A ? name.dropLast(1) : name).string
        if program.isEmpty { return [] }
        return program.contains("/") ? [program] : ["/usr/bin/\(program)", "/bin/\(program)"]
      }
      return []
    }
  }

  private static let prefixes: [StaticString] = ["sudo", "nohup", "exec", "time", "env", "setsid"]

  /// `LANG=C`
  private static func isAssignment(_ word: ByteView) -> Bool {
    guard let equals = word.firstIndex(of: 0x3D), equals > 0 else { return false }
    return (0..<equals).allSatisfy { YaraToken.isWord(word[$0]) }
  }

  private static func runsAs(_ line: String) -> String? {
    line.withView { view in
      let words = view.words(limit: 8)
      guard let first = words.first, first == "sudo" else { return nil }
      for (index, word) in words.enumerated() where word == "-u" && index + 1 < words.count {
        return words[index + 1].string
      }
      return "root"
    }
  }
}
