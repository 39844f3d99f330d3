import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// The store's own commands, as a user runs them.
struct StoreCommandTests {
  private let folder: TemporaryFolder
  private let store: String

  init() throws {
    folder = try TemporaryFolder()
    store = folder.path + "/store"
  }

  private func run(_ arguments: String..., store other: String? = nil) throws -> ProgramResult {
    try runProgram(irAnalyze, arguments + ["--store", other ?? store])
  }

  /// A dump as LiME writes it, of pages that are told by number and seed.
  private func dump(pages: Int, header: Int, _ seed: (Int) -> UInt64?) -> [UInt8] {
    var bytes: [UInt8] = []
    for (first, count) in [(0, header), (header + 10, pages - header - 10)] {
      bytes += [0x45, 0x4D, 0x69, 0x4C, 1, 0, 0, 0]
      for number in [UInt64(first) * 4096, UInt64(first + count) * 4096 - 1, 0] {
        bytes += withUnsafeBytes(of: number.littleEndian) { Array($0) }
      }
      for page in first..<first + count {
        guard let seed = seed(page) else {
          bytes += [UInt8](repeating: 0, count: 4096)
          continue
        }
        var state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(page + 1) &* 0xC2B2_AE3D_27D4_EB4F
        for _ in 0..<512 {
          state ^= state << 13
          state ^= state >> 7
          state ^= state << 17
          bytes += withUnsafeBytes(of: state) { Array($0) }
        }
      }
    }
    return bytes
  }

  private func disk() throws -> Int64 {
    let info = try run("store", "info", "--json")
    return try #require(info.output.withView { JSONView($0)["disk_bytes"]?.integer })
  }

  @Test func aSecondDumpOfAHostTakesLessThanHalf() throws {
    let first = dump(pages: 2000, header: 900) { $0 % 6 == 0 ? nil : 1 }
    let second = dump(pages: 2000, header: 700) { $0 % 6 == 0 ? nil : $0 % 10 < 3 ? 2 : 1 }
    try folder.write("one/memory/host.lime", first)
    try folder.write("two/memory/host.lime", second)
    #expect(try run("ingest", folder.path + "/one", "--case", "monday").status == 0)
    let before = try disk()
    #expect(try run("ingest", folder.path + "/two", "--case", "tuesday").status == 0)
    #expect(try (disk() - before) * 2 < before)
    #expect(try run("verify", "-q").status == 0)
    #expect(try run("store", "gc").status == 0)
    #expect(try run("verify", "-q").status == 0)
    let digest = Digest(of: second).hex
    let shown = try runProgram(
      "/bin/bash", ["-c", "'\(irAnalyze)' show --raw --length 8192 \(digest):3000000 --store '\(store)' | sha256sum"])
    #expect(shown.output.hasPrefix(Digest(of: Array(second[3_000_000..<3_008_192])).hex))
    let facts = try run("show", digest, "--facts")
    #expect(facts.output.contains(#""kept":"packed""#) && facts.output.contains("\"md5\":"))
  }

  @Test func exportedOnOneMachineAndRunOnAnother() throws {
    let bundle = try SmallBundle()
    let here = try bundle.run("out")
    let archive = folder.path + "/case.tar.zst"
    #expect(try run("store", "export", "--case", "i-0b7c4e19d2f35a86e", "-o", archive, store: bundle.store).status == 0)
    #expect(
      try run("store", "export", "--case", "i-0b7c4e19d2f35a86e", "-o", archive, store: bundle.store).status == 64)
    let there = try run("run", archive, "-o", folder.path + "/out")
    #expect(there.status == here.status)
    let findings = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/out/findings.jsonl"))
    #expect(try findings == Data(contentsOf: URL(fileURLWithPath: bundle.folder.path + "/out/findings.jsonl")))
    // Results came along: nothing is computed again.
    let text = try String(contentsOfFile: folder.path + "/out/run.json", encoding: .utf8)
    #expect(text.withView { JSONView($0).at("units", "computed")?.integer } == 0)
    #expect(text.withView { JSONView($0).at("custody", "entries")?.integer ?? 0 } > 0)
    let incident = try String(contentsOfFile: folder.path + "/out/incident.json", encoding: .utf8)
    #expect(incident.contains(#""md5":""#) && incident.contains(#""sha1":""#))
    #expect(try run("verify", "-q").status == 0)
    // The same command again resumes, as with any source.
    #expect(try run("run", archive, "-o", folder.path + "/out").status == here.status)
    #expect(try run("store", "export", "--case", "absent").status == 64)
  }

  @Test func gcRemovesOnlyStraysAndSaysSo() throws {
    try folder.write("in/one.txt", "evidence")
    #expect(try run("ingest", folder.path + "/in", "--case", "c").status == 0)
    let stray = Digest(of: Array("stray".utf8)).hex
    try folder.write("store/objects/\(stray.prefix(2))/\(stray.dropFirst(2))", "stray")
    let dry = try run("store", "gc", "--dry-run", "--json")
    #expect(dry.status == 0 && dry.output.contains(#""removed":["\#(stray)"]"#))
    #expect(try run("store", "gc").output.hasPrefix(stray))
    #expect(try run("store", "gc").output.isEmpty)
    #expect(try run("verify", "-q").status == 0)
  }

  @Test func textIsCompressedWhenAsked() throws {
    try folder.write(
      "in/app.log", (0..<20_000).map { "2026-11-25T05:00:00Z request \($0) of the usual kind\n" }.joined())
    #expect(try run("ingest", folder.path + "/in", "--case", "c").status == 0)
    let before = try disk()
    #expect(try run("store", "pack", "--compress").status == 0)
    #expect(try disk() * 3 < before)
    #expect(try run("verify", "-q").status == 0)
    let analyzed = try run("run", folder.path + "/in", "--case", "c", "-o", folder.path + "/out")
    #expect(analyzed.status == 0)
  }

  @Test func collectorsHashesAreCheckedAndTheVerdictStays() throws {
    try folder.write("in/memory/output.lime", "not what it was")
    try folder.write("in/memory/lime_sha256.txt", "\(Digest(of: Array("what it was".utf8)).hex)  output.lime\n")
    let taken = try run("ingest", folder.path + "/in", "--case", "c")
    #expect(taken.status == 3 && taken.errors.contains("memory/output.lime) does not have the sha256"))
    let verify = try run("verify", "-q")
    #expect(verify.status == 3 && verify.errors.contains("does not have the sha256"))
    let whole = try run("run", folder.path + "/in", "--case", "c", "-o", folder.path + "/out")
    #expect(whole.status == 3)
    let text = try String(contentsOfFile: folder.path + "/out/run.json", encoding: .utf8)
    #expect(text.contains(#""verdict":"mismatch""#))
    #expect(
      try String(contentsOfFile: folder.path + "/out/incident.json", encoding: .utf8).contains(
        "does not have the sha256"))
  }
}
