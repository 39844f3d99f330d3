import Bytes
import TestSupport
import Testing

@testable import MemoryParse

/// An image as a file of bare memory: RAM alone, one stretch after the other.
private final class RawFile: MemoryImage, @unchecked Sendable {
  private let base: any MemoryImage
  /// Stretches in the order of the file.
  private let parts: [(physical: UInt64, offset: UInt64, count: UInt64)]
  let format = "raw"
  let runs: [PhysicalRun]

  init(_ base: any MemoryImage, _ parts: [(physical: UInt64, offset: UInt64, count: UInt64)]) {
    self.base = base
    self.parts = parts
    runs = parts.map { PhysicalRun(start: $0.offset, end: $0.offset + $0.count, fileOffset: $0.offset) }
  }

  func view(physical: UInt64, count: Int) -> ByteView? { nil }

  func read(physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    for part in parts where physical >= part.offset && physical < part.offset + part.count {
      let room = min(UInt64(buffer.count), part.offset + part.count - physical, 4096 - physical % 4096)
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[0..<Int(room)])
      let count = base.read(physical: part.physical + (physical - part.offset), into: rest)
      // What the dump left out was nothing but zeros.
      for index in count..<rest.count { rest[index] = 0 }
      return rest.count
    }
    return 0
  }
}

/// The same file under another layout.
private final class Relaid: MemoryImage, @unchecked Sendable {
  private let file: RawFile
  let format = "raw"
  let runs: [PhysicalRun]

  init(_ file: RawFile, _ layout: RawLayout, byteCount: UInt64) {
    self.file = file
    runs = layout.runs(byteCount: byteCount)
  }

  func view(physical: UInt64, count: Int) -> ByteView? { nil }

  func read(physical: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard let run = runs.first(where: { physical >= $0.start && physical < $0.end }), let offset = run.fileOffset else {
      return 0
    }
    let room = Int(min(UInt64(buffer.count), run.end - physical))
    return file.read(
      physical: offset + (physical - run.start), into: UnsafeMutableRawBufferPointer(rebasing: buffer[0..<room]))
  }
}

@Suite(.enabled(if: SharedKernel.isThere, "the kernel images are not beside the project"), .serialized)
struct RawLayoutSearchTests {
  /// The real machine has a GiB from address 0 on. Without its first part the file is shifted by a number that nobody lists.
  @Test(arguments: [0x10_0000, 0x0100_0000] as [UInt64]) func findsAShiftThatIsNotListed(_ start: UInt64) throws {
    let base = try #require(SharedKernel.image)
    let count: UInt64 = (1 << 30) - start
    let file = RawFile(base, [(start, 0, count)])
    var asked: [RawLayout] = []
    let layout = RawLayoutSearch(file) {
      asked.append($0)
      return Relaid(file, $0, byteCount: count)
    }.layout()
    #expect(layout == .startingAt(start))
    #expect(asked.first == layout)
  }

  /// The machine has a long stretch without a byte: cut out of the file it is a hole like the one below 4 GiB.
  @Test func findsTheHole() throws {
    let base = try #require(SharedKernel.image)
    let behind = try #require(base.runs.last).start
    let front = try #require(base.runs.dropLast().last).end
    #expect(behind - front > 256 << 20)
    let start = (front + 0xF_FFFF) & ~0xF_FFFF
    let file = RawFile(base, [(0, 0, start), (behind, start, (1 << 30) - behind)])
    let count = start + (1 << 30) - behind
    let layout = RawLayoutSearch(file, holeEnd: behind) { Relaid(file, $0, byteCount: count) }.layout()
    #expect(layout == RawLayout(parts: [.init(physical: 0, byteCount: start), .init(physical: behind)]))
    let kernel = try KernelSearch(memory: PhysicalMemory(Relaid(file, layout, byteCount: count))).open()
    #expect(Snapshot(kernel).processes.count == 60)
  }

  @Test func leavesAWholeFileAsItIs() throws {
    let base = try #require(SharedKernel.image)
    let file = RawFile(base, [(0, 0, 1 << 30)])
    #expect(RawLayoutSearch(file) { Relaid(file, $0, byteCount: 1 << 30) }.layout() == .identity)
  }

  @Test func triesNothingOnAFileWithoutAKernel() throws {
    let image = try MemoryImages.open(mapped(noise(1 << 20)), as: "raw", layout: .identity).0
    var asked = 0
    let search = RawLayoutSearch(image) { _ in
      asked += 1
      return nil
    }
    #expect(search.layout() == .identity)
    #expect(asked == 0)
  }
}
