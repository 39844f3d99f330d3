import Bytes
import Evidence

/// Fields of an entry of the systemd journal, whether exported or as JSON.
struct JournalEntry {
  /// Of one field; more is cut.
  static let valueLimit = 1 << 16

  var time: Timestamp?
  private var fields: [String: String] = [:]

  mutating func set(_ name: ByteView, _ value: ByteView) {
    if name == "__REALTIME_TIMESTAMP" {
      setTime(value)
    } else if fields.count < 256, let key = Self.wanted[name.string] {
      fields[key] = value.slice(0, Self.valueLimit).string
    }
  }

  mutating func setTime(_ value: ByteView) {
    guard let microseconds = value.integer, microseconds > 0 else { return }
    time = Timestamp(
      seconds: microseconds / 1_000_000, nanoseconds: microseconds % 1_000_000 * 1000, precision: .microsecond)
  }

  static func isWanted(_ name: String) -> Bool { wanted[name] != nil }

  private static let wanted: [String: String] = [
    "MESSAGE": "message", "_HOSTNAME": "host", "SYSLOG_IDENTIFIER": "identifier", "_COMM": "comm", "_PID": "pid",
    "SYSLOG_PID": "syslog_pid", "PRIORITY": "priority", "SYSLOG_FACILITY": "facility", "_UID": "uid",
    "_EXE": "executable",
    "_CMDLINE": "command_line", "_SYSTEMD_UNIT": "unit", "_BOOT_ID": "boot_id", "_TRANSPORT": "transport",
    "_AUDIT_SESSION": "audit_session", "_AUDIT_LOGINUID": "auid",
  ]

  /// Nil where nothing of an entry was found.
  func event(_ locator: Locator) -> Event? {
    guard time != nil || fields["message"] != nil else { return nil }
    var record = SyslogRecord(
      time: time, host: fields["host"] ?? "", program: fields["identifier"] ?? fields["comm"] ?? "")
    record.pid = fields["pid"].flatMap { Int64($0) } ?? fields["syslog_pid"].flatMap { Int64($0) }
    if let severity = fields["priority"].flatMap({ Int($0) }), (0...7).contains(severity) {
      let facility = fields["facility"].flatMap { Int($0) } ?? 1
      record.priority = min(max(facility, 0), 23) << 3 | severity
    }
    record.extra.add("uid", fields["uid"].flatMap { Int64($0) })
    record.extra.add("auid", fields["auid"].flatMap { Int64($0) })
    for name in ["executable", "command_line", "unit", "boot_id", "transport"] { record.extra.add(name, fields[name]) }
    return (fields["message"] ?? "").withView { record.event($0, locator) }
  }
}

/// `journalctl -o export`: `NAME=VALUE` lines, or for values that are no plain line the name, a length of eight bytes and
/// the bytes; an empty line ends an entry (systemd's JOURNAL_EXPORT_FORMATS).
struct JournalExportFormat: LogFormat {
  let name = "linux.journal_export"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    sample.head.hasPrefix("__CURSOR=") || sample.head.hasPrefix("__REALTIME_TIMESTAMP=") ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let window = 1 << 18
    let feed = ByteFeed(stream, capacity: window)
    let encodings = stream.encodings
    var ledger = CoverageLedger(sink, encodings: encodings)
    var entry = JournalEntry()
    var start: UInt64 = 0
    func finish(_ end: UInt64) {
      if let event = entry.event(Locator(offset: start, length: end - start, encodings: encodings)) {
        sink.event(event)
      }
      entry = JournalEntry()
    }
    while true {
      let bytes = try feed.peek(window)
      if bytes.isEmpty { break }
      guard let newline = bytes.firstIndex(of: 0x0A) else {
        feed.take(bytes.count)
        ledger.skipped(
          upTo: feed.offset, bytes.count == window ? "line longer than \(window) bytes" : "last line is cut short")
        continue
      }
      let line = bytes.slice(0, newline)
      if line.isEmpty {
        finish(feed.offset)
        feed.take(1)
        start = feed.offset
        ledger.parsed(upTo: feed.offset)
      } else if let (name, value) = line.cut(0x3D) {
        entry.set(name, value)
        feed.take(newline + 1)
        ledger.parsed(upTo: feed.offset)
      } else if let length = bytes.u64(newline + 1), Self.isName(line) {
        let from = newline + 9
        let kept = Int(min(length, UInt64(JournalEntry.valueLimit)))
        // The name is short, the window long: both fit.
        entry.set(line, bytes.slice(from, from + kept))
        feed.take(from)
        let (whole, over) = length.addingReportingOverflow(1)
        let skipped = try feed.skip(over ? .max : whole)
        if over || skipped < whole {
          ledger.skipped(upTo: feed.offset, "a field is longer than what is left")
        } else {
          ledger.parsed(upTo: feed.offset)
        }
      } else {
        feed.take(newline + 1)
        ledger.skipped(upTo: feed.offset, "line is not of the journal's export")
      }
    }
    finish(feed.offset)
    ledger.finish(damage: stream.damage)
  }

  private static func isName(_ line: ByteView) -> Bool {
    guard line.count <= 256 else { return false }
    for index in 0..<line.count {
      let byte = line[index]
      guard byte == 0x5F || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte) else { return false }
    }
    return true
  }
}

/// `journalctl -o json`: an object a line. A message that is no UTF-8 comes as an array of numbers.
struct JournalJSONFormat: LogFormat {
  let name = "linux.journal_json"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard let line = sample.lines(1).first, line[0] == 0x7B else { return nil }
    return line.contains("\"__REALTIME_TIMESTAMP\"") && (line.contains("\"MESSAGE\"") || line.contains("\"_BOOT_ID\""))
      ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      var entry = JournalEntry()
      let whole = JSONView(line.bytes).forEachMember { key, value in
        if value.kind == .array {
          var bytes: [UInt8] = []
          value.forEachElement { element in
            guard bytes.count < JournalEntry.valueLimit, let byte = element.integer.flatMap({ UInt8(exactly: $0) })
            else { return false }
            bytes.append(byte)
            return true
          }
          bytes.withView { entry.set(key, $0) }
        } else if let text = value.string {
          text.withView { entry.set(key, $0) }
        }
        return true
      }
      guard whole, let event = entry.event(line.locator) else { return .skipped("line is not an entry of the journal") }
      sink.event(event)
      return .parsed
    }
  }
}
