import Bytes
import MemoryParse
import TestSupport
import Testing

struct LiMELayoutTests {
  let low = noise(4096 * 3, seed: 1)
  let high = noise(4096 * 5, seed: 2)

  var sound: LiMEBuilder {
    var lime = LiMEBuilder()
    lime.range(0x1000, low)
    lime.range(0x10_0000, high)
    return lime
  }

  @Test func rangesHolesAndOffsets() throws {
    let file = try mapped(sound.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.format == "lime")
    #expect(
      image.runs == [
        PhysicalRun(start: 0x1000, end: 0x4000, fileOffset: 32),
        PhysicalRun(start: 0x10_0000, end: 0x10_5000, fileOffset: UInt64(32 + low.count + 32)),
      ])
    #expect(report.damage.isEmpty)
    #expect(report.skipped.isEmpty)
    expectWholeAccount(report, file.byteCount)
    #expect(bytes(image, 0x1000, low.count) == low)
    #expect(bytes(image, 0x10_0010, 100) == Array(high[16..<116]))
    #expect(contents(image, 0xFFF, 2) == [nil, low[0]])
    #expect(contents(image, 0x3FFF, 2) == [low[low.count - 1], nil])
    #expect(image.view(physical: 0x2000, count: 4096)?.array == Array(low[4096..<8192]))
    #expect(image.view(physical: 0x3FFF, count: 2) == nil)
    #expect(image.view(physical: 0x5000, count: 1) == nil)
    #expect(image.fileOffset(ofPhysical: 0x10_0001) == UInt64(32 + low.count + 32 + 1))
    #expect(image.fileOffset(ofPhysical: 0x9000) == nil)
  }

  @Test func readsOnAcrossRangesThatFollowEachOther() throws {
    var lime = LiMEBuilder()
    lime.range(0x1000, low)
    lime.range(0x1000 + UInt64(low.count), high)
    let image = try MemoryImages.open(mapped(lime.bytes)).0
    #expect(bytes(image, 0x1000, low.count + high.count) == low + high)
    #expect(image.view(physical: 0x1000 + UInt64(low.count) - 1, count: 2) == nil)
  }

  @Test func addressesAtTheTopOfTheNumbersAreHoles() throws {
    let image = try MemoryImages.open(mapped(sound.bytes)).0
    #expect(contents(image, .max, 1) == [nil])
    #expect(image.view(physical: .max, count: 1) == nil)
    #expect(image.view(physical: 0x1000, count: -1) == nil)
    #expect(image.view(physical: 0x1000, count: .max) == nil)
  }

  // MARK: Damage

  @Test func aCutFileKeepsWhatIsThere() throws {
    let file = try mapped(Array(sound.bytes.dropLast(4096 * 2 + 10)))
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.last?.end == 0x10_0000 + UInt64(4096 * 3 - 10))
    #expect(report.damageText.contains("ends inside of the range 0x100000-0x104fff"))
    #expect(report.damageText.contains("\(4096 * 2 + 10) of its \(4096 * 5) bytes are missing"))
    #expect(bytes(image, 0x10_0000, 4096 * 3 - 10) == Array(high[0..<4096 * 3 - 10]))
    expectWholeAccount(report, file.byteCount)
  }

  @Test(arguments: [1, 31, 32]) func aFileCutInAHeaderOrBehindIt(_ kept: Int) throws {
    let file = try mapped(Array(sound.bytes.prefix(32 + low.count + kept)))
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.count == 1)
    #expect(report.damage.count == 1)
    expectWholeAccount(report, file.byteCount)
  }

  /// A writer that failed leaves out the rest of a range and goes on with the next one.
  @Test(arguments: [0, 1, 4096, 4096 * 2 + 77]) func aShortRangeIsAHoleAndTheNextOneIsFound(_ there: Int) throws {
    var lime = LiMEBuilder()
    lime.range(0x1000, noise(4096))
    lime.range(0x4000, Array(low.prefix(there)), last: 0x6FFF)
    lime.range(0x10_0000, high)
    lime.range(0x20_0000, low)
    let file = try mapped(lime.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(
      image.runs.map(\.start) == (there > 0 ? [0x1000, 0x4000, 0x10_0000, 0x20_0000] : [0x1000, 0x10_0000, 0x20_0000]))
    #expect(bytes(image, 0x4000, 4096 * 3) == Array(low.prefix(there)))
    #expect(bytes(image, 0x10_0000, high.count) == high)
    #expect(bytes(image, 0x20_0000, low.count) == low)
    #expect(report.damageText.contains("holds \(there) of its 12288 bytes"))
    expectWholeAccount(report, file.byteCount)
  }

  @Test func aShortLastRangeButOneBeforeACutEnd() throws {
    var lime = LiMEBuilder()
    lime.range(0x1000, Array(low.prefix(4096)), last: 0x3FFF)
    lime.range(0x10_0000, high)
    let file = try mapped(Array(lime.bytes.dropLast(100)))
    let (image, report) = try MemoryImages.open(file)
    // The second header cannot prove itself, but it comes where the first range's bytes should be and no other does.
    #expect(bytes(image, 0x10_0000, 4096) == Array(high[0..<4096]))
    #expect(report.damage.count == 2)
    expectWholeAccount(report, file.byteCount)
  }

  @Test func aHeaderInsideOfMemoryIsNotBelieved() throws {
    // The page cache of the dump being written holds its own headers.
    var inner = LiMEBuilder()
    inner.range(0x20_0000, noise(4096))
    var memory = high
    memory.replaceSubrange(100..<100 + inner.bytes.count, with: inner.bytes)
    var lime = LiMEBuilder()
    lime.range(0x1000, low)
    lime.range(0x10_0000, memory)
    let (image, report) = try MemoryImages.open(mapped(lime.bytes))
    #expect(image.runs.count == 2)
    #expect(report.damage.isEmpty)
    #expect(bytes(image, 0x10_0000, memory.count) == memory)
  }

  @Test func damagedMagicWithSoundAddressesIsRepaired() throws {
    var data = sound.bytes
    data[32 + low.count] ^= 0xFF
    let (image, report) = try MemoryImages.open(mapped(data))
    #expect(bytes(image, 0x10_0000, high.count) == high)
    #expect(report.damageText.contains("header at byte \(32 + low.count) is damaged"))
  }

  @Test func aDestroyedHeaderLosesItsRangeOnly() throws {
    var lime = sound
    lime.range(0x20_0000, low)
    lime.bytes.replaceSubrange(32 + low.count..<64 + low.count, with: noise(32, seed: 9))
    let file = try mapped(lime.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.map(\.start) == [0x1000, 0x20_0000])
    #expect(bytes(image, 0x20_0000, low.count) == low)
    #expect(report.skipped.count == 1)
    #expect(report.skipped.first?.start == UInt64(32 + low.count))
    #expect(report.skipped.first?.end == UInt64(32 + low.count + 32 + high.count))
    expectWholeAccount(report, file.byteCount)
  }

  @Test func whatFollowsTheLastRangeIsAccountedFor() throws {
    // A dump streamed to a block device ends before the device does.
    let file = try mapped(sound.bytes + [UInt8](repeating: 0, count: 5000))
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.count == 2)
    #expect(report.damageText.contains("5000 zeros"))
    #expect(report.skipped.map(\.start) == [UInt64(sound.bytes.count)])
    expectWholeAccount(report, file.byteCount)
  }

  @Test func anOlderDumpBehindTheNewOneIsNotTaken() throws {
    let file = try mapped(sound.bytes + noise(512) + sound.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.count == 2)
    #expect(bytes(image, 0x1000, low.count) == low)
    expectWholeAccount(report, file.byteCount)
  }

  @Test func overlappingRangesAreToldAndCutOnce() throws {
    var lime = LiMEBuilder()
    lime.range(0x1000, low)
    lime.range(0x2000, high)
    let file = try mapped(lime.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.map(\.start) == [0x1000, 0x4000])
    #expect(bytes(image, 0x1000, 4096 * 3) == low)
    #expect(bytes(image, 0x4000, 4096) == Array(high[8192..<12288]))
    #expect(report.skipped.contains { $0.reason.contains("same addresses") && $0.end - $0.start == 8192 })
    expectWholeAccount(report, file.byteCount)
  }

  @Test func lyingHeaders() throws {
    var backwards = LiMEBuilder()
    backwards.header(0x2000, last: 0x1000)
    #expect(throws: MemoryImageError(.unrecognized, "")) { try MemoryImages.open(mapped(backwards.bytes + noise(64))) }
    var wide = LiMEBuilder()
    wide.header(0, last: .max)
    #expect(throws: MemoryImageError(.unrecognized, "")) { try MemoryImages.open(mapped(wide.bytes + noise(64))) }
    var empty = LiMEBuilder()
    empty.header(0x1000, last: 0x1FFF)
    #expect(throws: MemoryImageError(.damaged, "")) { try MemoryImages.open(mapped(empty.bytes)) }
  }

  /// A file made of nothing but headers must end soon, and stay small.
  @Test func aFileOfHeadersOnly() throws {
    var lime = LiMEBuilder()
    for index in 0..<20_000 { lime.header(UInt64(index) << 12, last: UInt64(index) << 12 | 0xFFF) }
    let file = try mapped(lime.bytes)
    let (image, report) = try MemoryImages.open(file)
    #expect(image.runs.count > 0)
    expectWholeAccount(report, file.byteCount)
  }
}
