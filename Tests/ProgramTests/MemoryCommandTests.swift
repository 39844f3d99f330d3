import Bytes
import Foundation
import TestSupport
import Testing

/// `ir-analyze memory`: what it prints, and how it ends.
struct MemoryCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func memory(_ arguments: String...) throws -> ProgramResult {
    try runProgram(irAnalyze, ["memory"] + arguments, environment: ["TMPDIR": folder.path])
  }

  /// A LiME image of 64 KiB without a kernel.
  private func image(_ name: String = "host.lime") throws -> String {
    var bytes: [UInt8] = [0x45, 0x4D, 0x69, 0x4C, 1, 0, 0, 0]
    let range: [UInt64] = [0x1000, 0x1000 + (64 << 10) - 1, 0]
    for number in range { bytes += withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    bytes += [UInt8](repeating: 0x41, count: 64 << 10)
    return try folder.write(name, bytes)
  }

  @Test func anUnknownViewIsWrongUsage() throws {
    let result = try memory("malfind", try image())
    #expect(result.status == 64 && result.errors.contains("there is no view malfind; there are pslist, pstree"))
  }

  @Test func anImageWithoutAKernelLeavesOneSentence() throws {
    for view in ["pslist", "linux.pslist.PsList"] {
      let result = try memory(view, try image())
      #expect(result.status == 2 && result.output.isEmpty)
      #expect(result.errors.split(separator: "\n").count == 1)
      #expect(result.errors.contains("neither VMCOREINFO nor kallsyms were found"))
    }
    #expect(try memory("isf", try image()).status == 2)
    #expect(try memory("recover", try image(), "--find", "/etc/passwd", "-o", folder.path + "/out").status == 2)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out.part"))
  }

  @Test func anAbsentOrForeignFileIsNamed() throws {
    let absent = try memory("pslist", folder.path + "/absent")
    #expect(absent.status == 64 && absent.errors.contains("No such file"))
    let empty = try memory("pslist", try folder.write("empty", ""))
    #expect(empty.status == 2 && empty.errors.contains("empty"))
    let types = try memory("pslist", try image(), "--isf", try folder.write("x.json", "{}"))
    #expect(types.status == 64 && types.errors.contains("neither BTF"))
    #expect(try memory("pslist", try image(), "--isf", "a", "--btf", "b").status == 64)
    #expect(try memory("recover", try image(), "-o", "x").status == 64)
    #expect(try memory("all", try image()).status == 64)
  }

  @Test(arguments: ["gzip", "xz", "zstd -q"]) func aCompressedImageIsUnpackedAndLeavesNothing(_ tool: String) throws {
    let plain = try image()
    let packed = try runProgram("/bin/sh", ["-c", "\(tool) -c '\(plain)' > '\(folder.path)/packed' && rm '\(plain)'"])
    #expect(packed.status == 0)
    let result = try memory("pslist", folder.path + "/packed")
    #expect(result.status == 2 && result.errors.contains("neither VMCOREINFO nor kallsyms"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["packed"])
  }

  // MARK: A real kernel

  private static let kernel: String? = {
    guard let shared = PackageFiles.shared else { return nil }
    let file = shared + "/evidence/kernels/k510/k510.avml.zst"
    return FileManager.default.fileExists(atPath: file) ? file : nil
  }()

  @Test(.enabled(if: kernel != nil, "the kernel images are not beside the project"))
  func symbolsOutOfAnImageServeIt() throws {
    let dump = try #require(Self.kernel)
    let views = folder.path + "/views"
    let all = try memory("all", dump, "-o", views)
    #expect(all.status == 0 && all.errors.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: views).count == 17)
    let symbols = folder.path + "/linux.json.xz"
    #expect(try memory("isf", dump, "-o", symbols).status == 0)
    let listed = try memory("linux.pslist.PsList", dump, "--isf", symbols)
    #expect(listed.status == 0)
    #expect(
      listed.output
        == String(decoding: FileManager.default.contents(atPath: views + "/pslist.jsonl") ?? Data(), as: UTF8.self))
    let file = folder.path + "/recovered"
    let recovered = try memory("recover", dump, "--pid", "1", "-o", file)
    #expect(recovered.errors.contains("pages were in memory"))
    #expect(FileManager.default.contents(atPath: file)?.starts(with: [0x7F, 0x45, 0x4C, 0x46]) == true)
  }
}
