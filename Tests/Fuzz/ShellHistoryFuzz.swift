import Bytes
@testable import MemoryParse

/// Any bytes as the heap of a shell.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let heap = ByteView(UnsafeRawBufferPointer(start: data, count: count))
  for start in [0, 0x5555_0000_0000, UInt64.max - 64] as [UInt64] {
    _ = ShellHistory.commands(in: heap, at: start, shortStamps: true)
  }
  return 0
}
