import Bytes
import Foundation
import MemoryParse

/// Opens the input as each format of memory images, reads the start of every run, and looks for needles in it all.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMemoryImage(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let path = "/dev/shm/memory-image-fuzz-\(getpid())"
  _ = FileManager.default.createFile(atPath: path, contents: Data(bytes: data, count: count))
  guard let file = try? MappedFile(path: path) else { return 0 }
  for name in ["image", "memory.raw"] {
    _ = MemoryImages.recognize(head: file.view(at: 0, count: 8192), byteCount: file.byteCount, name: name)
  }
  for format in ["lime", "avml", "elf-core", "kdump", "raw"] {
    guard let (image, report) = try? MemoryImages.open(file, as: format) else { continue }
    let skipped = report.skipped.reduce(0) { $0 + $1.end - $1.start }
    precondition(report.headerByteCount + report.payloadByteCount + skipped == file.byteCount)
    _ = (report.vmcoreinfo, report.pageTableRoots)
    walk(image)
  }
  return 0
}

private func walk(_ image: any MemoryImage) {
  var end: UInt64 = 0
  for run in image.runs {
    precondition(run.start >= end && run.start < run.end)
    end = run.end
  }
  withUnsafeTemporaryAllocation(byteCount: 5000, alignment: 16) { buffer in
    for run in image.runs.prefix(64) {
      for place in [run.start, run.start &+ run.byteCount / 2, run.end - 1, run.end, run.start &- 1] {
        precondition(image.read(physical: place, into: buffer) <= buffer.count)
        if let view = image.view(physical: place, count: 100) { buffer.copyMemory(from: view.unsafeBytes) }
      }
    }
  }
  var windows = 0
  let needles = NeedleScanner([[0, 1], [0x41, 0, 0], Array("KDUMP".utf8)])
  image.forEachWindow(byteCount: 8192, overlap: 15) { window in
    windows += 1
    return needles.scan(window.bytes) { _, _ in true } && windows < 100
  }
  _ = (image as? any SelfCheckingImage)?.damageFound
}
