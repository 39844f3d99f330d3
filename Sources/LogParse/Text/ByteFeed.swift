import Bytes

/// A window over a stream for formats that are not lines: so many bytes at once, from front to back, in constant memory.
final class ByteFeed {
  private let stream: any ByteStream
  private var buffer: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0
  private var atEnd = false
  /// Bytes taken so far.
  private(set) var offset: UInt64 = 0

  /// - Parameter capacity: the most that can be looked at at once.
  init(_ stream: any ByteStream, capacity: Int = 1 << 18) {
    self.stream = stream
    buffer = .allocate(byteCount: max(capacity, 4096), alignment: 64)
  }

  deinit { buffer.deallocate() }

  /// The next bytes without taking them: as many as asked for, fewer only at the end or beyond the capacity. Valid until
  /// the next call.
  func peek(_ count: Int) throws(BytesError) -> ByteView {
    let wanted = min(max(count, 0), buffer.count)
    if end - start < wanted, start > 0 {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
      end -= start
      start = 0
    }
    while end - start < wanted, !atEnd {
      let number = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
      if number <= 0 { atEnd = true }
      end += max(number, 0)
    }
    return ByteView(UnsafeRawBufferPointer(rebasing: buffer[start..<min(start + wanted, end)]))
  }

  /// Takes bytes that were looked at.
  func take(_ count: Int) {
    let number = min(max(count, 0), end - start)
    start += number
    offset += UInt64(number)
  }

  /// Takes so many bytes without looking at them; fewer at the end. Returns how many there were.
  func skip(_ count: UInt64) throws(BytesError) -> UInt64 {
    var left = count
    while left > 0 {
      let seen = try peek(Int(min(left, UInt64(buffer.count)))).count
      if seen == 0 { break }
      take(seen)
      left -= UInt64(seen)
    }
    return count - left
  }
}
