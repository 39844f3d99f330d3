/// A mapped file as a stream, from its front.
public final class MappedStream: ByteStream {
  private let file: MappedFile
  private var place: UInt64 = 0

  public init(_ file: MappedFile) { self.file = file }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    let count = file.read(at: place, into: buffer)
    place += UInt64(count)
    return count
  }
}
