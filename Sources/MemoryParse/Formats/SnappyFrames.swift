import Bytes
import CSnappy

/// A Snappy framed stream, indexed by its chunk headers and decoded a chunk at a time.
///
/// A chunk is one byte of type, 3 bytes of length, then that many bytes. 0x00: masked CRC-32C, then raw Snappy, which
/// begins with its decoded length as a varint. 0x01: masked CRC-32C, then bytes as they are. 0xFF: the stream's name.
/// 0x80-0xFE may be passed over; 0x02-0x7F may not. A chunk decodes to 64 KiB at most.
/// Source: framing_format.txt of github.com/google/snappy.
struct SnappyFrames {
  static let chunkLimit = 65536
  static let signature: [UInt8] = [0xFF, 6, 0, 0, 0x73, 0x4E, 0x61, 0x50, 0x70, 0x59]

  struct Chunk: Sendable {
    /// Of the decoded bytes, in the decoded stream.
    var start: UInt64
    /// Decoded length.
    var count: Int
    /// Of the chunk's header, in the stream.
    var offset: Int
  }

  enum Header {
    /// A chunk with bytes: how many, and where the next chunk begins.
    case data(count: Int, next: Int)
    case skippable(next: Int)
    case invalid
  }

  /// The header at a place of the stream.
  static func header(_ stream: ByteView, at offset: Int) -> Header {
    guard let word = stream.u32(offset) else { return .invalid }
    let length = Int(word >> 8)
    let next = offset + 4 + length
    guard next <= stream.count else { return .invalid }
    switch word & 0xFF {
    case 0x00:
      guard length > 4, let count = varint(stream, at: offset + 8), count <= chunkLimit else { return .invalid }
      return .data(count: count, next: next)
    case 0x01:
      guard length >= 4, length - 4 <= chunkLimit else { return .invalid }
      return .data(count: length - 4, next: next)
    case 0x80...0xFF: return .skippable(next: next)
    default: return .invalid
    }
  }

  private static func varint(_ stream: ByteView, at offset: Int) -> Int? {
    var value = 0
    for index in 0..<3 {
      guard offset + index < stream.count else { return nil }
      let byte = Int(stream[offset + index])
      value |= (byte & 0x7F) << (7 * index)
      if byte < 0x80 { return value }
    }
    return nil
  }

  /// Walks chunk headers until `byteCount` decoded bytes are found, a header is invalid, or the body returns false.
  /// - Returns: how many decoded bytes there are up to where in the stream.
  @discardableResult
  static func walk(
    _ stream: ByteView, from offset: Int, byteCount: UInt64, _ body: (Chunk) -> Bool = { _ in true }
  ) -> (byteCount: UInt64, end: Int) {
    var start: UInt64 = 0
    var place = offset
    while start < byteCount {
      switch header(stream, at: place) {
      case .data(let count, let next):
        guard UInt64(count) <= byteCount - start, body(Chunk(start: start, count: count, offset: place)) else {
          return (start, place)
        }
        start += UInt64(count)
        place = next
      case .skippable(let next): place = next
      case .invalid: return (start, place)
      }
    }
    return (start, place)
  }

  /// The chunks of a whole stream. Where a header in the middle is broken, the chunks behind it are found again by
  /// their fit: the ones whose headers lead exactly to the end of the stream; they then count from its decoded end.
  static func index(_ stream: ByteView, byteCount: UInt64) -> [Chunk] {
    /// Writers fill chunks; a stream of tiny ones is made to cost memory.
    let limit = max(4096, Int(clamping: byteCount / 1024))
    var chunks: [Chunk] = []
    func keep(_ chunk: Chunk) -> Bool {
      chunks.append(chunk)
      return chunks.count < limit
    }
    let front = walk(stream, from: 0, byteCount: byteCount, keep)
    guard front.byteCount < byteCount, chunks.count < limit else { return chunks }
    let missing = byteCount - front.byteCount
    var steps = 0
    var place = front.end + 1
    while place < stream.count, steps < 1 << 20 {
      steps += 1
      defer { place += 1 }
      guard stream[place] <= 1 else { continue }
      let tail = walk(stream, from: place, byteCount: missing) { _ in
        steps += 1
        return true
      }
      guard tail.end == stream.count, tail.byteCount > 0 else { continue }
      let shift = byteCount - tail.byteCount
      walk(stream, from: place, byteCount: missing) { chunk in
        keep(Chunk(start: chunk.start + shift, count: chunk.count, offset: chunk.offset))
      }
      break
    }
    return chunks
  }

  enum Decoded {
    case whole
    /// Decoded, but not what the checksum was made of.
    case checksumDiffers
    case broken
  }

  /// Decodes a chunk into a buffer that has room for its `count` bytes.
  static func decode(_ chunk: Chunk, of stream: ByteView, into buffer: UnsafeMutableRawBufferPointer) -> Decoded {
    guard case .data(let count, let next) = header(stream, at: chunk.offset), count == chunk.count,
      buffer.count >= count, let checksum = stream.u32(chunk.offset + 4)
    else { return .broken }
    let body = stream.slice(chunk.offset + 8, next)
    if stream[chunk.offset] == 0 {
      guard let from = body.unsafeBytes.baseAddress, let into = buffer.baseAddress else { return .broken }
      var written = count
      let status = snappy_uncompress(
        from.assumingMemoryBound(to: CChar.self), body.count, into.assumingMemoryBound(to: CChar.self), &written)
      guard status == SNAPPY_OK, written == count else { return .broken }
    } else if count > 0 {
      buffer.copyMemory(from: body.unsafeBytes)
    }
    let crc = ByteView(UnsafeRawBufferPointer(rebasing: buffer[0..<count])).crc32c
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8 == checksum ? .whole : .checksumDiffers
  }
}
