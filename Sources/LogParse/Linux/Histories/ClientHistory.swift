import Bytes
import Evidence

/// Histories of interactive programs: python, mysql, psql, sqlite, redis-cli, less … One entry a line, without times.
///
/// Those written by libedit begin with `_HiStOrY_V2_` and write blanks as `\040`. Nothing in the lines tells which program
/// it was, so the name does. psql writes the line ends inside an entry as 0x01.
struct ClientHistory: LogFormat {
  let name = "linux.client_history"
  let version = 4

  private static let programs: [(name: String, program: String)] = [
    ("python_history", "python"), ("mysql_history", "mysql"), ("mariadb_history", "mysql"), ("psql_history", "psql"),
    ("sqlite_history", "sqlite"), ("rediscli_history", "redis"), ("node_repl_history", "node"), ("irb_history", "irb"),
    ("php_history", "php"), ("dbshell", "mongo"), ("pry_history", "pry"), ("lesshst", "less"), ("gdb_history", "gdb"),
    ("mongosh_repl_history", "mongosh"), ("mongosh_history", "mongosh"), ("cqlsh_history", "cqlsh"),
    ("influx_history", "influx"), (".Rhistory", "R"), ("lua_history", "lua"), ("jshell_history", "jshell"),
    ("scala_history", "scala"), ("msf4/history", "msfconsole"), ("ConsoleHost_history.txt", "powershell"),
    ("lftp/rl_history", "lftp"),
  ]

  private static let psqlLineEnd: UInt8 = 0x01

  private static func program(_ path: String) -> String? {
    programs.first { path.hasSuffix($0.name) }?.program
  }

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    if sample.head.hasPrefix("_HiStOrY_V2_") { return .high }
    guard let program = Self.program(sample.path) else { return nil }
    return ShellCommand.isPlausible(sample, allowing: program == "psql" ? Self.psqlLineEnd : nil) ? .medium : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var sequence = 0
    var isEdited = false
    let program = Self.program(context.path) ?? "an interactive program"
    let user = FileOwner.user(ofPath: context.path)
    try readLines(stream, into: sink) { line in
      if line.number == 1, line.bytes == "_HiStOrY_V2_" {
        isEdited = true
        return .parsed
      }
      // less says what the lines below are (`.search`, `.shell`) and puts a quote before each; marks name a file.
      if program == "less", line.bytes[0] == 0x2E { return .parsed }
      if program == "less", let mark = Self.mark(line.bytes) {
        sink.event(Self.event(ofMark: mark, user, line.locator))
        return .parsed
      }
      sequence += 1
      if program == "less", line.bytes[0] == 0x22 {
        sink.event(
          ShellCommand(text: line.bytes.dropFirst(1).string, shell: program, user: user, sequence: sequence)
            .event(line.locator))
        return .parsed
      }
      // lftp writes when in front.
      if program == "lftp", let (front, command) = line.bytes.cut(0x3A), let time = ShellCommand.epoch(front) {
        sink.event(
          ShellCommand(text: command.string, shell: program, user: user, sequence: sequence, time: time)
            .event(line.locator))
        return .parsed
      }
      var text = isEdited ? Self.unescaped(line.bytes) : line.bytes.string
      if program == "psql", line.bytes.firstIndex(of: Self.psqlLineEnd) != nil {
        text = String(text.map { $0 == "\u{1}" ? "\n" : $0 })
      }
      sink.event(
        ShellCommand(text: text, shell: program, user: user, sequence: sequence).event(line.locator))
      return .parsed
    }
  }

  // m a 1 100 /var/log/auth.log
  private static func mark(_ line: ByteView) -> ByteView? {
    let words = line.words(limit: 5)
    guard words.count == 5, words[0] == "m", words[1].count == 1, words[2].integer != nil, words[3].integer != nil,
      words[4][0] == 0x2F
    else { return nil }
    return words[4]
  }

  private static func event(ofMark path: ByteView, _ user: String?, _ locator: Locator) -> Event {
    let path = path.slice(0, 4096).string
    var attributes: [Attribute] = [Attribute("path", path), Attribute("shell", "less")]
    attributes.add("user", user)
    return Event(
      time: nil, .access, dataType: "linux:editor:file",
      message: "\(user ?? "Somebody") marked a place in \(path) in less.",
      entities: [Entity(.file, path)] + (user.map { [Entity(.user, $0)] } ?? []), attributes: attributes,
      locator: locator)
  }

  /// vis(3)'s octal escapes: `\040` is a blank.
  private static func unescaped(_ text: ByteView) -> String {
    text.unescaped { $0.octalEscape ?? ($0[1] == 0x5C ? (0x5C, 2) : nil) }
  }
}
