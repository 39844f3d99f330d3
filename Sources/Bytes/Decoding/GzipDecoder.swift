import CIsal
import Foundation

/// Inflates gzip members (RFC 1952), one behind the other, checking each one's CRC. By ISA-L: several times as fast as zlib, and
/// logs are read from `.gz` more often than anything else is done to them.
final class GzipDecoder: ByteStream {
  /// Where ISA-L meets a reference to what was never there, it has counted the copy (at most so long) as made, and what lies in
  /// its place is nobody's: that much is not handed out before what follows is known to be sound.
  private static let longestCopy = 258
  private static let room = 256 << 10

  private let stream: any ByteStream
  private let state: UnsafeMutablePointer<inflate_state>
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
  /// Decoded bytes: those from `start` are not handed out yet, those from `certain` may be nobody's. Besides the room there is
  /// some for what ISA-L has kept to itself when it meets an error.
  private let decoded = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * GzipDecoder.room, alignment: 64)
  private var start = 0
  private var certain = 0
  private var end = 0
  private var inputEnded = false
  private var ended = false
  private var isBetweenMembers = true
  private var hasMember = false
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
    decoded.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    while start == certain, !ended { try decode() }
    let count = min(certain - start, buffer.count)
    if count > 0, let target = buffer.baseAddress, let source = decoded.baseAddress {
      memcpy(target, source + start, count)
    }
    start += count
    return count
  }

  /// Decodes what has room, or takes one step towards it.
  private func decode() throws(BytesError) {
    if state.pointee.avail_in == 0, !inputEnded {
      let count = try stream.read(into: input)
      inputEnded = count == 0
      state.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
      state.pointee.avail_in = UInt32(count)
    }
    if isBetweenMembers, !beginMember() { return }
    makeRoom()
    let before = end
    state.pointee.next_out = decoded.baseAddress?.assumingMemoryBound(to: UInt8.self).advanced(by: end)
    state.pointee.avail_out = UInt32(Self.room - end)
    let status = isal_inflate(state)
    end = Self.room - Int(state.pointee.avail_out)
    if status < 0 || status == ISAL_NEED_DICT {
      takeKept()
      if status == ISAL_INVALID_LOOKBACK || status == ISAL_INVALID_SYMBOL { end = max(certain, end - Self.longestCopy) }
      damage = "the gzip stream is damaged: \(Self.reason(status))"
      ended = true
    } else if state.pointee.block_state == ISAL_BLOCK_FINISH {
      isBetweenMembers = true
      hasMember = true
      isal_inflate_reset(state)
    } else if inputEnded, end == before {
      damage = "the gzip stream is truncated"
      ended = true
    } else {
      certain = max(certain, end - Self.longestCopy)
      return
    }
    certain = end
  }

  /// Skips the zeros that tapes and some tools put behind the last member.
  ///
  /// - Returns: whether a member begins here.
  private func beginMember() -> Bool {
    guard state.pointee.avail_in > 0, let next = state.pointee.next_in else {
      ended = inputEnded
      return false
    }
    // A few bytes of something else are no member that was cut.
    if hasMember, next.pointee != 0, next.pointee != 0x1F {
      damage = "the gzip stream is damaged: incorrect header behind its last member"
      ended = true
      return false
    }
    isBetweenMembers = next.pointee == 0
    if isBetweenMembers {
      state.pointee.next_in = next + 1
      state.pointee.avail_in -= 1
    }
    return !isBetweenMembers
  }

  /// Moves what is not handed out to the front.
  private func makeRoom() {
    guard start > 0, let base = decoded.baseAddress else { return }
    memmove(base, base + start, end - start)
    certain -= start
    end -= start
    start = 0
  }

  /// After an error: what was decoded before it and is still ISA-L's.
  private func takeKept() {
    let count = min(Int(isal_kept_count(state)), decoded.count - end)
    guard count > 0, let kept = isal_kept(state) else { return }
    decoded.baseAddress.map { _ = memcpy($0 + end, kept, count) }
    end += count
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
