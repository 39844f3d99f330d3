import Bytes
import Evidence

/// Results of Velociraptor's artifacts for Linux (`results/Linux.Sys.Pslist.json`): a JSON record a line, with the columns that the
/// artifact's query names. What a row is, its columns say; the events are those of the commands that show the same.
struct VelociraptorFormat: LogFormat {
  let name = "capture.velociraptor"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.front.trimmed[0] == 0x7B, sample.name.hasSuffix(".json"),
      sample.path.contains("results/") || sample.path.contains("Linux.") || sample.path.contains("Generic.")
    else { return nil }
    let records = JSONRecords(MemoryStream(sample.head.array), coverage: CollectingSink())
    var number = 0
    while number < 4, let record = try? records.next() {
      if VelociraptorRow(record.json) != nil { return .high }
      number += 1
    }
    return nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let records = JSONRecords(stream, coverage: sink)
    let encodings = stream.encodings
    var number = 0
    while let record = try records.next() {
      number += 1
      let locator = Locator(
        offset: record.offset, length: UInt64(record.bytes.count), line: record.line, encodings: encodings)
      guard let row = VelociraptorRow(record.json) else {
        records.reject(record, "a row whose columns nobody knows")
        continue
      }
      for event in row.events(record.json, number, locator) { sink.event(event) }
    }
    records.finish()
  }
}
