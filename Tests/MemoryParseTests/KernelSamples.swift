import Bytes
import Foundation

@testable import MemoryParse

/// Physical memory made of pages in code; everything else is a hole.
final class SparseImage: MemoryImage, @unchecked Sendable {
  private var pages: [UInt64: [UInt8]] = [:]
  let format = "raw"

  var runs: [PhysicalRun] {
    pages.keys.sorted().map { PhysicalRun(start: $0, end: $0 + 4096, fileOffset: nil) }
  }

  func write(_ physical: UInt64, _ bytes: [UInt8]) {
    for (index, byte) in bytes.enumerated() {
      let place = physical + UInt64(index)
      pages[place & ~4095, default: [UInt8](repeating: 0, count: 4096)][Int(place & 4095)] = byte
    }
  }

  func write(_ physical: UInt64, u64 value: UInt64) { write(physical, littleEndian(value)) }

  func read(physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard let page = pages[physical & ~4095] else { return 0 }
    let rest = page[Int(physical & 4095)...].prefix(buffer.count)
    buffer.copyBytes(from: rest)
    return rest.count
  }

  func view(physical: UInt64, count: Int) -> ByteView? { nil }
}

/// Another image with some words changed and some pages lost.
final class TamperedImage: MemoryImage, @unchecked Sendable {
  private let base: any MemoryImage
  private var words: [UInt64: UInt64] = [:]
  private let isLost: (UInt64) -> Bool

  init(_ base: any MemoryImage, isLost: @escaping (UInt64) -> Bool = { _ in false }) {
    self.base = base
    self.isLost = isLost
  }

  var format: String { base.format }
  var runs: [PhysicalRun] { base.runs }
  func view(physical: UInt64, count: Int) -> ByteView? { nil }

  func write(_ physical: UInt64, u64 value: UInt64) { words[physical] = value }

  func read(physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    if isLost(physical & ~4095) { return 0 }
    let toPageEnd = 4096 - Int(physical & 4095)
    let room = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<min(buffer.count, toPageEnd)])
    let count = base.read(physical: physical, into: room)
    for (place, value) in words where place + 8 > physical && place < physical + UInt64(count) {
      for (index, byte) in littleEndian(value).enumerated() {
        let target = Int64(place) + Int64(index) - Int64(physical)
        if target >= 0, target < Int64(count) { room[Int(target)] = byte }
      }
    }
    return count
  }
}

func littleEndian(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } }
func littleEndian32(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) } }

/// The image of a 5.10 kernel that lies beside the project where its evidence is at hand: 1 GiB in 70 MB.
enum SharedKernel {
  static let path: String? = {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["IR_SHARED"].map { URL(fileURLWithPath: $0) }
      ?? package.deletingLastPathComponent().appendingPathComponent("shared")
    let file = shared.appendingPathComponent("evidence/kernels/k510/k510.avml.zst").path
    return FileManager.default.fileExists(atPath: file) ? file : nil
  }()

  static var isThere: Bool { path != nil }

  /// Unpacked once for all tests.
  static let image: (any MemoryImage)? = {
    guard let path else { return nil }
    let target = NSTemporaryDirectory() + "memory-parse-\(ProcessInfo.processInfo.processIdentifier).avml"
    defer { try? FileManager.default.removeItem(atPath: target) }
    do {
      let stream = try DecodedStream(FileStream(path: path))
      _ = FileManager.default.createFile(atPath: target, contents: nil)
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: target))
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
      defer { buffer.deallocate() }
      while true {
        let count = try stream.read(into: buffer)
        if count == 0 { break }
        try handle.write(contentsOf: Data(buffer[0..<count]))
      }
      try handle.close()
      return try MemoryImages.open(MappedFile(path: target)).0
    } catch {
      return nil
    }
  }()
}
