import Evidence
import Testing

@testable import MemoryParse

@Suite struct KernelSearchTests {
  private func failure(_ image: any MemoryImage) -> String? {
    do {
      _ = try KernelSearch(memory: PhysicalMemory(image)).open()
      return nil
    } catch {
      return error.sentence
    }
  }

  @Test func saysWhatWasMissing() {
    #expect(failure(SparseImage())?.contains("neither VMCOREINFO nor kallsyms") == true)
    let sink = CollectingSink()
    let summary = MemoryAnalysis.run(SparseImage(), options: .init(artifact: Digest(of: [])), into: sink)
    #expect(summary.failures.count == 1)
    #expect(sink.rows.isEmpty)
  }

  /// Anybody can write such a text; without page tables that agree it counts for nothing.
  @Test func believesNoTextAlone() {
    let image = SparseImage()
    let text =
      "OSRELEASE=6.1.0-fake\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=ffffffff80001000\nNUMBER(phys_base)=0\n"
      + "SYMBOL(init_uts_ns)=ffffffffffffffff\nNUMBER(kimage_voffset)=0x1\nNUMBER(VA_BITS)=99\n"
      + "NUMBER(TCR_EL1_T1SZ)=0xffffffffffffffff\n"
    image.write(0x3000, Array(text.utf8))
    #expect(failure(image)?.contains("neither") == true)
  }

  @Test func findsPlugInsUnderEachOfTheirNames() {
    #expect(MemoryAnalysis.viewName(of: "linux.pslist.PsList") == "pslist")
    #expect(MemoryAnalysis.viewName(of: "linux.proc.Maps") == "maps")
    #expect(MemoryAnalysis.viewName(of: "proc.Maps") == "maps")
    #expect(MemoryAnalysis.viewName(of: "linux.pagecache.Files") == "pagecache.Files")
    #expect(MemoryAnalysis.viewName(of: "sockstat") == "sockstat")
    #expect(MemoryAnalysis.viewName(of: "malfind") == nil)
    #expect(MemoryAnalysis.viewNames.count == 17)
  }
}
