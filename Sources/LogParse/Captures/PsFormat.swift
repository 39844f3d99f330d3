import Bytes
import Evidence

/// `ps` in any layout, read by its header: `-ef`, `aux`, `-el`, `axjf`, `-eo pid,lstart,args`, busybox's; and `top -b`, whose
/// table is the same.
///
/// Columns are words but for the last, which holds the command line with its blanks, and for those that ps prints as
/// several words (`LSTART`). A start shown without its date is settled by the capture's time (see `RelativeTime`); a bare
/// year gives no time.
struct PsFormat: LogFormat {
  let name = "capture.ps"
  let version = 6

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    // top says of the whole machine first.
    let lines = sample.lines(10)
    for (index, line) in lines.enumerated() where index < 3 || Self.isSummary(lines[0]) {
      if PsLayout(line) != nil { return .high }
    }
    // Where a `grep` took the header away, all rows are of `aux` or of `-ef`.
    if !lines.isEmpty, lines.allSatisfy(Self.isAux) || lines.allSatisfy(Self.isFull) { return .high }
    return PsBareRows.header(of: lines, name: sample.name) != nil ? .high : nil
  }

  /// The layout of rows without a header, told by the first that is one; nil where there is a header.
  private static func headless(_ lines: [ByteView], name: Substring) -> PsLayout? {
    guard !lines.contains(where: { PsLayout($0) != nil }) else { return nil }
    if lines.contains(where: isAux) {
      return PsLayout(ByteView("USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND"))
    }
    if lines.contains(where: isFull) { return PsLayout(ByteView("UID PID PPID C STIME TTY TIME CMD")) }
    return PsBareRows.header(of: lines, name: name)?.withView { PsLayout($0) }
  }

  // www-data    1234  99.9  1.0 2000000 90000 ?       Sl   05:20 1234:10 /tmp/.x/kdevtmpfsi
  private static func isAux(_ line: ByteView) -> Bool {
    let words = line.words(limit: 11)
    return words.count == 11 && [1, 4, 5].allSatisfy { CivilTime.number(words[$0]) != nil }
      && words[2].firstIndex(of: 0x2E) != nil && words[3].firstIndex(of: 0x2E) != nil && isTerminal(words[6])
      && "DIRSTtWXZ".utf8.contains(words[7][0]) && words[9].firstIndex(of: 0x3A) != nil
      && PsTime.duration(words[9]) != nil
  }

  // root        1235     1  0 05:21 pts/0    00:00:00 grep --color=auto kdev
  private static func isFull(_ line: ByteView) -> Bool {
    let words = line.words(limit: 8)
    return words.count == 8 && [1, 2, 3].allSatisfy { CivilTime.number(words[$0]) != nil } && isTerminal(words[5])
      && words[6].count >= 8 && words[6].firstIndex(of: 0x3A) != nil && PsTime.duration(words[6]) != nil
  }

  private static func isTerminal(_ word: ByteView) -> Bool {
    word == "?" || word.hasPrefix("pts/") || word.hasPrefix("tty") || word.hasPrefix("hvc")
  }

  /// What top prints above its table.
  private static func isSummary(_ line: ByteView) -> Bool {
    for name in [
      "top - ", "Tasks:", "Threads:", "%Cpu", "MiB ", "KiB ", "GiB ", "Mem:", "Swap:", "CPU:", "Cpu(s):",
      "Load average:",
    ] as [StaticString] where line.hasPrefix(ByteView(name)) { return true }
    return false
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let stream = try FrontStream(stream)
    var layout = stream.front.withView {
      Self.headless(
        FormatSample(head: $0, path: "", isWhole: stream.isWhole).lines(16).filter { CommandMessage.reason($0) == nil },
        name: context.path.split(separator: "/").last ?? "")
    }
    let relative = RelativeTime(context)
    // What top says of the whole machine, in the host's language.
    var isAboveTable = false
    try readLines(stream, into: sink) { line in
      if line.bytes[0] == 0x74, line.bytes.hasPrefix("top - ") { isAboveTable = true }
      if let found = PsLayout(line.bytes) {
        layout = found
        isAboveTable = false
        return .parsed
      }
      guard let row = layout?.row(line.bytes) else {
        if isAboveTable || Self.isSummary(line.bytes) || layout?.isThread(line.bytes) ?? false { return .parsed }
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a ps row")
      }
      sink.event(Self.event(row, relative, context.zone, line.locator))
      return .parsed
    }
  }

  private static func event(
    _ row: [(column: PsColumn, text: ByteView)], _ relative: RelativeTime?, _ zone: Timestamp.Zone, _ locator: Locator
  ) -> Event {
    var attributes: [Attribute] = []
    var pid: Int64?
    var user: String?
    var command: String?
    var commandLine: String?
    var time: Timestamp?
    for (column, text) in row {
      switch column {
      case .pid:
        pid = text.integer
        attributes.add("pid", pid)
      case .user:
        if let uid = text.integer { attributes.add("uid", uid) }
        user = text.string
        attributes.add("user", user)
      case .uid:
        // `ps -ef` prints names under UID.
        if let uid = text.integer {
          attributes.add(attributes.contains { $0.name == "uid" } ? "effective_uid" : "uid", uid)
        } else {
          user = text.string
          attributes.add("user", user)
        }
      case .number(let name): attributes.add(name, name.hasSuffix("_kib") ? PsTime.kib(text) : text.integer)
      case .text("executable") where text.hasSuffix(" (deleted)"):
        attributes.add("executable", text.dropLast(10).string)
        attributes.append(Attribute("is_deleted", .flag(true)))
      case .text(let name):
        if !(text == "-"), !(text == "?") || name == "tty" { attributes.add(name, text.string) }
      case .cpuTime: attributes.add("cpu_time", PsTime.duration(text))
      case .start, .longStart:
        // `-o start,lstart`: the first is kept.
        if !attributes.contains(where: { $0.name == "start" }) { attributes.add("start", text.string) }
        time = time ?? PsTime.start(text, relative, zone)
      case .elapsed:
        attributes.add("elapsed", PsTime.duration(text))
        if let seconds = PsTime.duration(text) {
          time = time ?? relative?.ago(seconds: seconds, precision: .second)
        }
      case .elapsedSeconds:
        attributes.add("elapsed", text.integer)
        if let seconds = text.integer { time = time ?? relative?.ago(seconds: seconds, precision: .second) }
      case .command: command = text.string
      case .commandLine: commandLine = text.string
      }
    }
    let shown = commandLine ?? command ?? ""
    attributes.add("command", command ?? PsTime.program(shown))
    attributes.add("command_line", commandLine)
    var entities: [Entity] = []
    if let pid { entities.append(Entity(.process, String(pid))) }
    if let user { entities.append(Entity(.user, user)) }
    let process = pid.map { "Process \($0)" } ?? "A process"
    let owner = user.map { " of \($0)" } ?? ""
    return Event(
      time: time, .start, dataType: "linux:capture:process",
      message: shown.isEmpty ? "\(process)\(owner) shows no command." : "\(process)\(owner) runs \(shown).",
      entities: entities, attributes: attributes, locator: locator)
  }
}
