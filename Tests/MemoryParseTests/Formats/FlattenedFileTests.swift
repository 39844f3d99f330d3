import Bytes
import MemoryParse
import TestSupport
import Testing

@testable import MemoryParse

struct FlattenedFileTests {
  @Test func aFlattenedKdumpReadsAsThePlainOne() throws {
    let plain = KdumpTests().dump(.zlib).bytes
    let file = try mapped(FlattenedBuilder.flatten(plain, by: 1000))
    let (image, report) = try MemoryImages.open(file)
    let (expected, _) = try MemoryImages.open(mapped(plain))
    #expect(image.format == "kdump")
    #expect(image.runs == expected.runs)
    #expect(bytes(image, 0x1000, 4096 * 3) == bytes(expected, 0x1000, 4096 * 3))
    #expect(report.damage.isEmpty && report.skipped.isEmpty)
    expectWholeAccount(report, file.byteCount)
  }

  @Test func aFlattenedELFCoreKeepsOffsetsIntoTheFile() throws {
    var elf = ELFCoreBuilder()
    let memory = noise(10_000)
    elf.note("VMCOREINFO", type: 0, Array("A=1\n".utf8))
    elf.segment(0x1000, memory, virtual: 0xFFFF_8880_0000_1000)
    let file = try mapped(FlattenedBuilder.flatten(elf.bytes, by: 3000))
    let (image, report) = try MemoryImages.open(file)
    #expect(image.format == "elf-core")
    #expect(bytes(image, 0x1000, memory.count) == memory)
    for place in [0, 5000, 9999] {
      let offset = try #require(image.fileOffset(ofPhysical: 0x1000 + UInt64(place)))
      #expect(file.view(at: offset, count: 1)[0] == memory[place])
    }
    expectWholeAccount(report, file.byteCount)
  }

  @Test func laterRecordsWriteOverEarlierOnes() throws {
    var truth = [UInt8](repeating: 0, count: 1000)
    var builder = FlattenedBuilder()
    var seed: UInt32 = 5
    builder.record(0, truth)
    for _ in 0..<200 {
      let places = noise(8, seed: seed)
      seed &+= 1
      let start = Int(places[0]) * 3 + Int(places[1]) % 4
      let part = noise(1 + Int(places[2]) % 120, seed: seed)
      let end = min(start + part.count, truth.count)
      guard start < end else { continue }
      builder.record(start, Array(part[0..<end - start]))
      truth.replaceSubrange(start..<end, with: part[0..<end - start])
    }
    builder.end()
    let file = FlattenedFile(try mapped(builder.bytes))
    #expect(file.byteCount == 1000)
    #expect(file.bytes(at: 0, count: 2000) == truth)
    for (left, right) in zip(file.extents, file.extents.dropFirst()) { #expect(left.end <= right.start) }
  }

  @Test func gapsAreMissing() throws {
    var builder = FlattenedBuilder()
    builder.record(100, [1, 2, 3])
    builder.record(200, [4])
    builder.end()
    let file = FlattenedFile(try mapped(builder.bytes))
    #expect(file.bytes(at: 0, count: 10).isEmpty)
    #expect(file.bytes(at: 100, count: 10) == [1, 2, 3])
    #expect(file.withBytes(at: 101, count: 2) { $0.array } == [2, 3])
    #expect(file.withBytes(at: 101, count: 3) { $0.array } == nil)
  }

  @Test func aFileWithoutItsEnd() throws {
    var builder = FlattenedBuilder()
    builder.record(0, [1, 2, 3])
    #expect(FlattenedFile(try mapped(builder.bytes)).damage.count == 1)
    builder.record(3, [4, 5], claiming: 1 << 40)
    let cut = FlattenedFile(try mapped(builder.bytes))
    #expect(cut.bytes(at: 0, count: 10) == [1, 2, 3, 4, 5])
    #expect(cut.damage.first?.contains("ends inside of a record") == true)
    #expect(throws: MemoryImageError.self) { try MemoryImages.open(mapped(builder.bytes)) }
  }

  @Test func recordsThatLie() throws {
    for (offset, count) in [(Int.min, 4), (Int.max, 4), (0, Int.max), (0, -1), (-5, 4)] {
      var builder = FlattenedBuilder()
      builder.bytes.append(bigEndian: UInt64(bitPattern: Int64(offset)))
      builder.bytes.append(bigEndian: UInt64(bitPattern: Int64(count)))
      builder.bytes += [9, 9, 9, 9]
      let file = FlattenedFile(try mapped(builder.bytes))
      #expect(file.damage.count == 1)
      #expect(file.byteCount <= 4)
    }
  }
}
