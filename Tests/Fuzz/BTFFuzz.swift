import Bytes
@testable import MemoryParse

/// Types of a kernel that lies: any bytes as BTF, and members asked for in what was made of them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = [UInt8](UnsafeBufferPointer(start: data, count: count))
  guard let types = TypeFile(bytes)?.types else { return 0 }
  for name in ["task_struct", "a", "outer"] {
    _ = types.size(name)
    for path in ["pid", "x.y", "table[3]", "table[-9223372036854775808]", "bits"] { _ = types.member(name, path) }
  }
  _ = types.enumerator("PG_head")
  return 0
}
