import Bytes
import MemoryParse
import TestSupport
import Testing

struct AVMLTests {
  let first = [UInt8](repeating: 0x41, count: 0x9E000)
  let second = noise(65536, seed: 3) + [UInt8](repeating: 0, count: 65536) + noise(70_000, seed: 4)

  var sound: AVMLBuilder {
    var avml = AVMLBuilder()
    avml.block(0x1000, first)
    avml.block(0x10_0000, second)
    return avml
  }

  @Test func blocksAreReadWhereTheyLie() throws {
    let file = try mapped(sound.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.format == "avml")
    #expect(report.version == "2" && report.compression == "snappy")
    #expect(image.runs.map(\.start) == [0x1000, 0x10_0000])
    #expect(image.runs.allSatisfy { $0.fileOffset == nil })
    #expect(report.damage.isEmpty && report.skipped.isEmpty)
    expectWholeAccount(report, file.byteCount)
    #expect(bytes(image, 0x10_0000, second.count) == second)
    #expect(bytes(image, 0x1000, first.count) == first)
    // Across the border of two chunks, and at the end of a block.
    #expect(bytes(image, 0x10_FFF0, 32) == Array(second[0xFFF0..<0x1_0010]))
    #expect(contents(image, 0x10_0000 + UInt64(second.count) - 1, 2) == [second.last, nil])
    #expect(contents(image, 0x9F000, 1) == [nil])
    #expect((image as? any SelfCheckingImage)?.damageFound == [])
  }

  @Test func blocksThatFollowEachOtherAreOneRun() throws {
    var avml = AVMLBuilder()
    avml.block(0x10_0000, second)
    avml.block(0x10_0000 + UInt64(second.count), first)
    let image = try MemoryImages.open(mapped(avml.bytes)).0
    #expect(image.runs.count == 1)
    #expect(bytes(image, 0x10_0000, second.count + first.count) == second + first)
  }

  // MARK: Damage

  @Test func aCutFileKeepsWholeChunks() throws {
    let file = try mapped(Array(sound.bytes.dropLast(8 + 100)))
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.last?.end == 0x10_0000 + 131_072 + 65536)
    #expect(report.damageText.contains("block 0x100000-0x13116f ends early: 4464 of its"))
    #expect(bytes(image, 0x10_0000, 0x3_0000) == Array(second[0..<0x3_0000]))
    expectWholeAccount(report, file.byteCount)
  }

  @Test func aWrongLengthBehindABlockIsWalkedAround() throws {
    var avml = AVMLBuilder()
    avml.block(0x1000, first, length: 0xFFFF_FFFF_FFFF)
    avml.block(0x10_0000, second)
    let file = try mapped(avml.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(bytes(image, 0x10_0000, second.count) == second)
    #expect(bytes(image, 0x1000, first.count) == first)
    #expect(report.damageText.contains("length behind the block 0x1000-"))
    expectWholeAccount(report, file.byteCount)
  }

  @Test func aBrokenChunkHeaderLosesItsChunkOnly() throws {
    var data = sound.bytes
    // The first chunk's header behind the stream's name.
    data[sound.streams[1] + 10] = 0x55
    let (image, report) = try MemoryImages.open(mapped(data))
    #expect(report.damage.isEmpty)
    let found = contents(image, 0x10_0000, second.count)
    #expect(found[0] == nil && found[65535] == nil)
    #expect(found[65536...].compactMap { $0 } == Array(second[65536...]))
    #expect((image as? any SelfCheckingImage)?.damageFound.first?.contains("some chunks cannot be found") == true)
  }

  @Test func changedBytesAreReadAndTold() throws {
    var data = sound.bytes
    data[sound.streams[1] + 10 + 8 + 5] ^= 1
    let image = try MemoryImages.open(mapped(data)).0
    var expected = second
    expected[5] ^= 1
    #expect(bytes(image, 0x10_0000, second.count) == expected)
    let damage = (image as? any SelfCheckingImage)?.damageFound ?? []
    #expect(damage.count == 1)
    #expect(damage.first?.contains("at 0x100000 differ from their checksum") == true)
  }

  @Test func aChunkThatCannotBeDecodedIsMissing() throws {
    var data = sound.bytes
    // The first block's first chunk is compressed: its first element becomes a copy from before the beginning.
    data[sound.streams[0] + 10 + 8 + 3] = 0x02
    let image = try MemoryImages.open(mapped(data)).0
    #expect(contents(image, 0x1000, 1) == [nil])
    #expect(contents(image, 0x1_1000, 1) == [0x41])
    #expect((image as? any SelfCheckingImage)?.damageFound.first?.contains("cannot be decoded") == true)
  }

  @Test func bytesBetweenBlocksAreAccountedFor() throws {
    var avml = AVMLBuilder()
    avml.block(0x1000, first)
    avml.bytes += noise(333)
    avml.block(0x10_0000, second)
    let file = try mapped(avml.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(bytes(image, 0x10_0000, second.count) == second)
    #expect(report.skipped.map { $0.end - $0.start } == [333])
    expectWholeAccount(report, file.byteCount)
  }

  @Test func aBlockThatClaimsTheWorldIsNotBelieved() throws {
    var avml = AVMLBuilder()
    avml.block(0x1000, first, last: 1 << 50)
    let (image, report) = try MemoryImages.open(mapped(avml.bytes))
    #expect(image.runs == [PhysicalRun(start: 0x1000, end: 0x1000 + UInt64(first.count), fileOffset: nil)])
    #expect(!report.damage.isEmpty)
  }

  @Test func aBrokenBlockThatClaimsTheWorldIsNotBelievedEither() throws {
    var avml = AVMLBuilder()
    avml.block(0x1000, first, last: 1 << 50)
    avml.bytes[avml.streams[0] + 10] = 0x55
    avml.block(1 << 51, second)
    let file = try mapped(avml.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.map(\.start) == [1 << 51])
    #expect(!report.damage.isEmpty)
    expectWholeAccount(report, file.byteCount)
  }

  @Test func overlappingBlocksAreTold() throws {
    var avml = AVMLBuilder()
    avml.block(0x1000, first)
    avml.block(0x2000, second)
    let file = try mapped(avml.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.count == 1)
    #expect(bytes(image, 0x2000, 16) == Array(first[0..<16]))
    #expect(report.damageText.contains("overlaps another one"))
    expectWholeAccount(report, file.byteCount)
  }

  @Test func aHeaderAloneIsNoImage() throws {
    #expect(throws: MemoryImageError(.damaged, "")) {
      try MemoryImages.open(mapped(Array(sound.bytes.prefix(32))))
    }
  }

  @Test func manyReadersAtOnce() async throws {
    let image = try MemoryImages.open(mapped(sound.bytes)).0
    let second = second
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<8 {
        group.addTask {
          (0..<200).allSatisfy { round in
            let offset = (task * 7919 + round * 104_729) % (second.count - 100)
            return bytes(image, 0x10_0000 + UInt64(offset), 100) == Array(second[offset..<offset + 100])
          }
        }
      }
      for await same in group { #expect(same) }
    }
  }
}
