import Foundation

/// Hands out the lines of a stream, whatever their length and number, in constant memory.
///
/// A line longer than `limit` is handed out cut, once, with `isCut` set; its rest is passed over and counted. Line ends are
/// `\n` or `\r\n` and belong to no line. A byte order mark at the start is passed over.
///
/// A log that was truncated while somebody went on writing has a hole of NULs in it, as long as the log was before. Such a run
/// in a line that is too long is a piece of its own, and so is what stands before and behind it: all have the line's number.
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

  private static let readSize = 1 << 17

  private let stream: any ByteStream
  private let limit: Int
  private let buffer: UnsafeMutableRawBufferPointer
  // Touched by this class's own methods alone, none of which calls back; the checks at run time cost 2 % of reading a log.
  @exclusivity(unchecked) private var start = 0
  @exclusivity(unchecked) private var end = 0
  @exclusivity(unchecked) private var atEnd = false
  @exclusivity(unchecked) private var number = 0
  @exclusivity(unchecked) private var position: UInt64 = 0
  /// Up to where in the buffer there is no line end, where that is known; 0 otherwise.
  @exclusivity(unchecked) private var known = 0

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
    var searched = max(known - start, 0)
    known = 0
    while true {
      let pending = ByteView(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
      if let place = pending.firstIndex(of: 0x0A, from: searched) {
        // Cut at the limit even where the rest is at hand, so that what is read does not depend on how reads fall.
        if place > limit, let piece = try zeroPiece(pending, searched: place) { return piece }
        return hand(out: pending.slice(0, min(place, limit)), consumed: place + 1, whole: UInt64(place))
      }
      searched = pending.count
      if pending.count > limit {
        if let piece = try zeroPiece(pending, searched: pending.count) { return piece }
        return try cut(pending)
      }
      if atEnd {
        return pending.isEmpty ? nil : hand(out: pending, consumed: pending.count, whole: UInt64(pending.count))
      }
      try fill()
    }
  }

  /// What stands before the first run of NULs in a line that is too long, or the run where it is at the front; nil where
  /// there is none. Of a run the first bytes are handed out.
  private func zeroPiece(_ pending: ByteView, searched: Int) throws(BytesError) -> Line? {
    let head = pending.slice(0, limit)
    var from = 0
    while let zero = head.firstIndex(of: 0, from: from) {
      let run = head.slice(zero).leadingZeros
      if zero == 0, run == head.count { return try openZeros() }
      if run >= NULRun.fewest {
        // What was searched for a line end need not be again: there may be a run every hundred bytes.
        known = start + searched
        return zero == 0
          ? piece(head.slice(0, NULRun.fewest), whole: run) : piece(head.slice(0, zero), whole: zero)
      }
      from = zero + run
    }
    return nil
  }

  /// A part of a line: the number stays for what follows.
  private func piece(_ bytes: ByteView, whole: Int) -> Line {
    let line = Line(bytes: bytes, number: number + 1, offset: position, byteCount: UInt64(whole))
    start += whole
    position += UInt64(whole)
    return line
  }

  /// Reads over a run of NULs that fills all there is room for.
  private func openZeros() throws(BytesError) -> Line {
    let first = position
    let front = min(NULRun.fewest, limit)
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<start + front]))
    var rest = start..<end
    while true {
      let view = ByteView(UnsafeRawBufferPointer(rebasing: buffer[rest]))
      let count = view.leadingZeros
      position += UInt64(count)
      start = rest.lowerBound + count
      end = rest.upperBound
      if count < view.count { break }
      // The handed out bytes stay at the front.
      let more = atEnd ? 0 : try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[front...]))
      if more == 0 {
        atEnd = true
        start = front
        end = front
        break
      }
      rest = front..<front + more
    }
    return Line(
      bytes: ByteView(UnsafeRawBufferPointer(rebasing: buffer[0..<front])), number: number + 1, offset: first,
      byteCount: position - first)
  }

  @inline(__always)
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
    // No more than the processor's own memory holds until the lines are read.
    let room = min(buffer.count - end, Self.readSize)
    let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end..<end + room]))
    if count == 0 { atEnd = true }
    end += count
  }
}
