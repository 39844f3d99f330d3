import Bytes
import CZlib
import MemoryParse
import TestSupport
import Testing

@testable import MemoryParse

struct InflatedStreamTests {
  /// What LiME does with compress=1: one stream, a window of 11 bits, memory level 5.
  static func deflated(_ plain: [UInt8], windowBits: Int32 = 11, level: Int32 = 6) -> [UInt8] {
    var stream = z_stream()
    guard
      deflateInit2_(
        &stream, level, Z_DEFLATED, windowBits, 5, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return [] }
    defer { deflateEnd(&stream) }
    var input = plain
    var out = [UInt8](repeating: 0, count: plain.count + plain.count / 100 + 100_000)
    let count = input.withUnsafeMutableBufferPointer { from in
      out.withUnsafeMutableBufferPointer { into in
        stream.next_in = from.baseAddress
        stream.avail_in = UInt32(from.count)
        stream.next_out = into.baseAddress
        stream.avail_out = UInt32(into.count)
        deflate(&stream, Z_FINISH)
        return into.count - Int(stream.avail_out)
      }
    }
    return Array(out[0..<count])
  }

  /// 6 MiB that compress a little, so that there are many blocks and some restarts.
  static let memory: [UInt8] = {
    let page = noise(3000, seed: 11)
    var memory: [UInt8] = []
    var seed: UInt32 = 1
    while memory.count < 6 << 20 {
      memory += page.prefix(Int(noise(1, seed: seed)[0]) * 8)
      memory += noise(500, seed: seed)
      memory += [UInt8](repeating: 0, count: 1000)
      seed &+= 1
    }
    return Array(memory[0..<6 << 20])
  }()

  static var lime: [UInt8] {
    var lime = LiMEBuilder()
    lime.range(0x1000, Array(memory.prefix(0x9E000)))
    lime.range(0x10_0000, memory)
    return lime.bytes
  }

  @Test func aCompressedLiMEReadsAsThePlainOne() throws {
    let packed = Self.deflated(Self.lime)
    #expect(packed[0] == 0x38)
    packed.withView { view in
      let name = MemoryImages.recognize(head: view.slice(0, 4096), byteCount: UInt64(view.count), name: "x")
      #expect(name == "lime")
    }
    let file = try mapped(packed)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.format == "lime")
    #expect(report.compression == "zlib")
    #expect(image.runs.map(\.start) == [0x1000, 0x10_0000])
    #expect(image.runs.allSatisfy { $0.fileOffset == nil })
    #expect(report.damage.isEmpty)
    expectWholeAccount(report, file.byteCount)
    // Backwards, so that each read begins at a place noted before.
    for start in stride(from: Self.memory.count - 5000, to: 0, by: -777_777) {
      let wanted = Array(Self.memory[start..<start + 5000])
      #expect(bytes(image, 0x10_0000 + UInt64(start), 5000) == wanted)
    }
    #expect(bytes(image, 0x10_0000, Self.memory.count) == Self.memory)
    #expect(image.view(physical: 0x1000, count: 16) == nil)
  }

  @Test(arguments: [(Int32(9), Int32(1)), (11, 9), (15, 6), (15, 0)])
  func otherWindowsAndLevels(_ windowBits: Int32, _ level: Int32) throws {
    let file = try mapped(Self.deflated(Self.memory, windowBits: windowBits, level: level))
    let stream = try #require(InflatedStream(file))
    #expect(stream.damage == nil)
    #expect(stream.byteCount == UInt64(Self.memory.count))
    for start in [5_000_000, 1_048_570, 0, 3_333_333, 6_291_000] {
      #expect(stream.bytes(at: UInt64(start), count: 456) == Array(Self.memory[start..<start + 456]))
    }
    #expect(stream.bytes(at: UInt64(Self.memory.count) - 1, count: 10) == [Self.memory[Self.memory.count - 1]])
    #expect(stream.bytes(at: .max, count: 10).isEmpty)
  }

  @Test func bareMemoryInsideOfOne() throws {
    let file = try mapped(Self.deflated(Self.memory))
    #expect(
      MemoryImages.recognize(head: file.view(at: 0, count: 8192), byteCount: file.byteCount, name: "a.raw") == "raw")
    let (image, report) = try MemoryImages.open(file, as: "raw")
    #expect(report.compression == "zlib")
    #expect(image.byteCount == UInt64(Self.memory.count))
    #expect(bytes(image, 4_000_000, 100) == Array(Self.memory[4_000_000..<4_000_100]))
  }

  // MARK: Damage

  @Test func aCutStream() throws {
    let packed = Self.deflated(Self.lime)
    let file = try mapped(Array(packed.prefix(packed.count / 2)))
    let (image, report) = try MemoryImages.open(file)
    #expect(report.damageText.contains("ends inside of its zlib stream"))
    #expect(report.damageText.contains("bytes are missing"))
    let end = try #require(image.runs.last?.end)
    #expect(end < 0x10_0000 + UInt64(Self.memory.count))
    #expect(bytes(image, end - 1000, 1000) == Array(Self.memory[Int(end - 0x10_0000) - 1000..<Int(end - 0x10_0000)]))
    expectWholeAccount(report, file.byteCount)
  }

  @Test func aBrokenStreamIsReadUpToTheBreak() throws {
    var packed = Self.deflated(Self.lime)
    packed.replaceSubrange(packed.count / 2..<packed.count / 2 + 5000, with: noise(5000, seed: 77))
    let file = try mapped(packed)
    let (image, report) = try MemoryImages.open(file)
    #expect(report.damageText.contains("zlib stream is damaged"))
    #expect(bytes(image, 0x10_0000, 1_000_000) == Array(Self.memory[0..<1_000_000]))
    #expect(!report.skipped.isEmpty)
    expectWholeAccount(report, file.byteCount)
  }

  @Test func bytesThatDifferFromTheChecksumAreReadAndTold() throws {
    var packed = Self.deflated(Self.lime, level: 0)
    packed[packed.count / 2] ^= 1
    let (image, report) = try MemoryImages.open(mapped(packed))
    #expect(image.byteCount == UInt64(Self.memory.count + 0x9E000))
    #expect(report.damageText.contains("differ from the checksum"))
  }

  @Test func bytesBehindTheStreamAreAccountedFor() throws {
    let file = try mapped(Self.deflated(Self.lime) + noise(100))
    let report = try MemoryImages.open(file).1
    #expect(report.skipped.map { $0.end - $0.start } == [100])
    expectWholeAccount(report, file.byteCount)
  }

  @Test func otherZlibStreamsAreNoImages() throws {
    #expect(throws: MemoryImageError(.unrecognized, "")) {
      try MemoryImages.open(mapped(Self.deflated(noise(5000))))
    }
    #expect(throws: MemoryImageError(.unrecognized, "")) { try MemoryImages.open(mapped([0x38, 0x11])) }
  }
}
