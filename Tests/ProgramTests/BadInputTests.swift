import Foundation
import TestSupport
import Testing

/// Each bad input: one clear line or a coverage entry, the right exit code, and nothing half-written.
struct BadInputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ source: String) throws -> ProgramResult {
    try runProgram(irAnalyze, ["run", source, "-o", folder.path + "/out", "--store", folder.path + "/store"])
  }

  private func incident() throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder.path + "/out/incident.json")), as: UTF8.self)
  }

  private func oneLine(_ result: ProgramResult) -> Bool {
    result.errors.split(separator: "\n").count == 1 && result.errors.hasPrefix("ir-analyze: error: ")
  }

  @Test func aMissingPath() throws {
    let result = try run(folder.path + "/absent")
    #expect(result.status == 64 && oneLine(result) && result.errors.contains("No such file or directory"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/store"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out"))
  }

  @Test func anEmptyFolder() throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/in", withIntermediateDirectories: true)
    let result = try run(folder.path + "/in")
    #expect(result.status == 64 && oneLine(result) && result.errors.contains("holds no file"))
  }

  /// Root reads everything, so the program is run as somebody else.
  @Test(
    .enabled(
      if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv"), "needs root and setpriv"))
  func foldersWithoutReadPermission() throws {
    try folder.write("in/closed/file", "x")
    try folder.write("in/open/file", "y")
    chmod(folder.path, 0o777)
    chmod(folder.path + "/in/closed", 0o700)
    // The built program may lie where only root may look.
    let program = folder.path + "/ir-analyze"
    try FileManager.default.copyItem(atPath: irAnalyze, toPath: program)
    func run(_ source: String) throws -> ProgramResult {
      try runProgram(
        "/usr/bin/setpriv",
        [
          "--reuid=65534", "--regid=65534", "--clear-groups", program, "run", source, "-o", folder.path + "/out",
          "--store",
          folder.path + "/store", "--rules", folder.path + "/rules",
        ])
    }
    try FileManager.default.copyItem(atPath: PackageFiles.root + "/rules", toPath: folder.path + "/rules")
    let part = try run(folder.path + "/in")
    #expect(part.status == 2)
    #expect(try incident().contains("Permission denied"))
    let whole = try run(folder.path + "/in/closed")
    #expect(whole.status == 64 && oneLine(whole) && whole.errors.contains("Permission denied"))
  }

  @Test func aFileOfRulesAndAFolderWithoutAnyAreNotPassedOverInSilence() throws {
    try folder.write("in/a.txt", "alpha")
    try folder.write("one/a.yar", "rule A { strings: $a = \"alpha\" condition: $a }")
    try folder.write("none/readme", "x")
    func run(_ rules: String, _ command: [String]) throws -> ProgramResult {
      try runProgram(irAnalyze, command + ["--rules", "\(folder.path)/\(rules)"])
    }
    let analyze = ["run", folder.path + "/in", "-o", folder.path + "/out", "--store", folder.path + "/store"]
    for command in [analyze, ["rules", "check"]] {
      let file = try run("one/a.yar", command)
      #expect(file.status == 64 && oneLine(file) && file.errors.contains("name the folder"))
      let empty = try run("none", command)
      #expect(empty.status == 0 && empty.errors.contains("there is no rule"))
      let one = try run("one", command)
      #expect(one.status == 0 && !one.errors.contains("there is no rule"))
    }
  }

  /// One that nobody wrote to says nothing of a year; its neighbour says it.
  @Test func aFileWithoutATimeOfItsOwnGivesItsLogNoYear() throws {
    let line = "Nov 25 05:22:01 web sshd[811]: Accepted password for root from 203.0.113.66 port 4444 ssh2\n"
    for (name, time) in [("zero", 0), ("dos", 315_532_800), ("known", 1_795_584_480)] {
      let path = try folder.write("in/\(name)/auth.log", line.replacing("web", with: name))
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: Double(time))], ofItemAtPath: path)
    }
    _ = try run(folder.path + "/in")
    let timeline = try String(contentsOfFile: folder.path + "/out/timeline.jsonl", encoding: .utf8)
    #expect(timeline.contains("2026-11-25T05:22:01"))
    #expect(!timeline.contains("1969-") && !timeline.contains("1979-"))
  }

  @Test func rulesAreAskedOfEmptyFilesToo() throws {
    try folder.write("in/one/empty", "")
    try folder.write("in/two/full", "x")
    try folder.write("rules/a.yar", "rule Nothing { condition: filesize == 0 }")
    let result = try runProgram(
      irAnalyze,
      [
        "run", folder.path + "/in", "-o", folder.path + "/out", "--store", folder.path + "/store", "--rules",
        folder.path + "/rules",
      ])
    #expect(result.status == 0, "\(result.errors)")
    let findings = try String(contentsOfFile: folder.path + "/out/findings.jsonl", encoding: .utf8)
    #expect(findings.split(separator: "\n").count == 1 && findings.contains("yara:Nothing"))
    #expect(findings.contains("e3b0c44298fc1c14"))
  }

  @Test func anEmptyFileIsCovered() throws {
    try folder.write("in/empty.log", "")
    let result = try run(folder.path + "/in")
    #expect(result.status == 0)
    #expect(try incident().contains("empty.log"))
  }

  @Test func aGzipCutInTheMiddleIsReadAsFarAsItGoes() throws {
    let lines = (0..<5000).map { "#\(1_795_584_000 + $0)\necho \($0 &* 2_654_435_761)\n" }.joined()
    let whole = try folder.write("history", lines)
    let packed = try runProgram("/bin/sh", ["-c", "gzip -c '\(whole)' | head -c 20000 > '\(folder.path)/cut.gz'"])
    #expect(packed.status == 0)
    try folder.write(
      "in/home/admin/.bash_history.gz", [UInt8](Data(contentsOf: URL(fileURLWithPath: folder.path + "/cut.gz"))))
    let result = try run(folder.path + "/in")
    #expect(result.status == 2)
    #expect(try incident().contains("truncated"))
    let timeline = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/out/timeline.jsonl"))
    #expect(timeline.count > 1000)
  }

  @Test func aTruncatedMemoryImageIsReadAsFarAsItGoes() throws {
    // A LiME header that promises a MiB, and 12 KiB of it.
    var image: [UInt8] = [0x45, 0x4D, 0x69, 0x4C, 1, 0, 0, 0]
    let range: [UInt64] = [0x1000, 0x1000 + (1 << 20) - 1, 0]
    for number in range { image += withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    image += [UInt8](repeating: 0x41, count: 12 << 10)
    try folder.write("in/memory/host.lime", image)
    let result = try run(folder.path + "/in")
    #expect(result.status == 2)
    #expect(try incident().contains("host.lime"))
  }

  @Test func anUnknownOptionIsWrongUsage() throws {
    let result = try runProgram(irAnalyze, ["run", "x", "--no-such-option"])
    #expect(result.status == 64 && result.errors.contains("--no-such-option"))
    #expect(try runProgram(irAnalyze, ["--version"]).output == "0.1.0\n")
  }

  /// A small tmpfs; mounting needs root.
  @Test(.enabled(if: geteuid() == 0, "needs root to mount a small file system"))
  func aFullDiskEndsCleanlyAndIsResumed() throws {
    let disk = folder.path + "/disk"
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    let mounted = try runProgram("/bin/mount", ["-t", "tmpfs", "-o", "size=3m", "none", disk])
    guard mounted.status == 0 else {
      try Test.cancel("cannot mount here: \(mounted.errors)")
    }
    defer { _ = try? runProgram("/bin/umount", ["-l", disk]) }
    var noise = SystemRandomNumberGenerator()
    try folder.write("in/a-small", "text")
    try folder.write("in/b-large", (0..<(4 << 20)).map { _ in UInt8.random(in: 1...255, using: &noise) })
    let arguments = ["run", folder.path + "/in", "-o", folder.path + "/out", "--store", disk + "/store"]
    let full = try runProgram(irAnalyze, arguments)
    #expect(full.status == 70 && full.errors.contains("No space left on device"))
    #expect(full.errors.contains("run again to resume"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk + "/store/tmp").isEmpty)
    #expect(try runProgram(irAnalyze, ["verify", "-q", "--store", disk + "/store"]).status == 0)
    #expect(try runProgram("/bin/mount", ["-o", "remount,size=64m", disk]).status == 0)
    let resumed = try runProgram(irAnalyze, arguments)
    #expect(resumed.status == 0 || resumed.status == 2)
  }
}
