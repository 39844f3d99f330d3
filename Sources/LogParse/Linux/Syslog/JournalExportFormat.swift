import Bytes
import Evidence

/// `journalctl -o export`: `NAME=VALUE` lines, or for values that are no plain line the name, a length of eight bytes and
/// the bytes; an empty line ends an entry (systemd's JOURNAL_EXPORT_FORMATS).
///
/// Of a line longer than the window the front is read. A length that cannot be true hides nothing behind the next entry's
/// first line; one that reaches beyond the window cannot be told from a true one before its end.
struct JournalExportFormat: LogFormat {
  let name = "linux.journal_export"
  let version = 6

  func recognizes(_ sample: FormatSample) -> Confidence? {
    Self.isStart(sample.head) ? .high : nil
  }

  private static let window = 1 << 18
  /// Of a field with a length in front; journald and its readers take no longer one (DATA_SIZE_MAX, journal-importer.h).
  private static let fieldLimit: UInt64 = 768 << 20

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    // Larger than the window, so that what is looked at is not moved to the front for every line.
    let feed = ByteFeed(stream, capacity: Self.window * 4)
    let encodings = stream.encodings
    var ledger = CoverageLedger(sink, encodings: encodings)
    var audits = SyslogAudit(encodings: encodings)
    var entry = JournalEntry()
    var start: UInt64 = 0
    var isInCutLine = false
    // What is skipped up to the next entry, and whether the last line of it was empty.
    var lost: (reason: String, isBlank: Bool)?
    func finish(_ end: UInt64) {
      let locator = Locator(offset: start, length: end - start, encodings: encodings)
      if !entry.joins(&audits, locator, into: sink), let event = entry.event(locator) { sink.event(event) }
      entry = JournalEntry()
    }
    while true {
      let bytes = try feed.peek(Self.window)
      if bytes.isEmpty { break }
      let newline = bytes.firstIndex(of: 0x0A)
      let count = newline.map { $0 + 1 } ?? bytes.count
      let line = bytes.slice(0, newline ?? bytes.count)
      let long = "rest of a line longer than \(Self.window) bytes"
      if isInCutLine {
        feed.take(count)
        ledger.skipped(upTo: feed.offset, lost?.reason ?? long)
        isInCutLine = newline == nil
      } else if let now = lost, !(now.isBlank && Self.isStart(line)) {
        feed.take(count)
        ledger.skipped(upTo: feed.offset, now.reason)
        lost?.isBlank = line.isEmpty
        isInCutLine = newline == nil
      } else if lost != nil {
        lost = nil
        finish(feed.offset)
        start = feed.offset
      } else if newline == nil {
        let place = feed.offset
        feed.take(count)
        isInCutLine = count == Self.window
        if isInCutLine, let (name, value) = line.cut(0x3D), Self.isName(name) {
          let kept = value.slice(0, JournalEntry.valueLimit)
          entry.set(name, kept)
          ledger.parsed(upTo: place + UInt64(name.count + 1 + kept.count))
        }
        ledger.skipped(upTo: feed.offset, isInCutLine ? long : "last line is cut short")
      } else if line.isEmpty {
        finish(feed.offset)
        feed.take(1)
        start = feed.offset
        ledger.parsed(upTo: feed.offset)
      } else if let (name, value) = line.cut(0x3D) {
        // It begins an entry, should the empty line in front have been taken for part of a field.
        if name == "__CURSOR", feed.offset > start {
          finish(feed.offset)
          start = feed.offset
        }
        entry.set(name, value)
        feed.take(count)
        ledger.parsed(upTo: feed.offset)
      } else if let length = bytes.u64(count), Self.isName(line) {
        let from = count + 8
        guard Self.isPlausible(length, bytes.dropFirst(from), isWhole: bytes.count < Self.window) else {
          let value = bytes.slice(from)
          entry.set(line, value.slice(0, value.firstIndex(of: ByteView("\n\n")) ?? value.count))
          feed.take(from)
          lost = (length >= UInt64(value.count) ? Self.tooLong : Self.wrongLength, false)
          ledger.skipped(upTo: feed.offset, lost?.reason ?? "")
          continue
        }
        // The name is short, the window long: both fit.
        entry.set(line, bytes.slice(from, from + Int(min(length, UInt64(JournalEntry.valueLimit)))))
        feed.take(from)
        let skipped = try feed.skip(length)
        if skipped < length {
          ledger.skipped(upTo: feed.offset, Self.tooLong)
        } else if try feed.peek(1)[0] == 0x0A {
          feed.take(1)
          ledger.parsed(upTo: feed.offset)
        } else {
          lost = (Self.wrongLength, false)
          ledger.skipped(upTo: feed.offset, Self.wrongLength)
        }
      } else {
        feed.take(count)
        ledger.skipped(upTo: feed.offset, "line is not of the journal's export")
      }
    }
    finish(feed.offset)
    audits.finish(into: sink)
    ledger.finish(damage: stream.damage)
  }

  private static let tooLong = "a field is longer than what is left"
  private static let wrongLength = "a field does not end where its length says"

  /// Whether a field of the length can be there: a line end stands behind it, as far as can be seen.
  private static func isPlausible(_ length: UInt64, _ rest: ByteView, isWhole: Bool) -> Bool {
    if length < UInt64(rest.count) { return rest[Int(length)] == 0x0A }
    return !isWhole && length <= fieldLimit
  }

  /// An entry's first line.
  private static func isStart(_ line: ByteView) -> Bool {
    line.hasPrefix("__CURSOR=") || line.hasPrefix("__REALTIME_TIMESTAMP=")
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
