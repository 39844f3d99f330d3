/// Undoes compression over another stream, or hands bytes on as they are. What is compressed is told by its first bytes.
///
/// gzip and zstd go to their own libraries, which give every byte that a cut stream still holds; xz, bzip2, lz4 and compress to
/// libarchive. Concatenated members are one stream, as `zcat` has it. Compression inside compression is undone too.
public final class DecodedStream: ByteStream {
  private let inner: any ByteStream
  public let encodings: [String]
  public var damage: String? { inner.damage ?? tooDeep }

  /// `.gz` in `.gz` in …; nobody does it honestly more than twice.
  private static let maximumDepth = 8
  /// Said where more of it lies below.
  private let tooDeep: String?

  public init(_ stream: any ByteStream) throws(BytesError) {
    var current = stream
    var encodings: [String] = []
    var tooDeep: String?
    while true {
      let head = try HeadedStream(current)
      current = head
      guard let name = Self.encoding(of: head.head) else { break }
      if encodings.count == Self.maximumDepth {
        tooDeep = "compressed more than \(Self.maximumDepth) times over; what lies deeper is not opened"
        break
      }
      encodings.append(name)
      current = try Self.decoder(name, head)
    }
    inner = current
    self.tooDeep = tooDeep
    self.encodings = encodings
  }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    try inner.read(into: buffer)
  }

  /// nil for bytes that are not compressed.
  private static func encoding(of head: [UInt8]) -> String? {
    func begins(_ magic: UInt8...) -> Bool { head.starts(with: magic) }
    if begins(0x1F, 0x8B, 0x08) { return "gzip" }
    if begins(0x28, 0xB5, 0x2F, 0xFD) { return "zstd" }
    if begins(0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00) { return "xz" }
    if begins(0x42, 0x5A, 0x68), head.count >= 10, head[4..<10].elementsEqual([0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) {
      return "bzip2"
    }
    if begins(0x04, 0x22, 0x4D, 0x18) { return "lz4" }
    return begins(0x1F, 0x9D) ? "compress" : nil
  }

  private static func decoder(_ encoding: String, _ stream: HeadedStream) throws(BytesError) -> any ByteStream {
    switch encoding {
    case "gzip": GzipDecoder(stream)
    case "zstd": try ZstdDecoder(stream)
    default: try LibarchiveDecoder(stream)
    }
  }
}

/// A stream whose first bytes have been looked at and are still handed out.
final class HeadedStream: ByteStream {
  private let stream: any ByteStream
  private(set) var head: [UInt8]
  private var place = 0

  /// - Parameter headCount: the bytes that are looked at.
  init(_ stream: any ByteStream, headCount: Int = 16) throws(BytesError) {
    self.stream = stream
    head = try stream.readFront(headCount)
  }

  var damage: String? { stream.damage }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    guard place < head.count else { return try stream.read(into: buffer) }
    let count = min(buffer.count, head.count - place)
    head.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[place..<place + count])) }
    place += count
    guard count < buffer.count else { return count }
    // Readers that only look at the front of a file take one read for it.
    return count + (try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...])))
  }
}
