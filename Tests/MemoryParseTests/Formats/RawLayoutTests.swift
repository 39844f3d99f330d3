import Bytes
import MemoryParse
import TestSupport
import Testing

struct RawLayoutTests {
  let memory = noise(1 << 20)

  @Test func byteForByte() throws {
    let file = try mapped(memory)
    let (image, report) = try MemoryImages.open(file, as: "raw")
    #expect(image.format == "raw")
    #expect(image.runs == [PhysicalRun(start: 0, end: 1 << 20, fileOffset: 0)])
    #expect(bytes(image, 77, 100) == Array(memory[77..<177]))
    #expect(report.payloadByteCount == file.byteCount)
    expectWholeAccount(report, file.byteCount)
  }

  @Test func memoryAboveAHoleIsMovedTo4GiB() throws {
    let image = try MemoryImages.open(mapped(memory), as: "raw", layout: .pciHole(at: 0x8_0000)).0
    #expect(image.runs.map(\.start) == [0, 1 << 32])
    #expect(bytes(image, 1 << 32, 100) == Array(memory[0x8_0000..<0x8_0064]))
    #expect(contents(image, 0x8_0000, 1) == [nil])
    #expect(image.fileOffset(ofPhysical: 1 << 32) == 0x8_0000)
  }

  @Test func memoryThatBeginsElsewhere() throws {
    let image = try MemoryImages.open(mapped(memory), as: "raw", layout: .startingAt(0x4000_0000)).0
    #expect(bytes(image, 0x4000_0000, 16) == Array(memory[0..<16]))
    #expect(contents(image, 0, 1) == [nil])
  }

  @Test func rangesWithoutWhatLiesBetween() throws {
    let image = try MemoryImages.open(mapped(memory), as: "raw", layout: .limeRaw).0
    #expect(image.runs.map(\.start) == [0x1000, 0x10_0000])
    #expect(bytes(image, 0x10_0000, 16) == Array(memory[0x9E000..<0x9E010]))
  }

  @Test func candidatesFitTheLength() {
    #expect(RawLayout.candidates(byteCount: 1 << 30).first == .identity)
    #expect(!RawLayout.candidates(byteCount: 1 << 30).contains(.pciHole(at: 0xC000_0000)))
    #expect(RawLayout.candidates(byteCount: 1 << 33).contains(.pciHole(at: 0xC000_0000)))
    #expect(RawLayout.candidates(byteCount: 0).contains(.startingAt(0x4000_0000)))
  }

  @Test func layoutsThatLie() throws {
    let parts = [RawLayout.Part(physical: .max), .init(physical: 0, byteCount: .max), .init(physical: 1 << 55)]
    let image = try MemoryImages.open(mapped(memory), as: "raw", layout: RawLayout(parts: parts)).0
    #expect(image.byteCount == 1 << 20)
    #expect(throws: MemoryImageError(.damaged, "")) { try MemoryImages.open(mapped([]), as: "raw") }
    #expect(throws: MemoryImageError(.damaged, "")) {
      try MemoryImages.open(mapped(memory), as: "raw", layout: RawLayout(parts: []))
    }
  }
}
