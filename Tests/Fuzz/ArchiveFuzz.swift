import Bytes
import Foundation

/// Archives: every member's bytes are read, at most a MiB of each and a thousand of them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let path = "/dev/shm/ir-analyze-archive-fuzz-\(getpid())"
  let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
  guard descriptor >= 0 else { return 0 }
  defer {
    close(descriptor)
    unlink(path)
  }
  guard write(descriptor, data, count) == count, let file = try? MappedFile(path: path),
    let reader = try? ArchiveReader(file)
  else { return 0 }
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
  defer { buffer.deallocate() }
  var members = 0
  while members < 1000, reader.next() != nil {
    members += 1
    for _ in 0..<16 { if ((try? reader.read(into: buffer)) ?? 0) == 0 { break } }
  }
  return 0
}
