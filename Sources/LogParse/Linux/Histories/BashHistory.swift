import Bytes
import Evidence

/// `.bash_history`, with or without times (`#1700000000` on a line of its own before the command), and the histories of
/// sh, ksh and ash that look like it without.
///
/// When the file begins with a time, a command may take several lines: all up to the next time, as bash itself reads it
/// (lib/readline/histfile.c). Otherwise every line is a command.
struct BashHistory: LogFormat {
  let name = "linux.bash_history"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, ShellCommand.isPlausible(sample) else { return nil }
    let lines = sample.lines(40)
    let times = lines.filter { Self.time($0) != nil }.count
    // `.bash_history-01234.tmp` is what bash leaves where it was stopped as it wrote.
    let isNamed =
      Self.names.contains(String(sample.name)) || sample.name.hasSuffix("bash_history")
      || sample.name.hasPrefix(".bash_history")
    if times > 0, times * 3 >= lines.count { return .high }
    if isNamed { return times > 0 ? .high : .medium }
    return sample.name.hasSuffix("_history") || sample.name.hasSuffix(".history")
      || sample.name.contains("bash_history")
      ? .low : nil
  }

  /// The shell that a history's name tells: `.ash_history` is BusyBox's (Alpine), `.sh_history` ksh's own.
  private static func shell(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    for shell in ["bash", "dash", "tcsh", "ksh", "csh", "ash"] where name.contains(shell + "_history") { return shell }
    guard name.hasSuffix("_history") else { return "bash" }
    // Some other program's, whose name says so.
    let stem = name.dropLast(8).drop { $0 == "." }
    return stem.isEmpty || stem.utf8.count > 24 ? "bash" : String(stem)
  }

  private static let names: Set<String> = [
    ".bash_history", "bash_history", ".sh_history", ".ash_history", ".ksh_history", ".history",
  ]

  /// tcsh puts a plus sign in front of its times.
  private static func time(_ line: ByteView) -> Timestamp? {
    guard line[0] == 0x23, line.count >= 10, line.count <= 12 else { return nil }
    return ShellCommand.epoch(line.dropFirst(1))
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var sequence = 0
    var time: Timestamp?
    var timed: Locator?
    var pending: (command: ShellCommand, locator: Locator)?
    var joinsLines = false
    let user = FileOwner.user(ofPath: context.path)
    let shell = Self.shell(context.path)
    func finish() {
      if let pending { sink.event(pending.command.event(pending.locator)) }
      pending = nil
    }
    try readLines(stream, into: sink) { line in
      if let found = Self.time(line.bytes) {
        finish()
        if line.number == 1 { joinsLines = true }
        time = found
        timed = line.locator
        return .parsed
      }
      if joinsLines, var now = pending, now.command.text.utf8.count < 1 << 16 {
        // Between two times all lines are one command. Taken out first, so that the text grows in place.
        pending = nil
        now.command.text += "\n" + line.bytes.string
        now.locator = now.locator.reaching(line.end)
        pending = now
        return .parsed
      }
      finish()
      sequence += 1
      let command = ShellCommand(
        text: line.bytes.string, shell: shell, user: user, sequence: sequence, time: time)
      pending = (command, timed?.reaching(line.end) ?? line.locator)
      // The time is this command's alone.
      timed = nil
      time = nil
      return .parsed
    }
    finish()
  }
}
