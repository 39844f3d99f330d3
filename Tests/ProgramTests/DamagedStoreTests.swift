import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// An object that is not what its name says is named, and nothing is computed from it.
struct DamagedStoreTests {
  enum Damage: String, CaseIterable { case flipped, cut, gone }

  private let bundle: SmallBundle
  private let name = "i-0b7c4e19d2f35a86e"

  init() throws { bundle = try SmallBundle() }

  private func program(_ arguments: [String]) throws -> ProgramResult {
    try runProgram(irAnalyze, arguments + ["--store", bundle.store])
  }

  private func digest(of path: String) throws -> String {
    let list = try program(["store", "ls", name]).output.split(separator: "\n")
    let line = try #require(list.first { $0.hasSuffix(path) })
    return String(line.prefix(64))
  }

  private func object(_ digest: String) -> String {
    "\(bundle.store)/objects/\(digest.prefix(2))/\(digest.dropFirst(2))"
  }

  private func apply(_ damage: Damage, to path: String) throws {
    if damage == .gone { return #expect(unlink(path) == 0) }
    chmod(path, 0o644)
    var status = stat()
    #expect(stat(path, &status) == 0)
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    if damage == .cut {
      try handle.truncate(atOffset: UInt64(status.st_size / 2))
    } else {
      try handle.seek(toOffset: UInt64(status.st_size / 2))
      let byte = try #require(try handle.read(upToCount: 1)?.first)
      try handle.seek(toOffset: UInt64(status.st_size / 2))
      try handle.write(contentsOf: Data([byte ^ 1]))
    }
    try handle.close()
    // As somebody would who does not want it to be seen.
    var times = [status.st_atim, status.st_mtim]
    utimensat(AT_FDCWD, path, &times, 0)
    chmod(path, 0o444)
  }

  /// Before anything was computed, and after everything was.
  @Test(arguments: Damage.allCases, [false, true])
  func analysisRefusesIt(damage: Damage, isAnalyzed: Bool) throws {
    if isAnalyzed {
      _ = try bundle.run("before")
    } else {
      #expect(try program(["ingest", bundle.path]).status == 0)
    }
    let digest = try digest(of: "netstat_output.txt")
    try apply(damage, to: object(digest))
    let result = try program(["report", name, "-o", bundle.folder.path + "/out"])
    #expect(result.status == 3)
    #expect(result.errors.contains("integrity: ") && result.errors.contains(digest))
    let incident = try bundle.contents("out/incident.json")
    #expect(incident.contains("it is not analyzed"))
    // Nothing that is told rests on it.
    #expect(!(try bundle.contents("out/findings.jsonl").contains(digest)))
    #expect(!(try bundle.contents("out/timeline.jsonl").contains(digest)))
    let verify = try program(["verify", "-q"])
    #expect(verify.status == 3 && verify.errors.contains(digest))
    #expect(try program(["analyze", name]).status == 3)
    if damage != .gone { #expect(try program(["show", "\(digest):0"]).status == 3) }
  }

  /// The source still has what the store has lost.
  @Test(arguments: Damage.allCases)
  func runningAgainFromTheSourceRestoresItAndSaysSo(damage: Damage) throws {
    let first = try bundle.run("out")
    let whole = try bundle.outputs("out")
    let digest = try digest(of: "netstat_output.txt")
    try apply(damage, to: object(digest))
    let second = try bundle.run("out")
    #expect(second.status == 3 && second.errors.contains("integrity: "))
    #expect(try bundle.outputs("out") == whole)
    #expect(try program(["verify", "-q"]).status == 0)
    #expect(try bundle.run("out").status == first.status)
  }

  /// What came out of an archive comes out of it again.
  @Test(arguments: Damage.allCases)
  func aDamagedMemberIsNotUsed(damage: Damage) throws {
    let first = try bundle.run("out")
    let whole = try bundle.outputs("out")
    let incident = Array(try bundle.contents("out/incident.json").utf8)
    var member: String?
    incident.withView { text in
      _ = JSONView(text).at("custody", "artifacts")?.forEachElement { one in
        if one["parent"]?.string != nil, (one["size"]?.integer ?? 0) > 100 { member = one["sha256"]?.string }
        return member == nil
      }
    }
    try apply(damage, to: object(try #require(member)))
    let second = try program(["report", name, "-o", bundle.folder.path + "/out2"])
    #expect(second.status == (damage == .flipped ? 3 : first.status))
    let third = try program(["report", name, "-o", bundle.folder.path + "/out3"])
    #expect(third.status == first.status)
    #expect(try bundle.outputs("out3") == whole)
    #expect(try program(["verify", "-q"]).status == 0)
  }

  /// A result is only a saving.
  @Test(arguments: Damage.allCases)
  func damagedResultsAreComputedAgain(damage: Damage) throws {
    let first = try bundle.run("out")
    let whole = try bundle.outputs("out")
    let folder = bundle.store + "/results"
    var done: Set<String> = []
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() where name.hasSuffix(".json") {
      let bytes = [UInt8](FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data())
      let digest = bytes.withView { JSONView($0)["result"]?.string } ?? ""
      var status = stat()
      guard stat(object(digest), &status) == 0, status.st_size > 0 else { continue }
      if done.insert(digest).inserted { try apply(damage, to: object(digest)) }
    }
    #expect(done.count > 60)
    #expect(try bundle.run("out").status == first.status)
    #expect(try bundle.outputs("out") == whole)
    #expect(try program(["verify", "-q"]).status == 0)
  }

  /// Without its index the objects are checked all the same, and it is said what is missing.
  @Test(arguments: ["gone", "empty", "damaged"])
  func verifyGoesOnWithoutTheCaseDatabase(_ state: String) throws {
    _ = try bundle.run("out")
    let digest = try digest(of: "netstat_output.txt")
    for end in ["-wal", "-shm"] { unlink(bundle.store + "/case.sqlite" + end) }
    let path = bundle.store + "/case.sqlite"
    switch state {
    case "gone": #expect(unlink(path) == 0)
    case "empty": try Data().write(to: URL(fileURLWithPath: path))
    default: try Data(repeating: 0x41, count: 100_000).write(to: URL(fileURLWithPath: path))
    }
    let whole = try program(["verify"])
    #expect(whole.status == 3 && whole.errors.contains("case.sqlite is \(state)"))
    #expect(whole.output.contains(digest))
    // No other is made in its place.
    #expect(FileManager.default.fileExists(atPath: path) == (state != "gone"))
    try apply(.flipped, to: object(digest))
    let damaged = try program(["verify", "-q"])
    #expect(damaged.status == 3 && damaged.errors.contains(digest) && damaged.errors.contains("case.sqlite"))
  }
}
