import Bytes
import Evidence

/// `journalctl -o verbose`: a line with the time and the cursor of an entry, then each field on an indented line of its own.
/// Further lines of a value are indented to where it begins (output_verbose and print_multiline, src/shared/logs-show.c).
///
/// The time in front is the host's, and the one that the sender told where it told one; the cursor holds the journal's own in
/// UTC (`t=`, microseconds in hexadecimal; sd_journal_get_cursor), as the export has it, so that one is taken.
struct JournalVerboseFormat: LogFormat {
  let name = "linux.journal_verbose"
  let version = 6

  private static let indent = 4

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(5).drop { $0.hasPrefix("-- ") }
    guard let first = lines.first, Self.header(first) != nil, let second = lines.dropFirst().first else { return nil }
    return Self.field(second) == nil ? nil : .high
  }

  // Wed 2026-11-25 14:18:27.500000 KST [s=91…;i=6;b=01…;m=81b320;t=66112f4f88fe0;x=5d…]
  private static func header(_ line: ByteView) -> (time: JournalTime, cursor: ByteView)? {
    guard let time = JournalTime(line) else { return nil }
    let rest = line.slice(time.count)
    guard rest.hasPrefix(" [s="), rest[rest.count - 1] == 0x5D else { return nil }
    return (time, rest.slice(2, rest.count - 1))
  }

  private static func time(_ cursor: ByteView) -> Timestamp? {
    for part in cursor.split(0x3B, limit: 16) where part.hasPrefix("t=") {
      guard let microseconds = part.slice(2).hexadecimal.flatMap({ Int64(exactly: $0) }), microseconds > 0 else {
        return nil
      }
      return Timestamp(
        seconds: microseconds / 1_000_000, nanoseconds: microseconds % 1_000_000 * 1000, precision: .microsecond)
    }
    return nil
  }

  //     _HOSTNAME=web-1
  private static func field(_ line: ByteView) -> (name: ByteView, value: ByteView)? {
    guard line.hasPrefix("    "), let (name, value) = line.slice(indent).cut(0x3D), !name.isEmpty, name.count <= 64
    else { return nil }
    for index in 0..<name.count {
      let byte = name[index]
      guard byte == 0x5F || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) else { return nil }
    }
    return (name, value)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var audits = SyslogAudit(encodings: stream.encodings)
    var entry = Entry()
    try readLines(stream, into: sink, blanks: true) { line in
      if let (time, cursor) = Self.header(line.bytes) {
        entry.finish(&audits, sink)
        entry = Entry(time: Self.time(cursor) ?? time.timestamp(context.zone), locator: line.locator)
        return .parsed
      }
      if entry.goesOn(line.bytes) {
        entry.append(line)
        return .parsed
      }
      if let (name, value) = Self.field(line.bytes) {
        entry.begin(name, value, line)
        return .parsed
      }
      if line.bytes.trimmed.isEmpty || line.bytes.hasPrefix("-- ") { return .parsed }
      return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of the journal's verbose output")
    }
    entry.finish(&audits, sink)
    audits.finish(into: sink)
  }

  /// The entry that is being read, and its last field, of which more lines may come.
  private struct Entry {
    private var fields = JournalEntry()
    private var name: [UInt8] = []
    private var value: [UInt8] = []
    private var locator: Locator?

    init(time: Timestamp? = nil, locator: Locator? = nil) {
      fields.time = time
      self.locator = locator
    }

    /// Whether a line is indented as far as the value of the last field is.
    func goesOn(_ line: ByteView) -> Bool {
      guard !name.isEmpty, line[indent] == 0x20 else { return false }
      let start = indent + name.count + 1
      guard line.count >= start else { return false }
      for place in 0..<start where line[place] != 0x20 { return false }
      return true
    }

    mutating func append(_ line: TextLine) {
      locator = locator?.reaching(line.end)
      guard value.count < JournalEntry.valueLimit else { return }
      value.append(0x0A)
      value += line.bytes.slice(indent + name.count + 1).slice(0, JournalEntry.valueLimit).unsafeBytes
    }

    mutating func begin(_ name: ByteView, _ value: ByteView, _ line: TextLine) {
      flush()
      // A file that begins within an entry still has what is left of it.
      locator = locator?.reaching(line.end) ?? line.locator
      self.name = name.array
      self.value = value.slice(0, JournalEntry.valueLimit).array
    }

    private mutating func flush() {
      guard !name.isEmpty else { return }
      name.withView { name in value.withView { fields.set(name, $0) } }
      name = []
    }

    mutating func finish(_ audits: inout SyslogAudit, _ sink: any ResultSink) {
      flush()
      guard let locator, !fields.joins(&audits, locator, into: sink) else { return }
      if let event = fields.event(locator) { sink.event(event) }
    }
  }
}
