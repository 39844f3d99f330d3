import Foundation

/// Hands out the lines of a stream, whatever their length and number, in constant memory.
///
/// A line longer than `limit` is handed out cut, once, with `isCut` set; its rest is passed over and counted. Line ends are
/// `\n` or `\r\n` and belong to no line. A byte order mark at the start is passed over.
public final class LineReader {
  public struct Line {
    /// Without its line end. Valid until the next line is asked for.
    public var bytes: ByteView
    /// From 1.
    public var number: Int
    /// Of the first byte, counted in the (decoded) stream.
    public var offset: UInt64
    /// Bytes of the line in the stream without its end: more than `bytes.count` where it was cut.
    public var byteCount: UInt64
    public var isCut: Bool { UInt64(bytes.count) < byteCount }
  }

  private let stream: any ByteStream
  private let limit: Int
  private let buffer: UnsafeMutableRawBufferPointer
  // Touched by this class's own methods alone, none of which calls back; the checks at run time cost 2 % of reading a log.
  @exclusivity(unchecked) private var start = 0
  @exclusivity(unchecked) private var end = 0
  @exclusivity(unchecked) private var atEnd = false
  @exclusivity(unchecked) private var number = 0
  @exclusivity(unchecked) private var position: UInt64 = 0

  /// - Parameter limit: bytes of the longest line that is handed out whole.
  public init(_ stream: any ByteStream, limit: Int = 1 << 20) {
    self.stream = stream
    self.limit = max(limit, 16)
    // Room for the longest line and a good read behind it, so that lines seldom have to be moved.
    buffer = .allocate(byteCount: max(limit, 16) + (1 << 18), alignment: 64)
  }

  deinit { buffer.deallocate() }

  /// Bytes of the (decoded) stream handed out so far.
  public var offset: UInt64 { position }

  /// Whether the next line is at hand, so that asking for it does not wait.
  public var hasLine: Bool {
    ByteView(UnsafeRawBufferPointer(rebasing: buffer[start..<end])).firstIndex(of: 0x0A) != nil
  }

  public func next() throws(BytesError) -> Line? {
    var searched = 0
    while true {
      let pending = ByteView(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
      if let place = pending.firstIndex(of: 0x0A, from: searched) {
        // Cut at the limit even where the rest is at hand, so that what is read does not depend on how reads fall.
        return hand(out: pending.slice(0, min(place, limit)), consumed: place + 1, whole: UInt64(place))
      }
      searched = pending.count
      if pending.count >= limit { return try cut(pending) }
      if atEnd {
        return pending.isEmpty ? nil : hand(out: pending, consumed: pending.count, whole: UInt64(pending.count))
      }
      try fill()
    }
  }

  private func hand(out bytes: ByteView, consumed: Int, whole: UInt64) -> Line {
    number += 1
    var bytes = bytes
    var offset = position
    var whole = whole
    if number == 1, bytes.hasPrefix("\u{FEFF}") {
      bytes = bytes.dropFirst(3)
      offset += 3
      whole -= 3
    }
    if bytes[bytes.count - 1] == 0x0D, UInt64(bytes.count) == whole {
      bytes = bytes.dropLast(1)
      whole -= 1
    }
    start += consumed
    position += UInt64(consumed)
    return Line(bytes: bytes, number: number, offset: offset, byteCount: whole)
  }

  /// Keeps the head of a line that is too long, and reads on to its end without keeping more.
  private func cut(_ pending: ByteView) throws(BytesError) -> Line {
    let head = pending.slice(0, limit)
    // The head is moved to the front and stays; the rest of the line is read over behind it.
    buffer.copyMemory(from: head.unsafeBytes)
    var whole = UInt64(head.count)
    var rest = start + head.count..<end
    let first = position
    while true {
      let view = ByteView(UnsafeRawBufferPointer(rebasing: buffer[rest]))
      if let place = view.firstIndex(of: 0x0A) {
        whole += UInt64(place)
        start = rest.lowerBound + place + 1
        end = rest.upperBound
        position = first + whole + 1
        break
      }
      whole += UInt64(view.count)
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer[limit...])
      let count = atEnd ? 0 : try stream.read(into: room)
      if count == 0 {
        atEnd = true
        start = limit
        end = limit
        position = first + whole
        break
      }
      rest = limit..<limit + count
    }
    number += 1
    return Line(
      bytes: ByteView(UnsafeRawBufferPointer(rebasing: buffer[0..<limit])), number: number, offset: first,
      byteCount: whole)
  }

  private func fill() throws(BytesError) {
    if start > 0 {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
      end -= start
      start = 0
    }
    let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
    if count == 0 { atEnd = true }
    end += count
  }
}
