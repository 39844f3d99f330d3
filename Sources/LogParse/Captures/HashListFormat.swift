import Bytes
import Evidence

/// Lists of digests: `md5sum`, `sha1sum`, `sha256sum` and what UAC makes of running programs.
struct HashListFormat: LogFormat {
  let name = "capture.hashes"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(6)
    return !lines.isEmpty && lines.allSatisfy { Self.row($0) != nil } ? .high : nil
  }

  // d41d8cd98f00b204e9800998ecf8427e  /proc/465/exe
  private static func row(_ line: ByteView) -> (kind: String, hash: ByteView, path: ByteView)? {
    guard let (hash, rest) = line.cut(0x20), !rest.isEmpty, rest[0] == 0x20 || rest[0] == 0x2A else { return nil }
    let kinds = [32: "md5", 40: "sha1", 64: "sha256"]
    guard let kind = kinds[hash.count] else { return nil }
    for index in 0..<hash.count where hexDigit(hash[index]) == nil { return nil }
    return (kind, hash, rest.dropFirst(1))
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let (kind, hash, path) = Self.row(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a digest and a path")
      }
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:hash", message: "\(path.string) has the \(kind) \(hash.string).",
          entities: [Entity(.file, path.string), Entity(.hash, hash.string.lowercased())],
          attributes: [Attribute("path", path.string), Attribute(kind, hash.string.lowercased())], locator: line.locator
        ))
      return .parsed
    }
  }
}
