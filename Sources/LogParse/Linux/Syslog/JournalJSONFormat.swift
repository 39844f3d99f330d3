import Bytes
import Evidence

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
