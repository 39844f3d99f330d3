import Bytes
import Detectors

/// Any bytes through the reverse shell matchers, as a command and as memory.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let view = ByteView(UnsafeBufferPointer(start: bytes, count: count))
  _ = ReverseShellDetector().scan(view, .command)
  _ = ReverseShellDetector().scan(view, .bytes)
  return 0
}
