import Foundation

/// Hands out a stream in windows that overlap, so that nothing is missed at a border.
///
/// A hit belongs to the window in whose own part (`ownCount` bytes) it starts; the overlap behind it is only there to read to
/// the hit's end.
public final class WindowedStream {
  public struct Window {
    /// Own part and overlap. Valid until the next window is asked for.
    public var bytes: ByteView
    public var ownCount: Int
    /// Of the first byte in the stream.
    public var offset: UInt64
  }

  private let stream: any ByteStream
  private let overlap: Int
  private let buffer: UnsafeMutableRawBufferPointer
  private var filled = 0
  private var own = 0
  private var position: UInt64 = 0
  private var atEnd = false

  public init(_ stream: any ByteStream, size: Int, overlap: Int) {
    self.stream = stream
    self.overlap = max(overlap, 0)
    buffer = .allocate(byteCount: max(size, 1) + self.overlap, alignment: 64)
  }

  deinit { buffer.deallocate() }

  /// Bytes of the stream that have been own part of a window.
  public var offset: UInt64 { position + UInt64(own) }

  public func next() throws(BytesError) -> Window? {
    position += UInt64(own)
    if own > 0 {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[own..<filled]))
      filled -= own
      own = 0
    }
    while !atEnd, filled < buffer.count {
      let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      if count == 0 { atEnd = true }
      filled += count
    }
    if filled == 0 { return nil }
    own = atEnd ? filled : buffer.count - overlap
    return Window(
      bytes: ByteView(UnsafeRawBufferPointer(rebasing: buffer[..<filled])), ownCount: own, offset: position)
  }
}
