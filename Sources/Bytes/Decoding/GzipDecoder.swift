import CIsal
import Foundation

/// Inflates gzip members (RFC 1952), one behind the other, checking each one's CRC. By ISA-L: several times as fast as zlib, and
/// logs are read from `.gz` more often than anything else is done to them.
final class GzipDecoder: ByteStream {
  private let stream: any ByteStream
  private let state: UnsafeMutablePointer<inflate_state>
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
  private var inputEnded = false
  private var ended = false
  private var isBetweenMembers = true
  private(set) var damage: String?

  init(_ stream: any ByteStream) {
    self.stream = stream
    state = .allocate(capacity: 1)
    isal_inflate_init(state)
    state.pointee.crc_flag = UInt32(ISAL_GZIP)
    state.pointee.avail_in = 0
  }

  deinit {
    state.deallocate()
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    guard !ended, buffer.count > 0 else { return 0 }
    let room = UInt32(clamping: buffer.count)
    state.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.pointee.avail_out = room
    while !ended, state.pointee.avail_out == room {
      if damage != nil {
        giveKept()
        continue
      }
      if state.pointee.avail_in == 0, !inputEnded {
        let count = try stream.read(into: input)
        inputEnded = count == 0
        state.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        state.pointee.avail_in = UInt32(count)
      }
      if isBetweenMembers, !beginMember() { continue }
      let status = isal_inflate(state)
      if status < 0 || status == ISAL_NEED_DICT {
        damage = "the gzip stream is damaged: \(Self.reason(status))"
      } else if state.pointee.block_state == ISAL_BLOCK_FINISH {
        isBetweenMembers = true
        isal_inflate_reset(state)
      } else if inputEnded, state.pointee.avail_out == room {
        ended = true
        damage = "the gzip stream is truncated"
      }
    }
    return Int(room - state.pointee.avail_out)
  }

  /// Skips the zeros that tapes and some tools put behind the last member.
  ///
  /// - Returns: whether a member begins here.
  private func beginMember() -> Bool {
    guard state.pointee.avail_in > 0, let next = state.pointee.next_in else {
      ended = inputEnded
      return false
    }
    isBetweenMembers = next.pointee == 0
    if isBetweenMembers {
      state.pointee.next_in = next + 1
      state.pointee.avail_in -= 1
    }
    return !isBetweenMembers
  }

  /// What was decoded before an error and had found no room, over as many reads as that takes.
  private func giveKept() {
    let count = min(state.pointee.avail_out, UInt32(isal_kept_count(state)))
    ended = count == 0
    guard count > 0, let out = state.pointee.next_out, let kept = isal_kept(state) else { return }
    memcpy(out, kept, Int(count))
    state.pointee.tmp_out_processed += Int32(count)
    state.pointee.avail_out -= count
  }

  private static func reason(_ status: Int32) -> String {
    switch status {
    case ISAL_INVALID_BLOCK: "invalid block"
    case ISAL_INVALID_SYMBOL: "invalid symbol"
    case ISAL_INVALID_LOOKBACK: "invalid distance"
    case ISAL_INVALID_WRAPPER: "incorrect header"
    case ISAL_UNSUPPORTED_METHOD: "unknown compression method"
    case ISAL_INCORRECT_CHECKSUM: "incorrect checksum"
    default: "error \(status)"
    }
  }
}
