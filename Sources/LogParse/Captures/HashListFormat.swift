import Bytes
import Evidence

/// Lists of digests: `md5sum`, `sha1sum`, `sha256sum`, `sha512sum`, `b2sum` and what UAC makes of running programs.
struct HashListFormat: LogFormat {
  let name = "capture.hashes"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(6)
    let rows = lines.filter { Self.row($0) != nil }.count
    return rows > 0 && rows + lines.filter({ CommandMessage.reason($0) != nil }).count == lines.count ? .high : nil
  }

  // d41d8cd98f00b204e9800998ecf8427e  /proc/465/exe
  private static func row(_ line: ByteView) -> (kind: String, hash: ByteView, path: String)? {
    // In front of a name in which a line break or a backslash is written as an escape.
    let isEscaped = line[0] == 0x5C
    guard let (hash, rest) = line.dropFirst(isEscaped ? 1 : 0).cut(0x20), !rest.isEmpty else { return nil }
    guard rest[0] == 0x20 || rest[0] == 0x2A else { return tagged(line, isEscaped) }
    let path = rest.dropFirst(1)
    return kind(hash).map { ($0, hash, isEscaped ? unescaped(path) : path.string) }
  }

  // SHA256 (/tmp/.x) = e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
  private static func tagged(_ line: ByteView, _ isEscaped: Bool) -> (kind: String, hash: ByteView, path: String)? {
    let text = line.dropFirst(isEscaped ? 1 : 0)
    guard let open = text.firstIndex(of: ByteView(" (")), open <= 10, let equals = text.lastIndex(of: 0x3D),
      equals >= open + 5, text[equals - 1] == 0x20, text[equals - 2] == 0x29,
      var kind = kind(text.slice(equals + 1).trimmed)
    else { return nil }
    let name = text.slice(0, open).string.lowercased()
    if kind == "sha512", name == "blake2b" { kind = name }
    guard name == kind else { return nil }
    let path = text.slice(open + 2, equals - 2)
    return (kind, text.slice(equals + 1).trimmed, isEscaped ? unescaped(path) : path.string)
  }

  private static func kind(_ hash: ByteView) -> String? {
    guard let kind = [32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"][hash.count] else {
      return nil
    }
    for index in 0..<hash.count where hexDigit(hash[index]) == nil { return nil }
    return kind
  }

  private static func unescaped(_ path: ByteView) -> String {
    path.string.replacing("\\\\", with: "\u{0}").replacing("\\n", with: "\n").replacing("\u{0}", with: "\\")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    // b2sum's digests are as long as SHA-512's, and its lines say no more.
    let isBlake = context.path.split(separator: "/").last.map { $0.contains("b2sum") || $0.contains("blake2") } ?? false
    try readLines(stream, into: sink) { line in
      guard case (var kind, let hash, let path)? = Self.row(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a digest and a path")
      }
      if isBlake, kind == "sha512" { kind = "blake2b" }
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:hash", message: "\(path) has the \(kind) \(hash.string).",
          entities: [Entity(.file, path), Entity(.hash, hash.string.lowercased())],
          attributes: [Attribute("path", path), Attribute(kind, hash.string.lowercased())], locator: line.locator
        ))
      return .parsed
    }
  }
}
