import Bytes
import Evidence
import Foundation
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
    /// Without the sources: some of them need a name.
    func told(_ rows: [[UInt8]]?) -> Set<String> {
      Set(
        (rows ?? []).map { row in
          let text = String(decoding: row, as: UTF8.self)
          guard let start = text.range(of: "\"Sources\":["), let end = text[start.upperBound...].firstIndex(of: "]")
          else {
            return text
          }
          return String(text[..<start.lowerBound] + text[end...])
        })
    }
    for view in [
      "pslist", "psaux", "lsof", "maps", "sockstat", "lsmod", "kmsg", "bash", "pagecache.Files", "mountinfo",
    ] {
      #expect(told(found.rows[view]) == told(expected.rows[view]), "\(view)")
    }
    for row in found.rows["pslist"] ?? [] {
      for source in ["list", "pid-idr", "tree", "slab", "memory"] {
        #expect(column("Sources", row).contains("\"\(source)\""), "\(column("COMM", row)): \(source)")
      }
    }
  }

  @Test func computesOneViewAlone() throws {
    let (summary, sink) = run(try #require(SharedKernel.image), views: ["linux.lsmod"])
    #expect(summary.rowCounts == ["lsmod": 4])
    #expect(sink.events.isEmpty && sink.findings.isEmpty)
  }

  @Test func recoversWholeFilesByPathInodeAndProcess() throws {
    let image = try #require(SharedKernel.image)
    let snapshot = try open(image)
    let process = try #require(snapshot.processes.first { $0.executable?.text.hasPrefix("/memfd:") == true })
    var bytes: [UInt8] = []
    let program = try FileRecovery.run(.program(pid: process.pid), from: image) { offset, page in
      #expect(Int(offset) == bytes.count)
      bytes += page.array
      return true
    }
    #expect(program.pagesFound == program.pagesTotal && program.byteCount == UInt64(bytes.count))
    #expect(bytes.starts(with: Elfs.magic))
    var again: [UInt8] = []
    _ = try FileRecovery.run(.inode(program.inode), from: image) { _, page in
      again += page.array
      return again.count < 4096
    }
    #expect(again == Array(bytes.prefix(4096)))
    var path: String?
    CachedFileReader(snapshot).forEach {
      if $0.inode.type == "REG", $0.inode.cachedPages > 0 { path = path ?? $0.path }
    }
    let named = try FileRecovery.run(.path(try #require(path)), from: image) { _, _ in true }
    #expect(named.pagesFound > 0)
    for wanted in [
      FileRecovery.Wanted.path("/no/such"), .inode(1), .program(pid: 1 << 30), .inode(snapshot.kernel.initTask),
    ] {
      #expect(throws: FileRecovery.Failure.self) { try FileRecovery.run(wanted, from: image) { _, _ in true } }
    }
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
