import CIsal

/// Small compressed texts in memory.
public enum Inflated {
  /// What gzip's or zlib's bytes hold, up to a limit; nil where they are neither. What is damaged or cut gives what came
  /// before.
  ///
  /// - Parameter isRaw: the bytes are DEFLATE's alone, with nothing before them.
  public static func bytes(_ text: ByteView, limit: Int, isRaw: Bool = false) -> [UInt8]? {
    let isGzip = text[0] == 0x1F && text[1] == 0x8B && text[2] == 0x08
    let isZlib = text[0] & 0x0F == 8 && (Int(text[0]) << 8 | Int(text[1])) % 31 == 0
    guard text.count >= 8, isGzip || isZlib || isRaw, let length = UInt32(exactly: text.count),
      let room = UInt32(exactly: limit)
    else { return nil }
    let state = UnsafeMutablePointer<inflate_state>.allocate(capacity: 1)
    defer { state.deallocate() }
    isal_inflate_init(state)
    state.pointee.crc_flag = UInt32(isRaw ? ISAL_DEFLATE : isGzip ? ISAL_GZIP : ISAL_ZLIB)
    var source = text.array
    // Zeros, for a reference to what was never there would be counted as made.
    var out = [UInt8](repeating: 0, count: limit)
    let left = source.withUnsafeMutableBufferPointer { source in
      out.withUnsafeMutableBufferPointer { out in
        state.pointee.next_in = source.baseAddress
        state.pointee.avail_in = length
        state.pointee.next_out = out.baseAddress
        state.pointee.avail_out = room
        _ = isal_inflate(state)
        return Int(state.pointee.avail_out)
      }
    }
    out.removeLast(min(left, out.count))
    return out
  }
}
