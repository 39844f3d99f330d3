import Bytes
import Detectors

/// A rule file is a user's, not evidence, but a broken one must still be read without harm.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let text = Array(UnsafeBufferPointer(start: bytes, count: count))
  let source = YaraSource(path: "fuzz.yar", text: text)
  precondition(source.rules.allSatisfy { $0.range.upperBound <= count })
  return 0
}
