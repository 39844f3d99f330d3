import Bytes
import Foundation
import MemoryParse

/// Hands the input to each of kdump's packings as one packed page.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzKdumpPage(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let page = 4096
  guard count > 0, count <= page else { return 0 }
  for flags in [1, 2, 4, 0x20, 0] {
    var dump = [UInt8](repeating: 0, count: 4 * page + 24)
    func put(_ value: UInt64, _ size: Int, at offset: Int) {
      for index in 0..<size { dump[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
    }
    dump.replaceSubrange(0..<8, with: Array("KDUMP   ".utf8))
    put(6, 4, at: 8)
    put(UInt64(page), 4, at: 428)
    put(1, 4, at: 432)
    put(2, 4, at: 436)
    put(8, 8, at: page + 96)
    // Page 1 exists and is in the dump.
    dump[2 * page] = 2
    dump[3 * page] = 2
    put(UInt64(dump.count), 8, at: 4 * page)
    put(UInt64(count), 4, at: 4 * page + 8)
    put(UInt64(flags), 4, at: 4 * page + 12)
    dump += UnsafeBufferPointer(start: data, count: count)
    let path = "/dev/shm/kdump-page-fuzz-\(getpid())"
    _ = FileManager.default.createFile(atPath: path, contents: Data(dump))
    guard let file = try? MappedFile(path: path), let (image, _) = try? MemoryImages.open(file, as: "kdump") else {
      preconditionFailure("a sound dump does not open")
    }
    withUnsafeTemporaryAllocation(byteCount: 100, alignment: 16) { buffer in
      let number = image.read(physical: UInt64(page) + 50, into: buffer)
      precondition(number == 0 || number == 100)
    }
  }
  return 0
}
