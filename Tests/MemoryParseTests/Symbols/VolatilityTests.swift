import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import MemoryParse

private enum Volatility {
  static let program: String? = {
    let environment = ProcessInfo.processInfo.environment
    let folders = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/vol" }
    return ([environment["IR_VOL"]].compactMap { $0 } + folders).first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }()
}

/// Volatility 3 with a symbol file that we wrote out of a dump: it accepts the file and shows what we show.
///
/// Needs the program `vol` (`pip install volatility3`), on the path or named in `IR_VOL`.
@Suite(
  .enabled(
    if: SharedKernel.isThere && Volatility.program != nil, "needs the kernel images and Volatility 3 (vol)"),
  .serialized)
struct VolatilityTests {
  /// The dump as LiME, and the symbol file where Volatility looks for it.
  private static let prepared: (folder: TemporaryFolder, dump: String)? = {
    guard let image = SharedKernel.image, let json = MemoryAnalysis.symbolFile(of: image).json,
      let folder = try? TemporaryFolder()
    else { return nil }
    let dump = folder.path + "/dump.lime"
    guard (try? folder.write("symbols/linux/dump.json", json)) != nil,
      FileManager.default.createFile(atPath: dump, contents: nil), let file = FileHandle(forWritingAtPath: dump)
    else { return nil }
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    for run in image.runs {
      var header = littleEndian32(0x4C69_4D45) + littleEndian32(1)
      header += littleEndian(run.start) + littleEndian(run.end - 1) + littleEndian(0)
      file.write(Data(header))
      var place = run.start
      while place < run.end {
        let count = Int(min(run.end - place, UInt64(piece.count)))
        let read = piece.withUnsafeMutableBytes {
          image.read(physical: place, into: UnsafeMutableRawBufferPointer(rebasing: $0[0..<count]))
        }
        if read == 0 { return nil }
        file.write(Data(piece[0..<read]))
        place += UInt64(read)
      }
    }
    return (folder, dump)
  }()

  private func volatility(_ plugin: String) throws -> JSONText {
    let (folder, dump) = try #require(Self.prepared)
    let result = try runProgram(
      try #require(Volatility.program),
      ["-q", "-r", "json", "--offline", "-s", folder.path + "/symbols", "-f", dump, plugin],
      environment: ["XDG_CACHE_HOME": folder.path + "/cache"])
    #expect(result.status == 0, "\(result.errors.suffix(2000))")
    return JSONText(text: Array(result.output.utf8))
  }

  /// Values of columns, a row a set member.
  struct JSONText {
    let text: [UInt8]

    func rows(_ columns: [String]) -> Set<[String]> {
      text.withView { view in
        Set(JSONView(view).elements.map { Self.values($0, columns) })
      }
    }

    static func values(_ row: JSONView, _ columns: [String]) -> [String] {
      var fields: [String: String] = [:]
      row.forEachMember { key, value in
        fields[key.string] = value.string ?? value.bytes.string
        return true
      }
      return columns.map { fields[$0] ?? "" }
    }
  }

  private func own(_ view: String, _ columns: [String]) throws -> Set<[String]> {
    let sink = CollectingSink()
    let options = MemoryAnalysis.Options(artifact: Digest(of: []), views: [view])
    _ = MemoryAnalysis.run(try #require(SharedKernel.image), options: options, into: sink)
    return Set(
      (sink.rows[view] ?? []).map { row in
        row.withView { JSONText.values(JSONView($0), columns) }
      })
  }

  @Test func listsTheSameProcesses() throws {
    let columns = ["PID", "PPID", "COMM", "UID"]
    let theirs = try volatility("linux.pslist.PsList").rows(columns)
    let ours = try own("pslist", columns)
    #expect(theirs.count > 50)
    #expect(theirs.isSubset(of: ours))
    // It leaves zombies out.
    #expect(ours.subtracting(theirs).count == 1)
  }

  @Test func listsTheSameModules() throws {
    let columns = ["Module Name", "Code Size"]
    let theirs = try volatility("linux.lsmod.Lsmod").rows(columns)
    #expect(!theirs.isEmpty)
    #expect(theirs == (try own("lsmod", columns)))
  }

  @Test func listsTheSameMappings() throws {
    let columns = ["PID", "Start", "End", "Flags", "PgOff", "Inode"]
    let theirs = try volatility("linux.proc.Maps").rows(columns)
    let ours = try own("maps", columns)
    #expect(!theirs.isEmpty)
    #expect(theirs.isSubset(of: ours), "\(theirs.subtracting(ours).prefix(5))")
  }
}
