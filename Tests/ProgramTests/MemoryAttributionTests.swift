import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// The shipped machine, its memory and what its own commands showed, through the whole program.
struct MemoryAttributionTests {
  private static let machine = "\(PackageFiles.bundle)/i-0b7c4e19d2f35a86e"

  @Test func everyHitInMemoryHasAnOwnerAndCaptureAndMemoryAgree() throws {
    let folder = try TemporaryFolder()
    let store = "\(folder.path)/store"
    _ = try runProgram(irAnalyze, ["run", Self.machine, "-o", "\(folder.path)/out", "--store", store])
    let text = String(
      decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/out/findings.jsonl")), as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init)
    let lookups = lines.filter { $0.contains("\"log4shell.jndi-lookup\"") && $0.contains("phys=0x") }
    #expect(!lookups.isEmpty)
    // The server's heap held what it was sent; `shared=` tells of other processes only where there are some.
    #expect(lookups.contains { $0.contains(";pid=351;va=0x") && $0.contains(";map=") })
    for line in lookups {
      let places = line.components(separatedBy: "phys=0x").dropFirst()
      #expect(places.allSatisfy { $0.contains("map=") })
    }
    #expect(lines.contains { $0.contains("incident.held-file") && $0.contains("/tmp/.X11-lock") && $0.contains("492") })
    #expect(!lines.contains { $0.contains("\"contradiction.") && $0.contains("\"high\"") })
    try show(lookups, store)
  }

  /// A locator of a finding leads to the bytes that it speaks of.
  private func show(_ lookups: [String], _ store: String) throws {
    let line = try #require(lookups.first { $0.contains(";pid=351;va=0x") })
    let start = try #require(line.range(of: "phys=0x"))
    let place = String(line[start.lowerBound...].prefix { $0 != "\"" })
    let artifact = try #require(
      Array(line.utf8).withView { JSONView($0)["evidence"]?.elements.first?["artifact"]?.string })
    let shown = try runProgram(
      irAnalyze, ["show", artifact, place, "--store", store, "--length", "64", "--raw"])
    #expect(shown.status == 0)
    #expect(shown.output.contains("${") || shown.output.contains("$\0{") || shown.output.contains("%24"))
    // What goes on beyond its page is read by the process's own addresses.
    let (_, pid, virtual) = try #require(place.firstMatch(of: /pid=([0-9]+);va=(0x[0-9a-f]+)/)?.output)
    for words in [[place, "--length", "9000"], ["pid=\(pid);va=\(virtual)", "--length", "64"]] {
      let through = try runProgram(irAnalyze, ["show", artifact] + words + ["--store", store])
      #expect(through.status == 0, "\(words) \(through.errors)")
      #expect(through.output.contains("virtual address of pid \(pid)"), "\(words) \(through.output.prefix(300))")
    }
  }

  @Test func rulesThatAskForNamesAreAskedUnderEachNameAndOthersOnce() throws {
    let folder = try TemporaryFolder()
    try folder.write("rules/yara/name.yar", "rule shell_page { condition: extension == \".jsp\" }")
    try folder.write("rules/yara/content.yar", "rule word { strings: $a = \"the same words\" condition: $a }")
    try folder.write("bundle/one/page.jsp", "the same words")
    try folder.write("bundle/two/page.txt", "the same words")
    func run(_ out: String) throws -> (findings: String, computed: Int64?) {
      _ = try runProgram(
        irAnalyze,
        [
          "run", "\(folder.path)/bundle", "-o", "\(folder.path)/\(out)", "--store", "\(folder.path)/store", "--rules",
          "\(folder.path)/rules",
        ])
      let report = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(out)/run.json"))
      let findings = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(out)/findings.jsonl"))
      return (
        String(decoding: findings, as: UTF8.self),
        [UInt8](report).withView { JSONView($0)["units"]?["computed"]?.integer }
      )
    }
    let first = try run("one")
    #expect(first.findings.contains("yara:shell_page") && first.findings.contains("yara:word"))
    // A change of the rule about names asks that rule again, under both names, and nothing else but Sigma's.
    try folder.write("rules/yara/name.yar", "rule shell_page { condition: extension == \".php\" }")
    let second = try run("two")
    #expect(!second.findings.contains("yara:shell_page") && second.findings.contains("yara:word"))
    #expect(second.computed == 2)
    #expect(try run("three").computed == 0)
  }
}
