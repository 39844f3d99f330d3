import Testing

@testable import MemoryParse

struct PageSetTests {
  private func run(_ start: UInt64, _ end: UInt64) -> PhysicalRun {
    PhysicalRun(start: start, end: end, fileOffset: nil)
  }

  @Test func aPageIsNewOnce() {
    var pages = PageSet([run(0x1000, 0x5000), run(0x10_0000, 0x10_3000)], pageShift: 12)
    #expect(pages.pageCount == 7)
    #expect(pages.insert(0x1FFF) == true)
    #expect(pages.insert(0x1000) == false)
    #expect(pages.insert(0x10_2000) == true)
    #expect(pages.contains(0x10_2FFF) && !pages.contains(0x10_1000))
    for outside in [0, 0xFFF, 0x5000, 0x10_3000, UInt64.max] { #expect(pages.insert(outside) == nil) }
    #expect(pages.absent() == [0x2000..<0x5000, 0x10_0000..<0x10_2000])
    pages.removeAll()
    #expect(pages.absent() == [0x1000..<0x5000, 0x10_0000..<0x10_3000])
  }

  @Test func wholeWordsAreAsGoodAsBits() {
    var pages = PageSet([run(0, 300 << 12)], pageShift: 12)
    for page in 64..<200 { #expect(pages.insert(UInt64(page) << 12) == true) }
    #expect(pages.absent() == [0..<64 << 12, 200 << 12..<300 << 12])
  }

  @Test func runsThatDoNotBeginWithAPageCountWhole() {
    var pages = PageSet([run(0x1800, 0x2400), run(0x2400, 0x2800)], pageShift: 12)
    #expect(pages.pageCount == 2)
    #expect(pages.insert(0x1000) == true)
    #expect(pages.absent() == [0x2000..<0x3000])
  }

  @Test func aRunThatLiesAboutItsLengthCostsNothing() {
    var pages = PageSet([run(0, 0x2000), run(0x10_0000, UInt64.max)], pageShift: 12)
    #expect(pages.pageCount == 2)
    #expect(pages.insert(0x20_0000) == nil)
    #expect(PageSet([run(5, 5), run(9, 3)], pageShift: 12).pageCount == 0)
  }
}
