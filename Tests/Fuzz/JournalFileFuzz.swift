import Bytes
import Evidence
import LogParse

/// Objects of a journal file behind a sound header, since nearly no random bytes have one: the first byte says whether it
/// is compact.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  guard let start, count > 1 else { return 0 }
  var header = [UInt8](repeating: 0, count: 272)
  header.replaceSubrange(0..<8, with: "LPKSHHRH".utf8)
  header[12] = start[0] & 31
  header[88] = 16
  header[89] = 1
  header[98] = start[0] >> 5
  let bytes = header + UnsafeBufferPointer(start: start + 1, count: count - 1)
  guard let format = LogFormats.named("linux.journal") else { return 0 }
  let sink = CollectingSink()
  try? format.parse(MemoryStream(bytes), ParseContext(path: "system.journal"), into: sink)
  var end: UInt64 = 0
  for coverage in sink.coverages where coverage.byteCount > 0 {
    precondition(coverage.start == end)
    end = coverage.end
  }
  precondition(end == UInt64(bytes.count))
  return 0
}
