import Bytes
import Evidence
import Foundation
import Testing
import Timeline

@testable import Report

@Suite("Copies of records")
struct CopyMergeTests {
  typealias Samples = ReportSamples

  private func call(_ id: String, line: Int, extra: String = "") -> Event {
    Event(
      time: Timestamp(nanoseconds: 1_795_584_000_000_000_000, precision: .second), dataType: "aws:cloudtrail:entry",
      message: "ListBuckets\(extra)", attributes: [Attribute("event_id", id), Attribute("user_agent", "cli\(extra)")],
      locator: Locator(offset: UInt64(line) * 10, length: 9, line: line))
  }

  private func line(_ text: String, number: Int, precision: Timestamp.Precision) -> Event {
    Event(
      time: Timestamp(nanoseconds: 1_795_584_000_000_000_000, precision: precision), dataType: "linux:syslog:entry",
      message: text, locator: Locator(offset: UInt64(number) * 10, length: 9, line: number))
  }

  private func lines(_ events: [(String, Event)]) throws -> [[String: Any]] {
    var found: [[String: Any]] = []
    let input = CaseInput(
      title: "case", artifacts: [], events: EventList(events.map { (Samples.digest($0.0), $0.1) }), findings: [])
    try Samples.written(input) { folder in
      found = try Samples.read(folder, "timeline.jsonl").split(separator: "\n").map {
        try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      // The table has the same rows and the same cells in each.
      let rows = try Samples.read(folder, "timeline.csv").components(separatedBy: "\r\n").dropLast()
      #expect(rows.count == found.count + 1)
      #expect(rows.first?.hasSuffix(",entities,seen_also") == true)
    }
    return found
  }

  @Test("A call in two files is told once, with both places; whatever the copy was wrapped in")
  func calls() throws {
    let all = try lines([
      ("a", call("1", line: 1)), ("b", call("1", line: 7, extra: " via")), ("a", call("2", line: 2)),
    ])
    #expect(all.count == 2)
    let joined = try #require(all.first { $0["seen_also"] != nil })
    let own = try #require(joined["artifact"] as? String)
    let other = [Samples.digest("a").hex, Samples.digest("b").hex].first { $0 != own } ?? ""
    #expect((joined["seen_also"] as? [String])?.first?.hasPrefix(other + " line=") == true)
  }

  @Test("A line twice in one file stays twice, and its copies join one by one")
  func repeated() throws {
    let twice = [1, 2].map { line("same", number: $0, precision: .millisecond) }
    let all = try lines(twice.map { ("a", $0) } + twice.map { ("b", $0) })
    #expect(all.count == 2)
    #expect(all.allSatisfy { ($0["seen_also"] as? [String])?.count == 1 })
  }

  @Test("Lines of two hosts that know only seconds are two lines")
  func coarse() throws {
    let event = line("same", number: 1, precision: .second)
    #expect(try lines([("a", event), ("b", event)]).count == 2)
  }

  @Test("The page and the counts agree with the timeline")
  func twins() throws {
    let input = CaseInput(
      title: "case", artifacts: [],
      events: EventList([(Samples.digest("a"), call("1", line: 1)), (Samples.digest("b"), call("1", line: 2))]),
      findings: [])
    try Samples.written(input) { folder in
      let counts = try #require(
        JSONSerialization.jsonObject(with: Data(Samples.read(folder, "incident.json").utf8)) as? [String: Any])[
          "counts"]
      #expect((counts as? [String: Any])?["timeline"] as? Int == 1)
      #expect((counts as? [String: Any])?["copies_joined"] as? Int == 1)
      let page = try Samples.read(folder, "report.html")
      #expect(page.contains(#""also":{"0":[["#))
    }
  }
}
