import Foundation
import TestSupport
import Testing

/// A store that may be read and not written to: a colleague's, or evidence on a read-only mount. Root writes everywhere, so the program
/// is run as somebody else.
@Suite(
  .enabled(
    if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv"), "needs root and setpriv"))
struct ReadOnlyStoreTests {
  private let bundle: SmallBundle
  private let name = "i-0b7c4e19d2f35a86e"
  private var own: String { bundle.folder.path + "/own" }

  init() throws {
    bundle = try SmallBundle()
    // The built program and its rules may lie where only root may look.
    try FileManager.default.copyItem(atPath: irAnalyze, toPath: bundle.folder.path + "/ir-analyze")
    try FileManager.default.copyItem(atPath: PackageFiles.root + "/rules", toPath: bundle.folder.path + "/rules")
    try FileManager.default.createDirectory(atPath: bundle.folder.path + "/own", withIntermediateDirectories: true)
    chmod(bundle.folder.path, 0o755)
    chmod(bundle.folder.path + "/own", 0o777)
    _ = try bundle.run("out", ["--rules", bundle.folder.path + "/rules"])
  }

  private func run(_ arguments: [String], withStore: Bool = true) throws -> ProgramResult {
    try runProgram(
      "/usr/bin/setpriv",
      ["--reuid=65534", "--regid=65534", "--clear-groups", bundle.folder.path + "/ir-analyze"] + arguments
        + (withStore ? ["--store", bundle.store] : []),
      in: own, environment: ["TMPDIR": own, "HOME": own])
  }

  private func everyFile() throws -> Set<String> {
    Set(try FileManager.default.subpathsOfDirectory(atPath: bundle.store))
  }

  @Test func whatOnlyReadsWorks() throws {
    let before = try everyFile()
    #expect(try run(["store", "ls"]).output == "\(name)\n")
    #expect(try run(["store", "ls", name]).output.contains("netstat_output.txt"))
    for arguments in [["store", "info"], ["verify", "-q"], ["store", "gc", "--dry-run"]] {
      let result = try run(arguments)
      #expect(result.status == 0, "\(arguments) \(result.errors)")
    }
    let line = try #require(try bundle.contents("out/findings.jsonl").split(separator: "\n").first)
    let id = try #require(line.firstMatch(of: /"id":"([^"]+)"/)?.1)
    let shown = try run(["show", String(id), "--report", bundle.folder.path + "/out"])
    #expect(shown.status == 0 && shown.output.contains("\n> "), "\(shown.errors)")
    let export = try run(["store", "export", "--case", name, "-o", own + "/case.tar.zst"])
    #expect(export.status == 0, "\(export.errors)")
    #expect(try everyFile() == before)
    #expect(try runProgram(irAnalyze, ["verify", "-q", "--store", bundle.store]).status == 0)
  }

  @Test func aReportIsWrittenOfWhatIsComputed() throws {
    let rules = ["--rules", bundle.folder.path + "/rules"]
    let before = try everyFile()
    let report = try run(["report", name, "-o", own + "/report"] + rules)
    #expect(report.status == 0 || report.status == 2, "\(report.errors)")
    for file in ["findings.jsonl", "timeline.jsonl"] {
      #expect(try bundle.contents("own/report/\(file)") == bundle.contents("out/\(file)"))
    }
    let events = try bundle.contents("out/timeline.jsonl").split(separator: "\n").count
    for _ in 0..<2 {
      #expect(try run(["timeline", "--case", name, "--count", "-q"] + rules).output == "\(events)\n")
    }
    #expect(try everyFile() == before)
    // Other rules have no results there.
    try bundle.folder.write("other/yara/a.yar", "rule A { strings: $a = \"root\" condition: $a }")
    let other = try run(["report", name, "-o", own + "/other", "--rules", bundle.folder.path + "/other"])
    #expect(other.status == 64 && other.errors.contains("cannot be written to"), "\(other.errors)")
  }

  @Test func whatHasToWriteSaysSo() throws {
    for arguments in [
      ["run", bundle.path, "-o", own + "/report"], ["ingest", bundle.path], ["analyze", name], ["rescan"],
      ["store", "gc"], ["store", "pack"],
    ] {
      let result = try run(arguments)
      #expect(result.status == 64, "\(arguments) \(result.errors)")
      #expect(result.errors.contains("cannot be written to (Permission denied)"), "\(arguments) \(result.errors)")
    }
    for place in ["/proc/store", "/proc/a/b/store", "/proc/version/store", bundle.folder.path + "/closed/store"] {
      let result = try run(["run", bundle.path, "-o", own + "/report", "--store", place], withStore: false)
      #expect(result.status == 64 && result.errors.contains("cannot make the folder"), "\(place) \(result.errors)")
    }
  }

  /// A run was killed, and what it wrote last is in the log beside the database.
  @Test func whatIsInTheDatabasesLogIsRead() throws {
    let sql = """
      import os, sqlite3, sys
      base = sqlite3.connect(sys.argv[1]); base.execute('PRAGMA wal_autocheckpoint=0')
      base.execute("INSERT INTO cases VALUES ('late', '2026-11-25T05:22:00Z')"); base.commit()
      os._exit(0)
      """
    let made = try runProgram("/usr/bin/env", ["python3", "-c", sql, bundle.store + "/case.sqlite"])
    guard made.status == 0, FileManager.default.fileExists(atPath: bundle.store + "/case.sqlite-wal") else {
      try Test.cancel("needs python3 with sqlite3: \(made.errors)")
    }
    #expect(try run(["store", "ls"]).output == "\(name)\nlate\n")
    // The index of the log is gone too, as on a medium that only the log was copied to.
    unlink(bundle.store + "/case.sqlite-shm")
    #expect(try run(["store", "ls"]).output == "\(name)\nlate\n")
    #expect(try FileManager.default.contentsOfDirectory(atPath: own).allSatisfy { !$0.hasPrefix("ir-analyze-") })
  }
}
