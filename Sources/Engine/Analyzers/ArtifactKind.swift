import Bytes
import LogParse
import MemoryParse

/// What a file is. Its first bytes decide; the path only settles what they leave open.
enum ArtifactKind {
  case empty
  case memory(format: String)
  case packedMemory(format: String)
  case archive
  case log(any LogFormat)
  case unknown

  /// As results and people name it.
  var name: String {
    switch self {
    case .empty: "empty"
    case .memory(let format): "memory/\(format)"
    case .packedMemory(let format): "compressed memory/\(format)"
    case .archive: "archive"
    case .log(let format): "log/\(format.name)"
    case .unknown: "unknown"
    }
  }

  /// Bytes looked at, after decoding.
  static let headCount = 1 << 16

  /// - Parameters:
  ///   - file: where the bytes are.
  ///   - path: the end of the path as the source named it.
  ///   - byteCount: of the file as it is.
  /// - Returns: also the compression that was undone to see it.
  static func of(
    _ file: String, path: String, byteCount: UInt64
  ) throws(BytesError) -> (kind: ArtifactKind, encodings: [String]) {
    let stream = try DecodedStream(FileStream(path: file))
    let (kind, hasHole) = try withHead(of: stream, path) { sample in
      // A log of which nothing was written before it was rotated and compressed.
      if sample.head.isEmpty, stream.damage == nil { return (ArtifactKind.empty, false) }
      return (
        recognize(sample, byteCount: byteCount, isEncoded: !stream.encodings.isEmpty), NULRun.isFirst(in: sample.head)
      )
    }
    guard case .unknown = kind else { return (kind, stream.encodings) }
    if hasHole, let format = try pastHoles(file, path) { return (.log(format), stream.encodings) }
    // A log that was saved in wide characters.
    let text = try WideTextStream(DecodedStream(FileStream(path: file)))
    guard WideTextStream.isNamed(in: text.encodings) else { return (kind, stream.encodings) }
    let format = try withHead(of: text, path) { LogFormats.recognize($0) }
    return (format.map(ArtifactKind.log) ?? kind, stream.encodings)
  }

  /// The format of a log that begins with NULs, or has more of them than lines in front of what was written next.
  private static func pastHoles(_ file: String, _ path: String) throws(BytesError) -> (any LogFormat)? {
    let stream = try DecodedStream(FileStream(path: file))
    let bound: UInt64 = stream.encodings.isEmpty ? 1 << 30 : 1 << 28
    let (head, isWhole) = try stream.readFront(headCount, pastHolesWithin: bound)
    guard !head.isEmpty else { return nil }
    return head.withView { LogFormats.recognize(FormatSample(head: $0, path: path, isWhole: isWhole)) }
  }

  private static func recognize(_ sample: FormatSample, byteCount: UInt64, isEncoded: Bool) -> ArtifactKind {
    if byteCount == 0 { return .empty }
    if !isEncoded {
      if let format = MemoryImages.recognize(head: sample.head, byteCount: byteCount, name: String(sample.name)) {
        return .memory(format: "\(format)")
      }
    } else if let format = MemoryImages.recognize(
      head: sample.head, byteCount: .max, name: withoutSuffix(sample.name))
    {
      return .packedMemory(format: "\(format)")
    }
    if isArchive(sample.head) { return .archive }
    return LogFormats.recognize(sample).map(ArtifactKind.log) ?? .unknown
  }

  /// tar has its mark at 257, zip at the front.
  private static func isArchive(_ head: ByteView) -> Bool {
    head.slice(257, 262).hasPrefix("ustar") || head.hasPrefix("PK\u{03}\u{04}") || head.hasPrefix("PK\u{05}\u{06}")
  }

  private static func withoutSuffix(_ name: Substring) -> String {
    guard let dot = name.lastIndex(of: ".") else { return String(name) }
    return String(name[..<dot])
  }

  private static func withHead<Result>(
    of stream: any ByteStream, _ path: String, _ body: (FormatSample) -> Result
  ) throws(BytesError) -> Result {
    let head = try stream.readFront(headCount)
    return head.withView { body(FormatSample(head: $0, path: path, isWhole: $0.count < headCount)) }
  }
}
