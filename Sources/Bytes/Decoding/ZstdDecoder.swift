import CZstd
import Foundation

/// Decodes zstd frames (RFC 8878), one behind the other, with windows of up to 128 MiB (`zstd --long=27`).
final class ZstdDecoder: ByteStream {
  private let stream: any ByteStream
  private let state: OpaquePointer
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
  private static let step = 1 << 14
  private var place = 0
  private var filled = 0
  private var ended = false
  private var isBetweenFrames = true
  /// The library has filled all it was given: more may be ready without more input.
  private var mayHoldMore = false
  private(set) var damage: String?

  init(_ stream: any ByteStream) throws(BytesError) {
    self.stream = stream
    guard let made = ZSTD_createDStream() else {
      input.deallocate()
      throw BytesError(.tooLarge, "zstd cannot be started: out of memory")
    }
    state = made
  }

  deinit {
    ZSTD_freeDStream(state)
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    guard !ended, buffer.count > 0 else { return 0 }
    // What a call has decoded before it meets damage it does not own up to, so it is asked for a little at a time.
    var out = ZSTD_outBuffer(dst: buffer.baseAddress, size: 0, pos: 0)
    while out.pos < buffer.count {
      if place == filled, !mayHoldMore {
        if out.pos > 0 { break }
        filled = try stream.read(into: input)
        place = 0
        if filled == 0 {
          ended = true
          if !isBetweenFrames { damage = "the zstd stream is truncated" }
          break
        }
      }
      out.size = min(buffer.count, out.pos + Self.step)
      var source = ZSTD_inBuffer(src: input.baseAddress, size: filled, pos: place)
      let status = ZSTD_decompressStream(state, &out, &source)
      place = source.pos
      if ZSTD_isError(status) != 0 {
        let said = ZSTD_getErrorName(status).map { String(cString: $0) } ?? "invalid data"
        damage = "the zstd stream is damaged: \(said)"
        ended = true
        break
      }
      isBetweenFrames = status == 0
      mayHoldMore = out.pos == out.size && !isBetweenFrames
    }
    return out.pos
  }
}
