import Bytes
import Evidence

/// `/etc/ld.so.preload`: libraries that the loader puts into every program. Normally there is no such file.
struct PreloadFormat: LogFormat {
  let name = "linux.ld_preload"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    sample.name == "ld.so.preload" && sample.isText ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      let text = line.bytes.slice(0, line.bytes.firstIndex(of: 0x23) ?? line.bytes.count)
      // ld.so takes blanks, colons and commas between names.
      for word in text.words() {
        for part in word.split(0x3A) where !part.isEmpty {
          let path = part.string
          var locator = line.locator
          locator.other["library"] = path
          let entry = PersistenceEntry(
            mechanism: .preload, command: path, schedule: "as any program starts", extra: [Attribute("path", path)])
          sink.event(entry.event("Every program loads \(path) first.", locator, file: path))
        }
      }
      return .parsed
    }
  }
}
