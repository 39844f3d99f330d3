import Testing

@testable import MemoryParse

@Suite struct X86PageTablesTests {
  private let image = SparseImage()

  /// A walk of four levels: each table one page, the entries given.
  private func tables(levels: Int = 4) -> X86PageTables { X86PageTables(root: 0x1000, levels: levels) }

  @Test func walksFourLevels() {
    image.write(0x1000 + 8 * 1, u64: 0x2000 | 7)
    image.write(0x2000 + 8 * 2, u64: 0x3000 | 7)
    image.write(0x3000 + 8 * 3, u64: 0x4000 | 7)
    image.write(0x4000 + 8 * 4, u64: 0x8000_0000_0000_0000 | 0x7000 | 5)
    let virtual: UInt64 = 1 << 39 | 2 << 30 | 3 << 21 | 4 << 12 | 0x123
    let memory = PhysicalMemory(image)
    #expect(
      tables().translate(virtual, in: memory) == .mapped(physical: 0x7123, size: 4096, [.user]))
    #expect(tables().translate(virtual + 4096, in: memory) == .none)
  }

  @Test func walksFiveLevels() {
    image.write(0x1000 + 8 * 9, u64: 0x2000 | 3)
    image.write(0x2000, u64: 0x3000 | 3)
    image.write(0x3000, u64: 0x4000_0000 | 0x83)
    let memory = PhysicalMemory(image)
    #expect(tables(levels: 5).translate(9 << 48 | 0x1234_5678, in: memory).physical == 0x5234_5678)
  }

  @Test func readsLargePagesWithTheAttributeBit() {
    image.write(0x1000, u64: 0x2000 | 3)
    image.write(0x2000, u64: 0x3000 | 3)
    // Bit 12 of a large page is an attribute, not an address.
    image.write(0x3000 + 8, u64: 0x0040_0000 | 0x1000 | 0x83)
    #expect(tables().translate(0x0020_0042, in: PhysicalMemory(image)).physical == 0x0040_0042)
  }

  @Test func readsProtectedPagesStoredInverted() {
    image.write(0x1000, u64: 0x2000 | 7)
    image.write(0x2000, u64: 0x3000 | 7)
    image.write(0x3000, u64: 0x4000 | 7)
    image.write(0x4000, u64: (~UInt64(0x9000) & 0x000F_FFFF_FFFF_F000) | 0x100)
    image.write(0x4008, u64: 0x0000_1234_5000_0000)
    let memory = PhysicalMemory(image)
    let found = tables().translate(0x10, in: memory)
    #expect(found.physical == 0x9010)
    #expect(tables().translate(0x1010, in: memory) == .swapped)
  }

  @Test func saysWhenATableIsMissing() {
    image.write(0x1000, u64: 0xDEAD_0000 | 7)
    let memory = PhysicalMemory(image)
    #expect(tables().translate(0, in: memory) == .tableMissing)
    #expect(memory.missingReads == 1)
  }

  @Test func endsOnATableThatPointsToItself() {
    image.write(0x1000, u64: 0x1000 | 7)
    var count = 0
    tables().forEachMapping(in: 0...UInt64.max, of: PhysicalMemory(image), limit: 10) { _, _, _, _ in
      count += 1
      return true
    }
    #expect(count == 1)
  }

  @Test func takesTheEncryptionBitOutOfFrames() {
    image.write(0x1000, u64: 1 << 47 | 0x2000 | 7)
    image.write(0x2000, u64: 1 << 47 | 0x83)
    let tables = X86PageTables(root: 0x1000, levels: 4, encryptionMask: 1 << 47)
    #expect(tables.translate(0x77, in: PhysicalMemory(image)).physical == 0x77)
  }
}
