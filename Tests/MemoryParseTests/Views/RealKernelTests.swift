import Bytes
import Evidence
import Testing

@testable import MemoryParse

/// On the image of a real kernel, as it is and with words changed and pages lost.
@Suite(.enabled(if: SharedKernel.isThere, "the kernel images are not beside the project"), .serialized)
struct RealKernelTests {
  private func run(
    _ image: any MemoryImage, without: KernelSearch.Ways = [], views: [String]? = nil
  ) -> (MemorySummary, CollectingSink) {
    let sink = CollectingSink()
    var options = MemoryAnalysis.Options(artifact: Digest(of: []), views: views)
    options.without = without
    return (MemoryAnalysis.run(image, options: options, into: sink), sink)
  }

  private func open(_ image: any MemoryImage) throws -> Snapshot {
    Snapshot(try KernelSearch(memory: PhysicalMemory(image)).open())
  }

  @Test func showsEveryView() throws {
    let (summary, sink) = run(try #require(SharedKernel.image))
    #expect(summary.failures.isEmpty)
    #expect(summary.architecture == "x86_64")
    #expect(summary.release == "5.10.0-46-cloud-amd64")
    #expect(sink.rows["pslist"]?.count == 60)
    #expect(Set(sink.rows.keys) == Set(MemoryAnalysis.viewNames))
    #expect(sink.events.contains { $0.dataType == "linux:shell:command" })
    let rules = Set(sink.findings.map(\.rule))
    #expect(rules.isSuperset(of: ["memory.masquerade", "memory.memfd-executable", "memory.preload"]))
    #expect(!rules.contains("memory.hidden-process"))
    #expect(Set(sink.findings.map(\.id)).count == sink.findings.count)
  }

  @Test(arguments: [
    KernelSearch.Ways.vmcoreinfo, [.vmcoreinfo, .kallsyms], [.vmcoreinfo, .dataSymbols],
  ]) func showsTheSameByEveryWay(_ without: KernelSearch.Ways) throws {
    let image = try #require(SharedKernel.image)
    let (_, expected) = run(image)
    let (_, found) = run(image, without: without)
    for view in ["pslist", "psaux", "lsof", "maps", "sockstat", "lsmod", "kmsg", "bash"] {
      #expect(
        Set((found.rows[view] ?? []).map { String(decoding: $0, as: UTF8.self) })
          == Set((expected.rows[view] ?? []).map { String(decoding: $0, as: UTF8.self) }), "\(view)")
    }
  }

  @Test func computesOneViewAlone() throws {
    let (summary, sink) = run(try #require(SharedKernel.image), views: ["linux.lsmod"])
    #expect(summary.rowCounts == ["lsmod": 4])
    #expect(sink.events.isEmpty && sink.findings.isEmpty)
  }

  @Test func showsAProcessTakenOutOfTheList() throws {
    let base = try #require(SharedKernel.image)
    let snapshot = try open(base)
    let kernel = snapshot.kernel
    let victim = try #require(snapshot.processes.first { $0.task.name == "webworker" })
    let link = victim.task.address + UInt64(try #require(snapshot.taskReader.tasks?.offset))
    let next = try #require(kernel.space.u64(link))
    let previous = try #require(kernel.space.u64(link + 8))
    let image = TamperedImage(base)
    image.write(try #require(kernel.space.physical(previous)), u64: next)
    image.write(try #require(kernel.space.physical(next + 8)), u64: previous)
    let (_, sink) = run(image)
    #expect(sink.rows["pslist"]?.count == 60)
    let finding = try #require(sink.findings.first { $0.rule == "memory.hidden-process" })
    #expect(finding.severity == .high)
    #expect(finding.message.contains("pid \(victim.pid) "))
  }

  @Test func endsOnAListThatRunsInACircle() throws {
    let base = try #require(SharedKernel.image)
    let snapshot = try open(base)
    let tasks = UInt64(try #require(snapshot.taskReader.tasks?.offset))
    let link = snapshot.processes[20].task.address + tasks
    let image = TamperedImage(base)
    image.write(try #require(snapshot.kernel.space.physical(link)), u64: snapshot.processes[5].task.address + tasks)
    let (_, sink) = run(image)
    #expect(sink.rows["pslist"]?.count == 60)
  }

  @Test func showsAModuleTakenOutOfTheList() throws {
    let base = try #require(SharedKernel.image)
    let kernel = try open(base).kernel
    let module = try #require(ModuleReader(kernel).modules().first)
    let link = module.address + (try #require(kernel.types.offset("module", "list")))
    let next = try #require(kernel.space.u64(link))
    let previous = try #require(kernel.space.u64(link + 8))
    let image = TamperedImage(base)
    image.write(try #require(kernel.space.physical(previous)), u64: next)
    image.write(try #require(kernel.space.physical(next + 8)), u64: previous)
    let (_, sink) = run(image)
    #expect(sink.rows["lsmod"]?.count == 4)
    #expect(sink.findings.contains { $0.rule == "memory.hidden-module" && $0.message.contains(module.name) })
  }

  @Test(arguments: [1, 5, 20]) func showsWhatCanBeHadWithPagesLost(_ percent: UInt64) throws {
    let base = try #require(SharedKernel.image)
    let kernel = try open(base).kernel
    let start = kernel.placement.physical(try #require(kernel.symbols["_text"]))
    let end = kernel.placement.physical(try #require(kernel.symbols["_end"]))
    let image = TamperedImage(base) { page in
      !(start..<end).contains(page) && (page >> 12 &* 0x9E37_79B9_7F4A_7C15) >> 32 % 100 < percent
    }
    let (summary, sink) = run(image)
    #expect((sink.rows["pslist"]?.count ?? 0) >= [1: 57, 5: 50, 20: 30][percent] ?? 0)
    #expect(sink.rows["kmsg"]?.isEmpty == false)
    #expect(summary.missingReads > 0)
  }

  @Test func recoversFilesFromThePageCache() throws {
    let snapshot = try open(try #require(SharedKernel.image))
    let process = try #require(snapshot.processes.first { $0.executable?.text.hasPrefix("/memfd:") == true })
    let file = try #require(process.memory?.executable)
    let address = try #require(snapshot.kernel.pointer(file, snapshot.paths.fileInode))
    let inode = try #require(snapshot.inodeReader.inode(at: address))
    let content = try #require(snapshot.pageCache.content(of: inode))
    #expect(content.pagesFound == content.pagesTotal)
    #expect(content.bytes.starts(with: Elfs.magic))
    #expect(content.bytes.count == Int(inode.size))
  }
}
