import Bytes
import Evidence

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
