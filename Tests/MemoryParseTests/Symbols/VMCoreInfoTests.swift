import Testing

@testable import MemoryParse

@Suite struct VMCoreInfoTests {
  private func info(_ text: String) -> VMCoreInfo? { text.withView { VMCoreInfo($0) } }

  @Test func readsNumbersAsEachArchitectureWritesThem() throws {
    let found = try #require(
      info(
        "OSRELEASE=6.1.0-test\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=ffffffff8340c000\nNUMBER(phys_base)=-373293056\n"
          + "NUMBER(kimage_voffset)=0xffff7fffc0000000\nKERNELOFFSET=1a000000\n\u{0}OSRELEASE=other"))
    #expect(found.release == "6.1.0-test")
    #expect(found.symbol("swapper_pg_dir") == 0xFFFF_FFFF_8340_C000)
    #expect(found.number("phys_base") == -373_293_056)
    #expect(found.number(unsigned: "kimage_voffset") == 0xFFFF_7FFF_C000_0000)
    #expect(found.number("no such") == nil)
  }

  @Test func refusesWhatOnlyLooksLikeIt() {
    #expect(info("OSRELEASE=6.1.0\nPAGESIZE=4096\n") == nil)
    #expect(info("OSRELEASE=\nSYMBOL(swapper_pg_dir)=ff\n") == nil)
    #expect(info("") == nil)
  }

  @Test func givesNothingForNumbersThatDoNotFit() throws {
    let found = try #require(
      info("OSRELEASE=x\nSYMBOL(swapper_pg_dir)=fffffffffffffffff\nNUMBER(a)=99999999999999999999\nNUMBER(b)=0x\n"))
    #expect(found.symbol("swapper_pg_dir") == nil)
    #expect(found.number("a") == nil)
    #expect(found.number("b") == nil)
  }
}
