import Bytes
import Evidence
import Foundation
import Testing
import Timeline

@testable import Report

@Suite("The files of a report")
struct ReportWriterTests {
  typealias Samples = ReportSamples

  @Test("All files are there, and nothing else is left behind")
  func files() throws {
    try Samples.written(Samples.input()) { folder in
      let found = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(found == ReportWriter.files.sorted())
    }
  }

  @Test("Two runs write the same bytes, and so does one that sorts on disk")
  func sameBytes() throws {
    var texts: [[String]] = []
    for options in [ReportOptions(), ReportOptions(), ReportOptions(sortMemory: 0)] {
      try Samples.written(Samples.input(events: 300), options) { folder in
        texts.append(try ReportWriter.files.map { try Samples.read(folder, $0) })
      }
    }
    #expect(texts[0] == texts[1])
    #expect(texts[0] == texts[2])
  }

  @Test("An empty case gives whole files")
  func empty() throws {
    let input = CaseInput(title: "", artifacts: [], events: EventList([]), findings: [])
    try Samples.written(input) { folder in
      #expect(try Samples.read(folder, "timeline.jsonl").isEmpty)
      #expect(try Samples.read(folder, "findings.jsonl").isEmpty)
      let incident = try JSONSerialization.jsonObject(with: Data(try Samples.read(folder, "incident.json").utf8))
      #expect(incident is [String: Any])
      #expect(try Samples.read(folder, "report.html").hasSuffix("</html>\n"))
    }
  }

  @Test("A folder that cannot be written is an error")
  func unwritable() {
    #expect(throws: (any Error).self) {
      try ReportWriter.write(Samples.input(), to: "/proc/none/report")
    }
  }

  @Test("Findings have the fields of the contract, unique ids, and come worst first")
  func findings() throws {
    try Samples.written(Samples.input()) { folder in
      let findings = try Samples.lines(folder, "findings.jsonl")
      #expect(findings.count >= 2)
      for finding in findings {
        for name in ["id", "rule", "title", "severity", "confidence", "message"] { #expect(finding[name] is String) }
        let evidence = try #require(finding["evidence"] as? [[String: Any]])
        #expect((evidence.first?["artifact"] as? String)?.count == 64)
        #expect(evidence.first?["path"] is String && evidence.first?["locator"] is String)
      }
      let ids = findings.compactMap { $0["id"] as? String }
      #expect(Set(ids).count == ids.count)
      let ranks = findings.compactMap { ($0["severity"] as? String).flatMap(Severity.init(rawValue:))?.rank }
      #expect(ranks == ranks.sorted(by: >))
    }
  }

  @Test("incident.json has its parts")
  func incident() throws {
    try Samples.written(Samples.input()) { folder in
      let text = try Samples.read(folder, "incident.json")
      let incident = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      for part in ["entities", "edges", "steps", "response", "coverage", "custody", "exposures", "clock", "counts"] {
        #expect(incident[part] != nil, "\(part)")
      }
      #expect((incident["verdict"] as? [String])?.count == 3)
      let counts = try #require(incident["counts"] as? [String: Any])
      #expect(counts["events"] as? Int == 41 && counts["timeline"] as? Int == 40)
    }
  }

  @Test("Secrets are in no file")
  func secrets() throws {
    let secret = "abcdEFGH1234/abcdEFGH1234+abcdEFGH123456"
    let text = "SecretAccessKey=\(secret)"
    try Samples.written(Samples.input(text)) { folder in
      for name in ReportWriter.files where name != "bodyfile" {
        // The title and the path are the caller's own words.
        let content = try Samples.read(folder, name).replacingOccurrences(of: "var/log/" + text, with: "")
        let told = content.components(separatedBy: secret).count - 1
        let titled = content.components(separatedBy: text).count - 1
        #expect(told == titled || name == "report.html", "\(name)")
      }
      #expect(try Samples.read(folder, "timeline.jsonl").contains("[masked aws-secret-key sha256:"))
      #expect(try Samples.read(folder, "incident.json").contains("\"kind\":\"aws-secret-key\""))
    }
  }
}
