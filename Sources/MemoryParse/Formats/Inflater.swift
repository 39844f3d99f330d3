import Bytes
import CZlib

/// zlib's inflate over bytes at hand: a stream from its start, or deflate data from a place in the middle.
final class Inflater {
  enum Status: Equatable {
    /// More is to come.
    case running
    /// At the border of two deflate blocks, `bits` of the byte before `place` belonging to the next one.
    case blockEnd(bits: Int32)
    /// The stream's own end.
    case finished
    /// No more input.
    case cut
    case broken(String)
    /// The stream's own end, but what was decoded is not what its checksum was made of.
    case checksumDiffers
  }

  /// Of the next byte of input.
  private(set) var place: Int
  /// Bytes decoded so far by this inflater.
  private(set) var produced: UInt64 = 0
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: ByteView

  /// - Parameter input: a zlib stream; must outlive the inflater.
  convenience init?(_ input: ByteView) {
    // 0: the window that the stream's header names, so that `window` is no larger than it must be.
    self.init(input, place: 0, windowBits: 0)
  }

  /// Goes on in the middle.
  /// - Parameters:
  ///   - bits: how many bits of the byte before `place` are still to be read.
  ///   - window: the bytes decoded last before that place.
  convenience init?(_ input: ByteView, place: Int, bits: Int32, window: [UInt8]) {
    self.init(input, place: place, windowBits: -15)
    if bits > 0, inflatePrime(stream, bits, Int32(input[place - 1]) >> (8 - bits)) != Z_OK { return nil }
    if !window.isEmpty, inflateSetDictionary(stream, window, UInt32(clamping: window.count)) != Z_OK { return nil }
  }

  private init?(_ input: ByteView, place: Int, windowBits: Int32) {
    self.input = input
    self.place = place
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Decodes into the front of the buffer until it is full, the stream ends or, where asked for, a block does.
  func decode(into buffer: UnsafeMutableRawBufferPointer, stopAtBlocks: Bool) -> (count: Int, status: Status) {
    guard let into = buffer.baseAddress, let from = input.unsafeBytes.baseAddress, !buffer.isEmpty else {
      return (0, .running)
    }
    let bytes = from.assumingMemoryBound(to: UInt8.self)
    var done = 0
    while done < buffer.count {
      // zlib counts in 32 bits.
      let given = min(max(input.count - place, 0), 1 << 30)
      let room = min(buffer.count - done, 1 << 30)
      stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes + min(place, input.count))
      stream.pointee.avail_in = UInt32(given)
      stream.pointee.next_out = (into + done).assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(room)
      let code = inflate(stream, stopAtBlocks ? Z_BLOCK : Z_NO_FLUSH)
      place += given - Int(stream.pointee.avail_in)
      let count = room - Int(stream.pointee.avail_out)
      done += count
      produced += UInt64(count)
      switch code {
      case Z_STREAM_END: return (done, .finished)
      case Z_OK:
        // Bit 7: at the end of a block; bit 6: that was the last one; the low bits: unused bits of the last byte.
        let state = stream.pointee.data_type
        if stopAtBlocks, state & 128 != 0, state & 64 == 0 { return (done, .blockEnd(bits: state & 7)) }
      case Z_BUF_ERROR: return (done, .cut)
      default:
        let message = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(code)"
        // The only one of zlib's errors that comes after all bytes are out has no code of its own.
        return (done, message == "incorrect data check" ? .checksumDiffers : .broken(message))
      }
    }
    return (done, .running)
  }

  /// The bytes decoded last, as many as later data can refer to.
  var window: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32768) { buffer, count in
      var length: UInt32 = 0
      count = inflateGetDictionary(stream, buffer.baseAddress, &length) == Z_OK ? Int(length) : 0
    }
  }
}
