/// Text whose lines end in a carriage return alone, as a serial console's capture and old Macintosh programs have them, handed out
/// with line feeds in their place; any other stream as it is. Each byte keeps its place.
public final class LineEndStream: ByteStream {
  private let inner: HeadedStream
  private var isConverting: Bool
  public let encodings: [String]
  public var damage: String? { inner.damage }

  /// Bytes that are looked at: as many as a format is recognized by.
  private static let headCount = 1 << 16

  public init(_ stream: any ByteStream) throws(BytesError) {
    encodings = stream.encodings
    inner = try HeadedStream(stream, headCount: Self.headCount)
    isConverting = inner.head.withView(Self.hasReturnsAlone)
  }

  /// Whether the first bytes of a text have carriage returns and no other line end.
  public static func hasReturnsAlone(_ head: ByteView) -> Bool {
    head.firstIndex(of: 0x0D) != nil && head.firstIndex(of: 0x0A) == nil && head.firstIndex(of: 0) == nil
  }

  /// The same bytes with line feeds.
  public static func converted(_ head: ByteView) -> [UInt8] { head.array.map { $0 == 0x0D ? 0x0A : $0 } }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    let count = try inner.read(into: buffer)
    guard isConverting else { return count }
    for place in 0..<min(count, buffer.count) {
      // Behind a line feed returns mean something else.
      if buffer[place] == 0x0A {
        isConverting = false
        break
      }
      if buffer[place] == 0x0D { buffer[place] = 0x0A }
    }
    return count
  }
}
