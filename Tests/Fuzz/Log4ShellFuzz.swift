import Bytes
import Detectors

/// Any bytes through the Log4Shell decoder, as memory and as a log field.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let view = ByteView(UnsafeBufferPointer(start: bytes, count: count))
  _ = Log4ShellDetector().scan(view, .bytes)
  _ = Log4ShellDetector().scan(view, .logField)
  _ = decodeLine(view)
  return 0
}
