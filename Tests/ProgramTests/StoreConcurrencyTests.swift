import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// Several processes at work in one store at once.
struct StoreConcurrencyTests {
  private let folder: TemporaryFolder
  private let store: String

  init() throws {
    folder = try TemporaryFolder()
    store = folder.path + "/store"
  }

  private func start(_ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: irAnalyze)
    process.arguments = arguments + ["--store", store]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private func run(_ arguments: String...) throws -> ProgramResult {
    try runProgram(irAnalyze, arguments + ["--store", store])
  }

  /// An image of 6 MiB that shares four pages of five with the others.
  private func image(_ number: Int) -> [UInt8] {
    var bytes: [UInt8] = [0x45, 0x4D, 0x69, 0x4C, 1, 0, 0, 0]
    let pages = 1536
    for word in [0, UInt64(pages) * 4096 - 1, 0] { bytes += withUnsafeBytes(of: word.littleEndian) { Array($0) } }
    for page in 0..<pages {
      var state = UInt64(page + 1) &* 0x9E37_79B9_7F4A_7C15 ^ (page % 5 == 0 ? UInt64(number) << 40 : 0)
      for _ in 0..<512 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        bytes += withUnsafeBytes(of: state) { Array($0) }
      }
    }
    return bytes
  }

  @Test func ingestsCollectionsAndChecksDoNotDisturbEachOther() throws {
    let count = 4
    for number in 0..<count {
      try folder.write("in\(number)/memory/host.lime", image(number))
      for file in 0..<30 { try folder.write("in\(number)/logs/\(file).log", "line \(file % 7) of \(number % 2)\n") }
    }
    #expect(try run("ingest", folder.path + "/in0", "--case", "c0").status == 0)
    var processes: [Process] = []
    for number in 0..<count {
      processes.append(try start(["ingest", "\(folder.path)/in\(number)", "--case", "c\(number)"]))
    }
    processes.append(try start(["store", "gc", "--wait"]))
    processes.append(try start(["verify", "-q"]))
    processes.append(try start(["store", "pack", "-q"]))
    processes.append(try start(["store", "gc", "--wait"]))
    for process in processes {
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(process.arguments ?? [])")
    }
    #expect(try run("verify", "-q").status == 0)
    for number in 0..<count {
      let listed = try run("store", "ls", "c\(number)").output.split(separator: "\n")
      #expect(listed.count == 31)
      #expect(listed.contains { $0.hasPrefix(Digest(of: image(number)).hex) })
    }
    let packed = try run("store", "info", "--json").output.withView {
      JSONView($0).at("forms", "packed", "objects")?.integer
    }
    #expect((packed ?? 0) >= 1)
  }

  @Test func whatAKilledProcessWasDoingHoldsNobodyUp() throws {
    try folder.write("in/memory/host.lime", image(1))
    try folder.write("more/memory/host.lime", image(2))
    #expect(try run("ingest", folder.path + "/in", "--case", "c").status == 0)
    for step in 0..<8 {
      let process = try start(["ingest", folder.path + "/more", "--case", "d"])
      usleep(UInt32(2000 + step * 9000))
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      #expect(try run("verify", "-q").status == 0)
    }
    #expect(try run("ingest", folder.path + "/more", "--case", "d").status == 0)
    #expect(try run("store", "gc").status == 0)
    #expect(try run("verify", "-q").status == 0)
    #expect(try run("store", "ls", "d").output.hasPrefix(Digest(of: image(2)).hex))
  }
}
