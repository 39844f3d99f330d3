import Bytes
import Evidence

/// `journalctl -o json`, `json-pretty`, `json-seq`, and an array that somebody made of it. A message that is no UTF-8 comes as an
/// array of numbers.
struct JournalJSONFormat: LogFormat {
  let name = "linux.journal_json"
  let version = 7

  func recognizes(_ sample: FormatSample) -> Confidence? {
    var sample = sample
    // `json-seq` has a record separator (RFC 7464) in front of each.
    if sample.head[0] == 0x1E { sample.head = sample.head.dropFirst(1) }
    return AWSRecords.recognizes(sample, names: ["\"__REALTIME_TIMESTAMP\""]) {
      $0["__REALTIME_TIMESTAMP"] != nil && ($0["MESSAGE"] != nil || $0["_BOOT_ID"] != nil)
    }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let records = JSONRecords(stream, coverage: sink)
    let encodings = stream.encodings
    var audits = SyslogAudit(encodings: encodings)
    while let record = try records.next() {
      var entry = JournalEntry()
      let whole = JSONView(whole: record.bytes).forEachMember { key, value in
        if value.kind == .array {
          var bytes: [UInt8] = []
          value.forEachElement { element in
            // A field that was given several times: each value is a text, or null for one that is too long.
            if element.kind == .string {
              if !bytes.isEmpty { bytes.append(0x0A) }
              bytes += (element.string ?? "").utf8.prefix(max(0, JournalEntry.valueLimit - bytes.count))
              return bytes.count < JournalEntry.valueLimit
            }
            if element.kind == .null { return true }
            guard bytes.count < JournalEntry.valueLimit, let byte = element.integer.flatMap({ UInt8(exactly: $0) })
            else { return false }
            bytes.append(byte)
            return true
          }
          bytes.withView { entry.set(key, $0) }
        } else if let text = value.text {
          text.withView { entry.set(key, $0) }
        }
        return true
      }
      let locator = Locator(
        offset: record.offset, length: UInt64(record.bytes.count), line: record.line, encodings: encodings)
      if whole, entry.joins(&audits, locator, into: sink) { continue }
      guard whole, let event = entry.event(locator) else {
        records.reject(record, "a JSON record that is no entry of the journal")
        continue
      }
      sink.event(event)
    }
    audits.finish(into: sink)
    records.finish()
  }
}
