import Bytes
import Evidence
import MemoryParse

/// A whole dump of any bytes: VMCOREINFO, kallsyms, BTF and page tables that lie.
private struct FuzzedMemory: MemoryImage, @unchecked Sendable {
  let bytes: [UInt8]
  var format: String { "raw" }
  var runs: [PhysicalRun] { bytes.isEmpty ? [] : [PhysicalRun(start: 0, end: UInt64(bytes.count), fileOffset: 0)] }

  func read(physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard physical < UInt64(bytes.count) else { return 0 }
    let rest = bytes[Int(physical)...].prefix(buffer.count)
    buffer.copyBytes(from: rest)
    return rest.count
  }

  func view(physical: UInt64, count: Int) -> ByteView? { nil }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let image = FuzzedMemory(bytes: [UInt8](UnsafeBufferPointer(start: data, count: count)))
  _ = MemoryAnalysis.run(image, options: .init(artifact: Digest(of: [])), into: CollectingSink())
  return 0
}
