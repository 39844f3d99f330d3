import Bytes

/// Makes AVML version 2 dumps, with a small Snappy writer of its own.
public struct AVMLBuilder {
  public var bytes: [UInt8] = []
  /// Where each block's Snappy stream begins in `bytes`.
  public private(set) var streams: [Int] = []

  public init() {}

  /// A block of memory in chunks of 64 KiB, those of one repeated byte compressed and others stored.
  /// - Parameters:
  ///   - last: the address that the header claims to be the last; the right one when nil.
  ///   - length: what the file says of the stream's length; the right one when nil.
  public mutating func block(_ start: UInt64, _ memory: [UInt8], last: UInt64? = nil, length: UInt64? = nil) {
    bytes.append(u32: 0x4C4D_5641)
    bytes.append(u32: 2)
    bytes.append(u64: start)
    bytes.append(u64: last ?? start &+ UInt64(memory.count) &- 1)
    bytes.append(u64: 0)
    streams.append(bytes.count)
    let stream = Self.frames(memory)
    bytes.append(contentsOf: stream)
    bytes.append(u64: length ?? UInt64(stream.count))
  }

  /// A Snappy framed stream.
  public static func frames(_ memory: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0xFF, 6, 0, 0] + Array("sNaPpY".utf8)
    for start in stride(from: 0, to: memory.count, by: 65536) {
      stream += chunk(Array(memory[start..<min(start + 65536, memory.count)]))
    }
    return stream
  }

  public static func chunk(_ part: [UInt8]) -> [UInt8] {
    let isUniform = part.allSatisfy { $0 == part.first }
    let body = isUniform ? compress(uniform: part) : part
    let crc = part.withView { $0.crc32c }
    var chunk: [UInt8] = []
    chunk.append(u32: UInt32(body.count + 4) << 8 | (isUniform ? 0 : 1))
    chunk.append(u32: (crc >> 15 | crc << 17) &+ 0xA282_EAD8)
    return chunk + body
  }

  /// Raw Snappy: the length as a varint, one literal, and copies from one byte before.
  private static func compress(uniform part: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    var length = part.count
    while length >= 0x80 {
      out.append(UInt8(length & 0x7F) | 0x80)
      length >>= 7
    }
    out.append(UInt8(length))
    guard let byte = part.first else { return out }
    out += [0, byte]
    var left = part.count - 1
    while left > 0 {
      let count = min(left, 64)
      // A copy with a two-byte distance.
      out += [UInt8(count - 1) << 2 | 2, 1, 0]
      left -= count
    }
    return out
  }
}
