import Testing

@testable import MemoryParse

@Suite struct ARM64PageTablesTests {
  private let image = SparseImage()

  private func tables(_ shift: Int, _ bits: Int, wide: Bool = false, high: Bool = false) -> ARM64PageTables {
    ARM64PageTables(
      root: 0x10_0000, form: .init(pageShift: shift, addressBits: bits, isWide: wide), isHigh: high)
  }

  @Test func walksSmallPages() {
    image.write(0x10_0000 + 8 * 5, u64: 0x11_0000 | 3)
    image.write(0x11_0000 + 8 * 6, u64: 0x12_0000 | 3)
    image.write(0x12_0000 + 8 * 7, u64: 0x13_0000 | 3)
    image.write(0x13_0000 + 8 * 8, u64: 0x60_0000_0000_0000 | 0x4567_8000 | 0xC3)
    let virtual: UInt64 = 5 << 39 | 6 << 30 | 7 << 21 | 8 << 12 | 0x9
    let found = tables(12, 48).translate(virtual, in: PhysicalMemory(image))
    #expect(found == .mapped(physical: 0x4567_8009, size: 4096, [.user]))
    // A tag in the top byte changes nothing; bits below it that are not the half's do.
    #expect(tables(12, 48).translate(virtual | 0xA5 << 56, in: PhysicalMemory(image)) == found)
    #expect(tables(12, 48).translate(virtual | 1 << 50, in: PhysicalMemory(image)) == .none)
  }

  @Test func takesOnlyAddressesOfItsHalf() {
    image.write(0x10_0000, u64: 0x4000_0000 | 1)
    let memory = PhysicalMemory(image)
    #expect(tables(12, 39, high: true).translate(0xFFFF_FF80_0000_1234, in: memory).physical == 0x4000_1234)
    #expect(tables(12, 39, high: true).translate(0x1234, in: memory) == .none)
  }

  @Test func readsBlocksOfSixteenKilobytePages() {
    // 47 bits in three levels of 11 bits; a block of the second is 32 MiB.
    image.write(0x10_0000, u64: 0x20_0000 | 3)
    image.write(0x20_0000 + 8, u64: 0x0200_0000 | 1)
    let found = tables(14, 47).translate(0x0212_3456, in: PhysicalMemory(image))
    #expect(found.physical == 0x0212_3456)
  }

  @Test func readsHighAddressBits() {
    image.write(0x10_0000, u64: 0x11_0000 | 3)
    image.write(0x11_0000, u64: 0x12_0000 | 3)
    image.write(0x12_0000, u64: 0x13_0000 | 3)
    image.write(0x13_0000, u64: 0x14_0000 | 3)
    image.write(0x14_0000, u64: 1 << 49 | 2 << 8 | 0x5000 | 3)
    #expect(
      tables(12, 52, wide: true).translate(0x11, in: PhysicalMemory(image)).physical == 1 << 51 | 1 << 49 | 0x5011)
    // With 64 KiB pages bits 15 to 12 are 51 to 48.
    image.write(0x10_0000, u64: 0x20_0000 | 3)
    image.write(0x20_0000, u64: 0x30_0000 | 3)
    image.write(0x30_0000, u64: 0x0005_3000 | 3)
    #expect(tables(16, 52).translate(0x22, in: PhysicalMemory(image)).physical == 3 << 48 | 0x5_0022)
  }

  /// 52 bits: 16 KiB pages in four levels whose top table has 32 entries, and need not begin a page.
  @Test func walksAShortTopTable() {
    let top: UInt64 = 0x10_0700
    image.write(top + 8 * 31, u64: 0x11_0000 | 3)
    image.write(0x11_0000 + 8 * 1, u64: 0x12_0000 | 3)
    image.write(0x12_0000 + 8 * 2, u64: 0x13_0000 | 3)
    image.write(0x13_0000 + 8 * 3, u64: 3 << 8 | 0x8000 | 3)
    let tables = ARM64PageTables(root: top, form: .init(pageShift: 14, addressBits: 52, isWide: true), isHigh: true)
    let virtual: UInt64 = 0xFFF0_0000_0000_0000 | 31 << 47 | 1 << 36 | 2 << 25 | 3 << 14 | 0x3FFF
    #expect(tables.translate(virtual, in: PhysicalMemory(image)).physical == 3 << 50 | 0xBFFF)
    // A 47-bit table of the same pages: three levels of 2048 entries.
    image.write(0x20_0000 + 8 * 2047, u64: 0x12_0000 | 3)
    let short = ARM64PageTables(
      root: 0x20_0000, form: .init(pageShift: 14, addressBits: 47, isWide: false), isHigh: true)
    let other: UInt64 = 0xFFFF_8000_0000_0000 | 2047 << 36 | 2 << 25 | 3 << 14
    #expect(short.translate(other, in: PhysicalMemory(image)).physical == 0x8000)
  }

  /// 64 KiB pages of a kernel for 52 bits: three levels, the top one of 1024 entries; blocks of 512 MiB.
  @Test func walksLargePagesInBothHalves() {
    image.write(0x10_0000 + 8 * 1023, u64: 0x20_0000 | 3)
    image.write(0x20_0000 + 8 * 5, u64: 0x4000_0000 | 1)
    let virtual: UInt64 = 0xFFF0_0000_0000_0000 | 1023 << 42 | 5 << 29 | 0x123_4567
    #expect(tables(16, 52, high: true).translate(virtual, in: PhysicalMemory(image)).physical == 0x4123_4567)
    #expect(tables(16, 52).translate(virtual & 0xF_FFFF_FFFF_FFFF, in: PhysicalMemory(image)).physical == 0x4123_4567)
    #expect(tables(16, 52).translate(virtual, in: PhysicalMemory(image)) == .none)
  }

  @Test func readsProtectedPagesAndLeavesSwap() {
    image.write(0x10_0000, u64: 0x11_0000 | 3)
    image.write(0x11_0000, u64: 0x12_0000 | 3)
    image.write(0x12_0000, u64: 0x13_0000 | 3)
    image.write(0x13_0000, u64: 0x9000 | 1 << 11 | 2)
    image.write(0x13_0008, u64: 0x9000 | 1 << 11)
    let memory = PhysicalMemory(image)
    #expect(tables(12, 48).translate(0x10, in: memory).physical == 0x9010)
    #expect(tables(12, 48).translate(0x1010, in: memory) == .swapped)
  }

  @Test func knowsFormsThatCannotBe() {
    #expect(!ARM64PageTables.Form(pageShift: 13, addressBits: 48, isWide: false).isPossible)
    #expect(!ARM64PageTables.Form(pageShift: 12, addressBits: 64, isWide: false).isPossible)
    #expect(ARM64PageTables.Form.known.allSatisfy { $0.isPossible })
  }
}
