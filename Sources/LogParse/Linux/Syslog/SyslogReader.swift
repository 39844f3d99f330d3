import Bytes
import Evidence

/// Reads a log line by line, with what earlier lines have shown: the year, the day, names that come again.
struct SyslogReader {
  private var years: YearSettler
  private var days: DayCache
  private var hosts = NameCache()
  private var programs = NameCache()
  private var words = WordCache()
  /// The line at hand. Host and program are mostly those of the line before.
  private var record = SyslogRecord(host: "", program: NameCache.Name(text: ""))
  /// One for lines of each kind: they differ in values alone.
  private var drafts: [EventDraft]
  /// Whether lines that go on with the one before are joined to it.
  private let joinsLines: Bool
  /// The draft that waits for such a line, -1 for none, and where in its line the text began.
  private var waiting = -1
  private var indent = 0
  private var audits: SyslogAudit

  /// Bytes of an entry of several lines.
  private static let textLimit = 1 << 16

  /// - Parameter joinsLines: whether an entry may have several lines; then `finish` hands over the last.
  init(_ context: ParseContext, encodings: [String], joinsLines: Bool = false) {
    self.joinsLines = joinsLines
    years = YearSettler(context)
    days = DayCache(context)
    drafts = Array(repeating: EventDraft(encodings: encodings), count: 32)
    audits = SyslogAudit(encodings: encodings)
  }

  /// Looks at the first lines for the years that they turn over; the stream that is returned is to be read.
  mutating func lookAhead(_ stream: any ByteStream) throws(BytesError) -> any ByteStream {
    try years.lookAhead(stream) { line in
      guard case .civil(let civil) = SyslogLine(line)?.time else { return nil }
      return civil
    }
  }

  /// Keeps the day where the settler would say the same again: in a log whose months go back and forth it may not.
  private mutating func keepDay(of bytes: ByteView, _ civil: CivilTime, _ time: Timestamp?) {
    var again = years
    if again.settle(civil) == time { days.keep(bytes, time) } else { days.forget() }
  }

  /// By the words that a line and its program begin with. Lines of several kinds may share one; that costs time and nothing else.
  private static func kind(_ entry: SyslogLine) -> Int {
    let (body, program) = (entry.body.u64(0) ?? 0, entry.program.u32(0) ?? 0)
    return Int(truncatingIfNeeded: ((body ^ UInt64(program)) &* 0x9E37_79B9_7F4A_7C15) >> 59)
  }

  mutating func read(_ line: TextLine, into sink: any ResultSink) -> LineOutcome {
    var bytes = line.bytes
    // What a crash left of the file's last block stands in front of the first line that was written afterwards.
    while bytes[0] == 0, !bytes.isEmpty { bytes = bytes.dropFirst(1) }
    // `journalctl -x` explains a message below it.
    if bytes[0] == 0x2D && bytes.hasPrefix("-- ") || bytes[0] == 0xE2 && bytes.hasPrefix("░░") { return .parsed }
    let known = days.time(bytes)
    let stamp = known.isKnown ? DayCache.byteCount : 0
    let hostCount = known.isKnown ? hosts.lastCount(startingIn: bytes.slice(stamp)) : 0
    var entry = SyslogLine()
    guard entry.read(bytes, stamp: stamp, hostCount: hostCount) else {
      if waiting >= 0, bytes[0] == 0x20 || bytes[0] == 0x09 { return goOn(line, bytes) }
      handOver(into: sink)
      return .skipped(CommandMessage.reason(bytes) ?? "line is not of syslog")
    }
    var time: Timestamp?
    var isInferred = false
    if known.isKnown {
      time = known.time
      isInferred = time != nil
    } else {
      switch entry.time {
      case .whole(let stamp): time = stamp
      case .beyond: break
      case .civil(let civil):
        time = years.settle(civil)
        isInferred = civil.year == nil && time != nil
        if civil.year == nil { keepDay(of: bytes, civil, time) }
      }
    }
    record.time = time
    if hostCount == 0 { record.host = hosts.name(entry.host).text }
    if !programs.isLast(entry.program) { record.program = programs.name(entry.program) }
    record.pid = entry.pid
    record.priority = entry.priority
    record.isYearInferred = isInferred
    if !record.extra.isEmpty { record.extra.removeAll() }
    if record.program.isUnit { record.extra.add("unit", record.program.text) }
    if waiting >= 0 {
      if record.program.source == .sudo, goOnWithCommand(line, entry.body) { return .parsed }
      drafts[waiting].give(to: sink)
    }
    if joinsLines, Self.mayBeOfAudit(record.program.source, entry.body),
      audits.take(entry.body, of: record, at: line.locator, into: sink)
    {
      waiting = -1
      return .parsed
    }
    let kind = Self.kind(entry)
    drafts[kind].begin(at: time)
    record.write(entry.body, to: &drafts[kind], &words)
    if joinsLines {
      drafts[kind].place(at: line)
      waiting = kind
      indent = bytes.count - entry.body.count
    } else {
      drafts[kind].hand(to: sink, line)
    }
    return .parsed
  }

  /// Hands over what still waits.
  mutating func finish(into sink: any ResultSink) {
    handOver(into: sink)
    audits.finish(into: sink)
  }

  private mutating func handOver(into sink: any ResultSink) {
    if waiting >= 0 { drafts[waiting].give(to: sink) }
    waiting = -1
  }

  /// The kernel's lines are many, and few of them are of its audit system.
  @inline(__always)
  private static func mayBeOfAudit(_ source: SyslogRecord.Source, _ body: ByteView) -> Bool {
    source == .audit || source == .kernel && (body[0] == 0x61 || body[0] == 0x5B)
  }

  /// A line of a message of several: journalctl puts them below each other.
  private mutating func goOn(_ line: TextLine, _ bytes: ByteView) -> LineOutcome {
    var blanks = 0
    while blanks < indent, bytes[blanks] == 0x20 { blanks += 1 }
    guard drafts[waiting].lengthen("text", with: bytes.slice(blanks), behind: "\n", limit: Self.textLimit) else {
      return .skipped("more than is kept of an entry")
    }
    drafts[waiting].reach(line.end)
    return .parsed
  }

  //     ops : (command continued) /etc/shadow
  /// What sudo could not write in one line (sudo's lib/eventlog/eventlog.c breaks it at a blank).
  private mutating func goOnWithCommand(_ line: TextLine, _ body: ByteView) -> Bool {
    guard let (who, what) = body.cut(0x3A), case let rest = what.trimmed, rest.hasPrefix("(command continued)"),
      case let event = drafts[waiting].event, event.text("program") == record.program.text,
      event.integer("pid") == record.pid, event.text("user")?.withView({ $0 == who.trimmed }) == true,
      case let more = rest.slice(19).trimmed,
      drafts[waiting].lengthen("command", with: more, behind: " ", limit: Self.textLimit)
    else { return false }
    _ = drafts[waiting].lengthen("text", with: more, behind: " ", limit: 2 * Self.textLimit)
    drafts[waiting].reach(line.end)
    return true
  }
}
