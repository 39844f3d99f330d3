import Bytes
import Evidence

/// `free`: memory and swap.
struct FreeFormat: LogFormat {
  let name = "capture.free"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(3)
    return lines.count >= 2 && Self.isHeader(lines[0]) && lines[1].hasPrefix("Mem:") ? .high : nil
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.contains(" total ") && line.contains(" used ") && line.contains(" free")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var header: ColumnHeader?
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        header = ColumnHeader(line.bytes)
        return .parsed
      }
      let words = line.bytes.words(limit: 16)
      // What older ones say is used and free when the caches are not counted.
      if words.count == 4, words[0] == "-/+", words[1] == "buffers/cache:" {
        sink.event(
          Event(
            time: nil, dataType: "linux:capture:memory",
            message: "Without buffers and caches \(words[2].string) was used and \(words[3].string) free.",
            attributes: [
              Attribute("kind", "-/+ buffers/cache"), Attribute("used", words[2].string),
              Attribute("free", words[3].string),
            ], locator: line.locator))
        return .parsed
      }
      guard let header, words.count >= 4, words[0][words[0].count - 1] == 0x3A else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of free")
      }
      let kind = words[0].dropLast(1).string
      var attributes: [Attribute] = [Attribute("kind", kind)]
      // With -h the numbers carry units, so all are kept as text.
      for (column, word) in zip(header.columns, words.dropFirst()) {
        attributes.add(column.name == "buff/cache" ? "buffers_cache" : column.name, word.string)
      }
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:memory",
          message: "\(kind) had \(words[1].string) in all and \(words[3].string) free.", attributes: attributes,
          locator: line.locator))
      return .parsed
    }
  }
}
