import Foundation
import TestSupport
import Testing

/// Killed or interrupted at any moment, the next run goes on and ends with the bytes of an undisturbed one.
struct InterruptionTests {
  /// Starts the program, ends it by the signal after a moment, and waits.
  private func disturbed(_ bundle: SmallBundle, _ signal: Int32, after seconds: Double) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: irAnalyze)
    process.arguments = ["run", bundle.path, "-o", bundle.folder.path + "/out", "--store", bundle.store]
    process.standardError = FileHandle.nullDevice
    try process.run()
    Thread.sleep(forTimeInterval: seconds)
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    return process.terminationStatus
  }

  @Test func killedAtManyMoments() throws {
    let reference = try SmallBundle()
    let status = try reference.run("out").status
    let bundle = try SmallBundle()
    for step in 0..<12 { _ = try disturbed(bundle, SIGKILL, after: 0.01 + Double(step) * 0.045) }
    let last = try bundle.run("out")
    #expect(last.status == status)
    #expect(try bundle.outputs("out") == reference.outputs("out"))
    #expect(try runProgram(irAnalyze, ["verify", "-q", "--store", bundle.store]).status == 0)
  }

  @Test func interruptedItEndsWithFourAndTheNextRunGoesOn() throws {
    let bundle = try SmallBundle()
    var statuses: Set<Int32> = []
    for step in 0..<6 { statuses.insert(try disturbed(bundle, SIGINT, after: 0.05 + Double(step) * 0.03)) }
    #expect(statuses.contains(4))
    #expect(statuses.isSubset(of: [0, 2, 4, SIGINT]))
    let last = try bundle.run("out")
    #expect(last.status == 0 || last.status == 2)
  }

  /// The connection that the run was started over is gone.
  @Test func aHangUpEndsItInTheSameWayUnlessItIsToBeIgnored() throws {
    let bundle = try SmallBundle()
    var statuses: Set<Int32> = []
    for step in 0..<6 { statuses.insert(try disturbed(bundle, SIGHUP, after: 0.05 + Double(step) * 0.03)) }
    #expect(statuses.contains(4))
    #expect(statuses.isSubset(of: [0, 2, 4, SIGHUP]))
    let command =
      "trap '' HUP; '\(irAnalyze)' run '\(bundle.path)' -o '\(bundle.folder.path)/last' --store '\(bundle.store)' & "
      + "sleep 0.2; kill -HUP $!; wait $!"
    let ignored = try runProgram("/bin/bash", ["-c", command])
    #expect(ignored.status == 0 || ignored.status == 2, "\(ignored.status) \(ignored.errors)")
  }

  @Test func aReaderThatLeavesIsNoError() throws {
    let bundle = try SmallBundle()
    _ = try bundle.run("out")
    let command = "'\(irAnalyze)' verify --store '\(bundle.store)' 2>&1 | head -1; echo ${PIPESTATUS[0]}"
    let result = try runProgram("/bin/bash", ["-c", command])
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 2 && lines.last == "0")
  }
}
