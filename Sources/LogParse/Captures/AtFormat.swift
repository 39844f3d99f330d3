import Bytes
import Evidence

/// Jobs that at is to run once: `atq` (`at -l`), and a job's own text as `at -c` prints it and at's spool keeps it.
struct AtFormat: LogFormat {
  let name = "capture.at"
  let version = 1

  /// Bytes of a job's text that are kept: a line that begins within them is kept whole.
  private static let limit = 1 << 20
  /// Bytes of commands that one event has before the next one takes over.
  private static let partLimit = 1 << 16

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard let first = lines.first else { return nil }
    if first.hasPrefix("#!"), lines.count > 2, Self.owner(lines[1]) != nil { return .high }
    let jobs = lines.count { Self.job($0) != nil }
    return jobs * 4 >= lines.count * 3 ? .high : nil
  }

  // 3	Wed Nov 25 05:24:00 2026 a root        7	2026-11-25 05:24 = ops
  private static func job(_ line: ByteView) -> (number: Int64, time: String, queue: String, user: String)? {
    let words = line.words(limit: 10)
    guard words.count >= 5, let number = words[0].integer, number > 0, let user = words.last else { return nil }
    let queue = words[words.count - 2]
    guard queue.count == 1, (0x41...0x5A).contains(queue[0] & 0xDF) || queue == "=" else { return nil }
    let time = words[1..<words.count - 2]
    let isDate = time.count == 2 && time[1][4] == 0x2D && time[1][7] == 0x2D && CivilTime.timeOfDay(time[2]) != nil
    guard isDate || CivilTime.ctime(time).map({ $0.words == time.count && $0.time.year != nil }) == true else {
      return nil
    }
    return (number, time.map(\.string).joined(separator: " "), queue.string, user.string)
  }

  /// `# atrun uid=0 gid=0`
  private static func owner(_ line: ByteView) -> (uid: Int64, gid: Int64?)? {
    guard line.hasPrefix("# atrun uid=") else { return nil }
    let words = line.slice(8).words(limit: 4)
    guard let uid = words.first?.slice(4).integer else { return nil }
    return (uid, words.count > 1 && words[1].hasPrefix("gid=") ? words[1].slice(4).integer : nil)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var script = Script(encodings: stream.encodings)
    try readLines(stream, into: sink, blanks: true) { line in
      if script.isOpen || line.number == 1 && line.bytes.hasPrefix("#!") {
        return script.take(line, into: sink)
      }
      if line.bytes.trimmed.isEmpty { return .parsed }
      guard let (number, time, queue, user) = Self.job(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a job of at")
      }
      let isRunning = queue == "="
      let entry = PersistenceEntry(
        mechanism: .at, user: user, schedule: "once at \(time)",
        extra: [Attribute("job", String(number)), Attribute("queue", queue), Attribute("is_running", .flag(isRunning))])
      sink.event(
        entry.event("at \(isRunning ? "is running" : "will run") job \(number) of \(user) at \(time)", line.locator))
      return .parsed
    }
    script.finish(into: sink)
  }

  /// A job's text: the environment it was made in, then, behind the change to its folder, what it is to do. One of many
  /// commands is told in several events, so that whoever looks for what it runs sees all of it.
  private struct Script {
    let encodings: [String]
    private(set) var isOpen = false
    private var uid, gid: Int64?
    private var user: String?
    private var folder: String?
    private var environment: [String] = []
    private var commands: [String] = []
    private var isInGuard = false
    /// Bytes that are kept of all, and of the commands that are not told yet.
    private var count = 0
    private var waiting = 0
    private var part = 1
    private var locator: Locator?

    init(encodings: [String]) { self.encodings = encodings }

    mutating func take(_ line: TextLine, into sink: any ResultSink) -> LineOutcome {
      isOpen = true
      let text = line.bytes.trimmed
      if let owner = AtFormat.owner(text) {
        (uid, gid) = owner
      } else if folder == nil, text.hasPrefix("# mail ") {
        user = text.words(limit: 4).dropFirst(2).first?.string
      } else if folder == nil, text.hasPrefix("cd ") {
        // cd /root || {   echo 'Execution directory inaccessible' >&2   exit 1   }
        folder = text.slice(3).words(limit: 2).first?.string
        isInGuard = text.hasSuffix("|| {")
      } else if folder == nil {
        if let (name, _) = text.cut(0x3D), !name.isEmpty, name.firstIndex(of: 0x20) == nil {
          guard count < AtFormat.limit else { return .skipped("more than is kept of a job of at") }
          count += text.count
          environment.append(text.string)
        }
      } else if isInGuard {
        isInGuard = !(text == "}")
      } else if !text.isEmpty {
        guard count < AtFormat.limit else { return .skipped("more than is kept of a job of at") }
        if waiting > 0, waiting + text.count > AtFormat.partLimit { tell(into: sink) }
        count += text.count
        waiting += text.count
        commands.append(text.string)
      }
      locator = (locator ?? (part == 1 ? Locator(offset: 0, length: 0, line: 1, encodings: encodings) : line.locator))
        .reaching(line.end)
      return .parsed
    }

    mutating func finish(into sink: any ResultSink) {
      if isOpen, part == 1 || !commands.isEmpty { tell(into: sink) }
    }

    private mutating func tell(into sink: any ResultSink) {
      guard let locator else { return }
      let name = user ?? uid.map { "uid \($0)" } ?? "somebody"
      let command = commands.joined(separator: "; ")
      var extra: [Attribute] = []
      extra.add("uid", uid)
      extra.add("gid", gid)
      extra.add("working_directory", folder)
      if part > 1 { extra.add("part", Int64(part)) }
      extra.add("environment", environment)
      let entry = PersistenceEntry(mechanism: .at, command: command, user: user, schedule: "once", extra: extra)
      sink.event(entry.event("at runs once as \(name)\(part > 1 ? " (part \(part))" : ""): \(command)", locator))
      part += 1
      commands = []
      environment = []
      waiting = 0
      self.locator = nil
    }
  }
}
