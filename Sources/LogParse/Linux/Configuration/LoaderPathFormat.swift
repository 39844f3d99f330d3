import Bytes
import Evidence

/// `/etc/ld.so.conf` and `ld.so.conf.d`: folders in which the loader looks for libraries, before its own.
struct LoaderPathFormat: LogFormat {
  let name = "linux.ld_conf"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, sample.name == "ld.so.conf" || sample.path.contains("ld.so.conf.d/") else { return nil }
    return ShellCommand.isPlausible(sample) ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      let text = line.bytes.slice(0, line.bytes.firstIndex(of: 0x23) ?? line.bytes.count).trimmed
      if text.isEmpty || text.hasPrefix("include ") || text.hasPrefix("hwcap ") { return .parsed }
      guard text[0] == 0x2F else { return .skipped("line is not a folder") }
      let path = text.string
      sink.event(
        Event(
          time: nil, dataType: "linux:loader:folder", message: "The loader looks for libraries in \(path).",
          entities: [Entity(.file, path)], attributes: [Attribute("path", path)], locator: line.locator))
      return .parsed
    }
  }
}
