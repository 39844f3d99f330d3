import Bytes

/// Answers of services: whatever they hold, the walk ends, and no path is deeper than it may be.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var opened = 0
  var closed = 0
  let isWhole = XMLScanner.scan(ByteView(UnsafeRawBufferPointer(start: data, count: count))) { path, text in
    precondition(!path.isEmpty && path.count <= 16)
    if text == nil { opened += 1 } else { closed += 1 }
  }
  precondition(closed <= opened && (!isWhole || closed == opened))
  return 0
}
