import CZlib
import Foundation

@testable import Bytes

private func decoded(_ bytes: [UInt8], by size: Int) -> (bytes: [UInt8], damage: String?) {
  let stream = GzipDecoder(MemoryStream(bytes))
  var out: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: size)
  while out.count < 1 << 20 {
    let count = buffer.withUnsafeMutableBytes { (try? stream.read(into: $0)) ?? 0 }
    if count == 0 { break }
    precondition(count <= size)
    out += buffer.prefix(count)
  }
  return (Array(out.prefix(1 << 20)), stream.damage)
}

/// As zlib has the first member.
private func byZlib(_ bytes: [UInt8]) -> (bytes: [UInt8], status: Int32) {
  var state = z_stream()
  guard inflateInit2_(&state, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
    return ([], Z_MEM_ERROR)
  }
  defer { inflateEnd(&state) }
  var input = bytes
  var out = [UInt8](repeating: 0, count: 1 << 20)
  let status = input.withUnsafeMutableBufferPointer { input in
    out.withUnsafeMutableBufferPointer { out in
      state.next_in = input.baseAddress
      state.avail_in = UInt32(input.count)
      state.next_out = out.baseAddress
      state.avail_out = UInt32(out.count)
      return inflate(&state, Z_NO_FLUSH)
    }
  }
  return (Array(out.prefix(Int(state.total_out))), status)
}

/// The input as the deflate data of a gzip member: whatever is read at once the bytes are the same, what is not sound is called
/// damage, and what zlib takes for sound, cut or whole, is the same text. ISA-L takes some codes that zlib refuses, so nothing is
/// said of the text of a damaged member.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGzip(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + Array(UnsafeBufferPointer(start: data, count: count))
  let (whole, damage) = decoded(bytes, by: 1 << 17)
  let (again, _) = decoded(bytes, by: 1 + count % 300)
  precondition(whole == again, "what is read at once changes the bytes")
  let (other, status) = byZlib(bytes)
  switch status {
  // What follows may be another member.
  case Z_STREAM_END: precondition(whole.starts(with: other), "a whole member is not decoded as zlib does")
  case Z_OK, Z_BUF_ERROR:
    // The last symbols wait for bits that do not come.
    precondition(whole.count + 258 >= other.count, "sound bytes of a cut member are lost")
    precondition(zip(whole, other).allSatisfy(==), "a cut member is not decoded as zlib does")
    precondition(damage != nil || other.count == 1 << 20, "a cut member is called sound")
  default: precondition(damage != nil, "a damaged member is called sound")
  }
  return 0
}
