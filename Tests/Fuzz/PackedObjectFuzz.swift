@testable import ArtifactStore
import Bytes
import Evidence
import Foundation

/// The input as the table of a packed object behind a sound footer: no read may trap, loop or give more than it was asked for.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPackedObject(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let own = [UInt8](repeating: 0x41, count: 8192)
  let table = Array(UnsafeBufferPointer(start: data, count: count / 16 * 16))
  let footer = PackedFooter(
    byteCount: 1 << 20, tableOffset: UInt64(own.count), extentCount: UInt64(table.count / 16), base: Digest(of: []),
    digest: Digest(of: []), tableSum: 0)
  let path = "/dev/shm/packed-fuzz-\(getpid())"
  let basePath = path + "-base"
  _ = FileManager.default.createFile(atPath: path, contents: Data(own + table + footer.bytes))
  _ = FileManager.default.createFile(atPath: basePath, contents: Data(repeating: 0x42, count: 1 << 16))
  defer {
    unlink(path)
    unlink(basePath)
  }
  guard let file = try? MappedFile(path: path), let base = try? MappedFile(path: basePath),
    let object = try? PackedObject(file, base: { (_) throws(StoreError) in base })
  else { preconditionFailure("a sound footer does not open") }
  withUnsafeTemporaryAllocation(byteCount: 10_000, alignment: 16) { buffer in
    for offset: UInt64 in [0, 4095, 1 << 19, 1 << 20 - 1, 1 << 20, .max] {
      precondition(object.read(at: offset, into: buffer) <= buffer.count)
    }
  }
  _ = file.withView { PackedFooter(file: $0.slice(0, count)) }
  return 0
}
