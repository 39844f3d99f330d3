@testable import ArtifactStore
import Bytes
import Foundation

/// The input as a compressed object: no table may trap or lead outside the file, and no frame may give more than it says.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSeekTable(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let file = ByteView(UnsafeBufferPointer(start: data, count: count))
  guard let table = SeekTable(file: file), let decoder = try? FrameDecoder() else { return 0 }
  precondition(table.start(of: table.count) == table.byteCount && table.frame(holding: .max) == table.count)
  for index in 0..<min(table.count, 64) {
    let frame = table[index]
    precondition(
      frame.offset + UInt64(frame.packed) <= UInt64(count) && table.frame(holding: table.start(of: index)) >= index)
    let bytes = try? decoder.decode(
      file.slice(Int(frame.offset), Int(frame.offset) + frame.packed), count: frame.unpacked)
    precondition(bytes.map { $0.count == frame.unpacked } ?? true)
  }
  return 0
}
