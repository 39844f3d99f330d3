import Evidence
import Foundation
import Testing
import Timeline

@testable import Report

@Suite("The report's twins")
struct TwinsTests {
  typealias Samples = ReportSamples

  private func object(_ folder: String, _ name: String) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(try Samples.read(folder, name).utf8)) as? [String: Any])
  }

  @Test("STIX: every reference is in the bundle, ids are unique, times have milliseconds")
  func stix() throws {
    try Samples.written(Samples.input()) { folder in
      let objects = try #require(try object(folder, "stix.json")["objects"] as? [[String: Any]])
      let ids = objects.compactMap { $0["id"] as? String }
      #expect(Set(ids).count == ids.count && ids.count == objects.count)
      // A process has nothing to derive an id from: the standard takes version 4 only.
      let process = try #require(ids.first { $0.hasPrefix("process--") })
      #expect(process.dropFirst("process--".count + 14).first == "4")
      for one in objects {
        #expect(one["spec_version"] as? String == "2.1")
        for (name, value) in one where name.hasSuffix("_ref") || name.hasSuffix("_refs") {
          for reference in (value as? [String]) ?? [(value as? String) ?? ""] { #expect(ids.contains(reference)) }
        }
        if let made = one["created"] as? String { #expect(made.hasSuffix("Z") && made.count == 24) }
      }
      #expect(objects.contains { $0["type"] as? String == "vulnerability" })
      #expect(objects.contains { ($0["pattern"] as? String) == "[ipv4-addr:value = '203.0.113.66']" })
    }
  }

  @Test("STIX: an observable's id is the one that the specification computes")
  func stixObservable() throws {
    try Samples.written(Samples.input()) { folder in
      // UUID version 5 of {"value":"203.0.113.66"} in the specification's namespace.
      let bundle = try Samples.read(folder, "stix.json")
      #expect(bundle.contains("ipv4-addr--e17823ff-cd7d-55c9-8a58-6ff3c5c23bcb"))
    }
  }

  @Test("OCSF: each line has what the class requires")
  func ocsf() throws {
    try Samples.written(Samples.input()) { folder in
      let lines = try Samples.lines(folder, "ocsf.jsonl")
      #expect(lines.count >= 2)
      for line in lines {
        #expect(line["class_uid"] as? Int == 2004 && line["type_uid"] as? Int == 200_401)
        #expect(line["time"] is NSNumber && line["severity_id"] is NSNumber)
        #expect((line["metadata"] as? [String: Any])?["product"] is [String: Any])
        #expect((line["finding_info"] as? [String: Any])?["uid"] is String)
      }
    }
  }

  @Test("SARIF: results point at rules and places, and addresses are relative and escaped")
  func sarif() throws {
    try Samples.written(Samples.input()) { folder in
      let run = try #require((try object(folder, "findings.sarif")["runs"] as? [[String: Any]])?.first)
      let rules = try #require(
        ((run["tool"] as? [String: Any])?["driver"] as? [String: Any])?["rules"] as? [[String: Any]])
      for result in try #require(run["results"] as? [[String: Any]]) {
        let number = try #require(result["ruleIndex"] as? Int)
        #expect(rules[number]["id"] as? String == result["ruleId"] as? String)
      }
    }
    #expect(SARIFFile.uri("a b/<c>:d%é") == "a%20b/%3Cc%3E%3Ad%25%C3%A9")
  }

  @Test("Markdown: no text from evidence is markup, closes a fence or becomes a link")
  func markdown() throws {
    #expect(
      Markdown.text("a\n# b <script> [x](y) http://z *c*")
        == "a \\# b &lt;script&gt; \\[x\\]\\(y\\) http:&#47;/z \\*c\\*")
    #expect(Markdown.code("a``b") == "```a``b```")
    #expect(Markdown.code("`") == "`` ` ``")
    #expect(Markdown.code("a\nb") == "`a b`")
    try Samples.written(Samples.input()) { folder in
      let text = try Samples.read(folder, "report.md")
      #expect(!text.contains("\u{1B}") && !text.contains("\u{0}"))
      #expect(text.hasPrefix("# "))
    }
  }

  @Test("The layer and the bodyfile have their forms")
  func small() throws {
    try Samples.written(Samples.input()) { folder in
      let layer = try object(folder, "attack-layer.json")
      #expect(layer["domain"] as? String == "enterprise-attack")
      #expect((layer["techniques"] as? [[String: Any]])?.first?["techniqueID"] as? String == "T1190")
      let rows = try Samples.read(folder, "bodyfile").split(separator: "\n")
      #expect(rows.count == 1)
      #expect(rows.first?.split(separator: "|", omittingEmptySubsequences: false).count == 11)
      #expect(rows.first?.hasSuffix("|0|1795584003|0|0") == true)
    }
  }
}
