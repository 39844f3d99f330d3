import Bytes
import Foundation
import TestSupport
import Testing

@testable import MemoryParse

/// Dumps of real machines, where they are at hand: a folder `shared` beside the package, or named by `IR_SHARED`.
struct RealImageTests {
  static let shared: URL = {
    if let path = ProcessInfo.processInfo.environment["IR_SHARED"] { return URL(fileURLWithPath: path) }
    var package = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { package.deleteLastPathComponent() }
    return package.deletingLastPathComponent().appendingPathComponent("shared")
  }()
  static let avml = shared.appendingPathComponent("evidence/kernels/k510/k510.avml.zst")
  static let incident = shared.appendingPathComponent("evidence/log4shell-tomcat")
  static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  @Test(.enabled(if: exists(avml), "needs the dump of a 5.10 kernel"))
  func anAVMLDumpOfAKernel() throws {
    let stream = try DecodedStream(FileStream(path: Self.avml.path))
    var plain: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while case let count = try buffer.withUnsafeMutableBytes({ try stream.read(into: $0) }), count > 0 {
      plain += buffer[0..<count]
    }
    let file = try mapped(plain)
    let (image, report) = try MemoryImages.open(file)
    #expect(report.version == "2" && report.damage.isEmpty && report.skipped.isEmpty)
    expectWholeAccount(report, file.byteCount)
    #expect(image.runs.map(\.start) == [0x1000, 0x10_0000, 0x3910_0000])
    #expect(image.byteCount == 234_348_544)
    var places: [UInt64] = []
    let finished = NeedleScanner.scan(image, needles: [Array("OSRELEASE=5.10.0-".utf8)]) { _, physical in
      places.append(physical)
      return true
    }
    #expect(finished && places.count == 2)
    // Every chunk was decoded by the scan, and every checksum was right.
    #expect((image as? any SelfCheckingImage)?.damageFound == [])
  }

  @Test(.enabled(if: exists(incident), "needs the dump of the incident"))
  func theRangesOfALiMEDumpAreThoseOfItsTruth() throws {
    let truth = try [UInt8](Data(contentsOf: Self.incident.appendingPathComponent("truth.json")))
    var path = ""
    var byteCount: UInt64 = 0
    var ranges: [PhysicalRun] = []
    truth.withView { view in
      guard let dump = JSONView(view)["dumps"]?.elements.first else { return }
      path = dump["path"]?.string ?? ""
      byteCount = UInt64(dump["size"]?.integer ?? 0)
      ranges = (dump["ranges"]?.elements ?? []).map { range in
        func number(_ name: StaticString) -> UInt64 { UInt64(range[name]?.integer ?? 0) }
        return PhysicalRun(start: number("start"), end: number("end") + 1, fileOffset: number("file_offset"))
      }
    }
    let packed = Self.incident.appendingPathComponent(path + ".zst")
    guard Self.exists(packed) else { return }
    let source = try ForwardSource(DecodedStream(FileStream(path: packed.path)), byteCount: byteCount)
    let layout = LiMELayout(source)
    #expect(!ranges.isEmpty)
    #expect(layout.runs == ranges)
    #expect(layout.damage.isEmpty)
  }
}

/// Reads a stream at places that only go forwards: what walking over sound headers does.
private final class ForwardSource: RandomAccess, @unchecked Sendable {
  let byteCount: UInt64
  private let stream: DecodedStream
  private var window: [UInt8] = []
  private var start: UInt64 = 0

  init(_ stream: DecodedStream, byteCount: UInt64) {
    self.stream = stream
    self.byteCount = byteCount
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var next = [UInt8](repeating: 0, count: 1 << 20)
    while start + UInt64(window.count) < min(offset + UInt64(buffer.count), byteCount) {
      guard let count = try? next.withUnsafeMutableBytes({ try stream.read(into: $0) }), count > 0 else { return 0 }
      let passed = Int(clamping: min(offset, start + UInt64(window.count)) - start)
      window.removeFirst(passed)
      start += UInt64(passed)
      window += next[0..<count]
    }
    guard offset >= start else { return 0 }
    let low = Int(offset - start)
    let part = window[low..<min(low + buffer.count, window.count)]
    buffer.copyBytes(from: part)
    return part.count
  }
}
