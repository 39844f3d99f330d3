import Bytes
import Evidence

/// What a container prints, as Docker's `json-file` driver keeps it: a record a line with `log`, `stream` and `time`.
///
/// Docker writes at most 16 KiB of a line at once; the records of one belong together up to the one that ends it.
struct ContainerLogFormat: LogFormat {
  let name = "app.container"
  let version = 3

  /// Of an event's text; what is longer goes on in another.
  private static let textLimit = 1 << 16
  private static let recordLimit = 1 << 20

  func recognizes(_ sample: FormatSample) -> Confidence? {
    AWSRecords.recognizes(sample, names: ["\"log\"", "\"time\""]) { Self.entry($0) != nil }
  }

  private static func entry(_ json: JSONView) -> ApplicationEntry? {
    guard let text = json["log"]?.string, let time = json["time"]?.string.flatMap({ Timestamp(iso8601: $0) }),
      let stream = json["stream"]?.string, stream == "stdout" || stream == "stderr"
    else { return nil }
    let isLong = text.utf8.count > recordLimit
    var entry = ApplicationEntry(text: isLong ? text.withView { $0.slice(0, recordLimit).string } : text)
    entry.time = time
    entry.stream = stream
    // Fluent Bit keeps the runtime's mark instead of the line's end.
    entry.isPartial = text.utf8.last != 0x0A && json["_p"]?.rawString.map { $0 == "F" } != true
    return entry
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let records = JSONRecords(stream, coverage: sink)
    let encodings = stream.encodings
    var pending: (entry: ApplicationEntry, locator: Locator)?
    func finish() {
      if var now = pending {
        if now.entry.text.utf8.last == 0x0A { now.entry.text.unicodeScalars.removeLast() }
        sink.event(now.entry.event(now.locator))
      }
      pending = nil
    }
    while let record = try records.next() {
      guard let entry = Self.entry(record.json) else {
        records.reject(record, "a JSON record that is no line of a container")
        continue
      }
      let byteCount = UInt64(record.bytes.count)
      if var now = pending, now.entry.isPartial, now.entry.stream == entry.stream,
        now.entry.text.utf8.count + entry.text.utf8.count < Self.textLimit
      {
        pending = nil
        now.entry.text += entry.text
        now.entry.isPartial = entry.isPartial
        now.entry.lines += 1
        now.locator = now.locator.reaching(record.offset + byteCount)
        pending = now
        continue
      }
      finish()
      pending = (entry, Locator(offset: record.offset, length: byteCount, line: record.line, encodings: encodings))
    }
    finish()
    records.finish()
  }
}
