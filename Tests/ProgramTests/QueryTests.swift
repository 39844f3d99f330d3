import Bytes
import Foundation
import TestSupport
import Testing

/// The commands that ask a finished report: `timeline` and `show`.
struct QueryTests {
  private let bundle: SmallBundle
  private var out: String { bundle.folder.path + "/out" }

  init() throws {
    bundle = try SmallBundle()
    _ = try bundle.run("out")
  }

  private func timeline(_ arguments: [String]) throws -> [[String: Any]] {
    let result = try runProgram(irAnalyze, ["timeline", out, "--json"] + arguments)
    #expect(result.status == 0, "\(result.errors)")
    return try result.output.split(separator: "\n").map {
      try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func theTimelineAnswersByTimeEntityKindAndText() throws {
    let all = try timeline([])
    let lines = try bundle.contents("out/timeline.jsonl").split(separator: "\n")
    #expect(all.count == lines.count)
    let attacker = try timeline(["--entity", "203.0.113.66"])
    #expect(!attacker.isEmpty && attacker.count < all.count)
    #expect(attacker.allSatisfy { ($0["entities"] as? [String])?.contains { $0.hasSuffix(":203.0.113.66") } == true })
    let payloads = try timeline(["--kind", "aws:waf", "--grep", "JNDI:ldap"])
    #expect(!payloads.isEmpty && payloads.allSatisfy { $0["data_type"] as? String == "aws:waf:request" })
    let minute = try timeline(["--from", "2026-11-25T05:22", "--to", "2026-11-25T05:22"])
    #expect(
      !minute.isEmpty && minute.allSatisfy { ($0["datetime"] as? String)?.hasPrefix("2026-11-25T05:22:") == true })
    #expect(try timeline(["--limit", "2"]).count == 2)
    #expect(FileManager.default.fileExists(atPath: out + "/.timeline-index.sqlite"))
  }

  @Test func aCaseOfTheStoreIsAskedWithoutAReport() throws {
    let arguments = ["timeline", "--case", "i-0b7c4e19d2f35a86e", "--store", bundle.store, "--json", "-q"]
    let first = try runProgram(irAnalyze, arguments)
    let expected = try bundle.contents("out/timeline.jsonl")
    #expect(first.status == 0 && first.output == expected)
    #expect(
      try runProgram(irAnalyze, arguments + ["--count"]).output == "\(first.output.split(separator: "\n").count)\n")
  }

  @Test func anIndexDoesNotChangeTheReport() throws {
    let before = try bundle.outputs("out")
    _ = try timeline(["--limit", "1"])
    _ = try bundle.run("out")
    #expect(try bundle.outputs("out") == before)
  }

  @Test func wrongQuestionsAreToldSo() throws {
    for (arguments, part) in [
      (["timeline", out, "--from", "yesterday"], "is no time"),
      (["timeline", bundle.folder.path], "no timeline.jsonl"),
      (["timeline", out, "--case", "x"], "not both"), (["show", "54ec", "--store", out], "no store"),
      (["show", "ffffffff-ffff", "--store", bundle.store], "no finding"),
      (["show", "ffffffff:0", "--store", bundle.store], "no object"),
      (["show", "ffffffff", "--store", bundle.store], "--report names one"),
      (["timeline", out, "--from", "2026-11-25T06:00", "--to", "2026-11-25T05:00"], "--to lies before --from"),
    ] {
      let result = try runProgram(irAnalyze, arguments)
      #expect(result.status == 64 && result.errors.contains(part), "\(arguments) \(result.errors)")
    }
    let empty = try runProgram(irAnalyze, ["timeline", out, "--grep", "no such text anywhere"])
    #expect(empty.status == 0 && empty.output.isEmpty && empty.errors.contains("no event matches"))
  }

  @Test func showGoesToEveryPlaceOfEveryFinding() throws {
    let findings = try bundle.contents("out/findings.jsonl").split(separator: "\n")
    #expect(!findings.isEmpty)
    for line in findings {
      let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let id = try #require(object["id"] as? String)
      let shown = try runProgram(irAnalyze, ["show", id, "--store", bundle.store, "--report", out])
      #expect(shown.status == 0, "\(id): \(shown.errors)")
      #expect(shown.output.contains(object["rule"] as? String ?? "-"))
      #expect(shown.output.contains("\n> "), "\(id) shows no bytes: \(shown.output)")
      #expect(!shown.output.utf8.contains { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F })
    }
  }

  @Test func showFindsAPlaceInACompressedLogByTheReportsOwnWords() throws {
    let lines = try bundle.contents("out/timeline.jsonl").split(separator: "\n")
    let line = try #require(lines.first { $0.contains("aws:waf:request") && $0.contains("jndi:ldap") })
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let digest = try #require(object["artifact"] as? String)
    let locator = try #require(object["locator"] as? String)
    let shown = try runProgram(irAnalyze, ["show", "\(digest):\(locator)", "--store", bundle.store])
    #expect(shown.status == 0 && shown.output.contains("jndi:ldap") && shown.output.contains("gzip is undone"))
    let number = try #require(locator.firstMatch(of: /line=([0-9]+)/)?.1)
    let byLine = try runProgram(
      irAnalyze, ["show", String(digest.prefix(12)), "gzip!line=\(number)", "--store", bundle.store])
    #expect(byLine.status == 0 && byLine.output.contains("jndi:ldap"))
    let raw = try runProgram(irAnalyze, ["show", "\(digest):\(locator)", "--store", bundle.store, "--raw"])
    #expect(raw.output.hasPrefix("{\"timestamp\"") || raw.output.contains("\"httpRequest\""))
    let start = try #require(locator.firstMatch(of: /bytes=([0-9]+)/)?.1)
    let beyond = try runProgram(irAnalyze, ["show", "\(digest):gzip!bytes=99999999+10", "--store", bundle.store])
    #expect(beyond.status == 0 && beyond.output.contains("ends before this place"), "\(start)")
  }
}
