import Bytes
import CZlib
import Foundation

private func decoded(_ bytes: [UInt8], by size: Int) -> [UInt8] {
  guard let stream = try? DecodedStream(MemoryStream(bytes)) else { preconditionFailure("it begins as gzip does") }
  var out: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: size)
  while out.count < 1 << 20 {
    let count = buffer.withUnsafeMutableBytes { (try? stream.read(into: $0)) ?? 0 }
    if count == 0 { break }
    precondition(count <= size)
    out += buffer.prefix(count)
  }
  return Array(out.prefix(1 << 20))
}

/// As zlib has the first member.
private func byZlib(_ bytes: [UInt8]) -> (bytes: [UInt8], isWhole: Bool) {
  var state = z_stream()
  guard inflateInit2_(&state, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
    return ([], false)
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
  return (Array(out.prefix(Int(state.total_out))), status == Z_STREAM_END)
}

/// The input as the deflate data of a gzip member: whatever is read at once the bytes are the same, and they begin as zlib's do.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGzip(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + Array(UnsafeBufferPointer(start: data, count: count))
  let whole = decoded(bytes, by: 1 << 17)
  precondition(whole == decoded(bytes, by: 1 + count % 300), "what is read at once changes the bytes")
  let other = byZlib(bytes)
  precondition(
    whole.starts(with: other.bytes) || !other.isWhole && other.bytes.starts(with: whole), "zlib decodes another text")
  return 0
}
