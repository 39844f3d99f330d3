import Foundation
import TestSupport
import Testing

/// `ir-analyze parse`: single files, without a store.
struct ParseTests {
  private let folder: TemporaryFolder
  private let logs: [String]

  init() throws {
    folder = try TemporaryFolder()
    let waf = "\(PackageFiles.bundle)/waf/aws-waf-logs-cumulus/2026/11/25/05"
    logs = try FileManager.default.contentsOfDirectory(atPath: waf).sorted().map { "\(waf)/\($0)" }
  }

  private func parse(_ arguments: [String], input: String = "") throws -> ProgramResult {
    try runProgram(irAnalyze, ["parse"] + arguments, input: input, in: folder.path)
  }

  private func lines(_ result: ProgramResult) throws -> [(kind: String, body: [String: Any])] {
    try result.output.split(separator: "\n").map { line in
      let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(object.count == 1)
      let (kind, body) = try #require(object.first)
      return (kind, try #require(body as? [String: Any]))
    }
  }

  @Test func filesComeInTheirOrderWithEventsAndFindings() throws {
    let result = try parse(logs)
    #expect(result.status == 0, "\(result.errors)")
    let told = try lines(result)
    #expect(told.filter { $0.kind == "file" }.map { $0.body["path"] as? String } == logs)
    #expect(told.filter { $0.kind == "file" }.allSatisfy { ($0.body["sha256"] as? String)?.count == 64 })
    let counts = Dictionary(grouping: told, by: \.kind).mapValues(\.count)
    #expect((counts["event"] ?? 0) > 50 && (counts["finding"] ?? 0) > 0)
    let summary = "\(logs.count) files, \(counts["event"] ?? 0) events, \(counts["finding"] ?? 0) findings"
    #expect(result.errors == "ir-analyze: \(summary)\n")
    // The same bytes, however many threads there are.
    for workers in ["1", "2", "7"] { #expect(try parse(logs + ["--workers", workers]).output == result.output) }
  }

  @Test func findingsAloneAreThoseOfAll() throws {
    let all = try parse(logs + ["-q"])
    let alone = try parse(logs + ["-q", "--findings"])
    #expect(all.errors.isEmpty && alone.errors.isEmpty)
    #expect(
      alone.output.split(separator: "\n") == all.output.split(separator: "\n").filter { !$0.hasPrefix("{\"event\"") })
  }

  @Test func standardInputIsReadByItsContent() throws {
    let line = "Nov 25 05:20:48 web-1 sshd[392]: Failed password for root from 203.0.113.66 port 4711 ssh2\n"
    let result = try parse(["-", "--name", "host/auth.log"], input: line)
    #expect(result.status == 0, "\(result.errors)")
    let told = try lines(result)
    #expect(told.first?.body["path"] as? String == "host/auth.log")
    #expect(told.first?.body["kind"] as? String == "log/linux.syslog")
    #expect(told.filter { $0.kind == "event" }.count == 1)
    #expect(try parse(["-", "-"]).status == 64)
  }

  /// Ten o'clock on 4 July 2026, in nanoseconds.
  @Test(arguments: [
    ("UTC", 1_783_159_200_000_000_000), ("+09:00", 1_783_126_800_000_000_000),
    ("Asia/Seoul", 1_783_126_800_000_000_000), ("Europe/Berlin", 1_783_152_000_000_000_000),
  ])
  func localTimesAreOfTheZoneThatIsSaid(_ zone: String, _ time: Int) throws {
    let input = "2026-07-04 10:00:00 install base-files:amd64 <none> 12\n"
    let result = try parse(["-", "--name", "var/log/dpkg.log", "--zone", zone, "-q"], input: input)
    #expect(result.status == 0 && result.output.contains("{\"ns\":\(time),"), "\(result.output)\(result.errors)")
  }

  @Test func whatIsNoZoneIsRefused() throws {
    let result = try parse(["-", "--zone", "Mars/Olympus"])
    #expect(result.status == 64 && result.errors.contains("--zone"))
  }

  @Test func whatCannotBeReadIsNamedAndTheRestIsRead() throws {
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: logs[0])))
    // Of one a few records are left, of the other not even one.
    let cut = try folder.write("cut.gz", Array(whole.prefix(9000)))
    let stump = try folder.write("stump.gz", Array(whole.prefix(300)))
    let result = try parse(["missing.log", logs[0], cut, stump])
    #expect(result.status == 2)
    #expect(result.errors.contains("missing.log: "))
    let told = try lines(result)
    #expect(told.filter { $0.kind == "file" }.compactMap { $0.body["path"] as? String } == [logs[0], cut, stump])
    var skipped: Set<String> = []
    var file = ""
    for (kind, body) in told {
      if kind == "file" { file = body["path"] as? String ?? "" }
      if kind == "coverage", body["state"] as? String == "skipped" { skipped.insert(file) }
    }
    #expect(skipped == [cut, stump])
  }

  @Test func aClosedPipeEndsItQuietly() throws {
    let names = logs.map { "'\($0)'" }.joined(separator: " ")
    let result = try runProgram(
      "/bin/bash", ["-c", "'\(irAnalyze)' parse \(names) \(names) \(names) | head -1; echo ${PIPESTATUS[0]}"])
    #expect(result.output.hasPrefix("{\"file\"") && result.output.hasSuffix("\n0\n"))
    #expect(!result.errors.contains("error"))
  }
}
