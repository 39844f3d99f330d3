import CZlib
import Foundation

/// Inflates gzip members (RFC 1952), one behind the other, checking each one's CRC.
final class GzipDecoder: ByteStream {
  private let stream: any ByteStream
  private let state: UnsafeMutablePointer<z_stream>
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
  private var ended = false
  private var isBetweenMembers = true
  private(set) var damage: String?

  init(_ stream: any ByteStream) throws(BytesError) {
    self.stream = stream
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    // 15 bits of window, and 16 more for a gzip header.
    guard inflateInit2_(state, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      state.deallocate()
      input.deallocate()
      throw BytesError(.tooLarge, "zlib cannot be started: out of memory")
    }
  }

  deinit {
    inflateEnd(state)
    state.deallocate()
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    guard !ended, buffer.count > 0 else { return 0 }
    let room = min(buffer.count, Int(UInt32.max))
    state.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.pointee.avail_out = UInt32(room)
    while state.pointee.avail_out == UInt32(room) {
      if state.pointee.avail_in == 0 {
        let count = try stream.read(into: input)
        if count == 0 {
          ended = true
          if !isBetweenMembers { damage = "the gzip stream is truncated" }
          break
        }
        state.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        state.pointee.avail_in = UInt32(count)
      }
      if isBetweenMembers {
        // Tapes and some tools pad with zeros behind the last member.
        if state.pointee.next_in?.pointee == 0 {
          state.pointee.next_in = state.pointee.next_in?.advanced(by: 1)
          state.pointee.avail_in -= 1
          continue
        }
        isBetweenMembers = false
      }
      let status = inflate(state, Z_NO_FLUSH)
      if status == Z_STREAM_END {
        isBetweenMembers = true
        inflateReset(state)
      } else if status != Z_OK, status != Z_BUF_ERROR {
        let said = state.pointee.msg.map { String(cString: $0) } ?? "invalid data"
        damage = "the gzip stream is damaged: \(said)"
        ended = true
        break
      }
    }
    return room - Int(state.pointee.avail_out)
  }
}
