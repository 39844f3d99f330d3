import Bytes
import Evidence
import Foundation
import Testing

@testable import Report
@testable import Timeline

@Suite("Timeline files")
struct TimelineFilesTests {
  typealias Samples = ReportSamples

  private func input(_ events: [Event]) -> CaseInput {
    CaseInput(
      title: "t", artifacts: [ArtifactRecord(digest: Samples.digest("log"), paths: ["log"], size: 1)],
      events: EventList(events.map { (Samples.digest("log"), $0) }), findings: [Samples.finding("x")])
  }

  @Test("Lines have Timesketch's fields, agree about the time and are in order")
  func form() throws {
    try Samples.written(Samples.input()) { folder in
      let lines = try Samples.lines(folder, "timeline.jsonl")
      #expect(lines.count == 40)
      var last = Int64.min
      for line in lines {
        for name in ["message", "datetime", "timestamp_desc", "data_type", "artifact", "locator", "source"] {
          #expect(line[name] is String, "\(name)")
        }
        let stamp = try #require((line["timestamp"] as? NSNumber)?.int64Value)
        let written = try #require(Timestamp(iso8601: line["datetime"] as? String ?? ""))
        #expect(written.microseconds == stamp)
        #expect(stamp >= last)
        last = stamp
        #expect((line["datetime"] as? String)?.hasSuffix("+00:00") == true)
      }
      #expect(
        lines.first { ($0["message"] as? String)?.hasPrefix("0 ") == true }?["tag"] as? [String] == [
          "log4shell.jndi-lookup"
        ])
    }
  }

  @Test("A clock that was measured is put right in every file, with the recorded time beside it; AWS's times stay")
  func clocks() throws {
    let aws = Samples.digest("aws")
    var call = Samples.event(30, "call", type: "aws:cloudtrail:entry")
    call.entities = []
    var input = CaseInput(
      title: "t", artifacts: [],
      events: EventList([(Samples.digest("log"), Samples.event(50, "shell")), (aws, call)]), findings: [])
    input.clocks = ClockCorrection(skews: [], nanoseconds: [Samples.digest("log"): -37_000_000_000])
    try Samples.written(input) { folder in
      let lines = try Samples.lines(folder, "timeline.jsonl")
      #expect(lines.map { $0["message"] as? String } == ["shell", "call"])
      let shell = try #require(lines.first)
      #expect((shell["timestamp"] as? NSNumber)?.int64Value == Samples.time(13).microseconds)
      let recorded = try #require(Timestamp(iso8601: shell["recorded_time"] as? String ?? ""))
      #expect(recorded.nanoseconds == Samples.time(50).nanoseconds)
      #expect(lines.last?["recorded_time"] == nil)
      #expect((lines.last?["timestamp"] as? NSNumber)?.int64Value == Samples.time(30).microseconds)
    }
  }

  @Test("A name has one JSON type in the whole file, whatever the records had")
  func oneType() throws {
    func event(_ second: Int64, _ value: Value, _ other: Value) -> Event {
      var event = Samples.event(second, "m")
      event.attributes = [Attribute("size", value), Attribute("names", other), Attribute("pid", 3)]
      return event
    }
    try Samples.written(
      input([
        event(1, .integer(5), .text("a")), event(2, .text("big"), .texts(["b", "c"])),
        event(3, .flag(true), .text("d")),
      ])
    ) { folder in
      let lines = try Samples.lines(folder, "timeline.jsonl")
      #expect(lines.compactMap { $0["size"] as? String } == ["5", "big", "true"])
      #expect(lines.compactMap { $0["names"] as? [String] } == [["a"], ["b", "c"], ["d"]])
      #expect(lines.compactMap { $0["pid"] as? Int } == [3, 3, 3])
    }
  }

  @Test("Reserved names, dots and repeated names give way")
  func names() throws {
    var event = Samples.event(1, "m")
    event.attributes = ["message", "timestamp", "_id", "__ts_timeline_id", "a.b", "a b", "", "1x", "artifact"].map {
      Attribute($0, "evil")
    }
    try Samples.written(input([event])) { folder in
      let line = try #require(try Samples.lines(folder, "timeline.jsonl").first)
      #expect(line["message"] as? String == "m")
      #expect(line["timestamp"] is NSNumber)
      #expect(line["record_timestamp"] as? String == "evil")
      #expect(line["a_b"] as? String == "evil" && line["a_b_2"] as? String == "evil")
      #expect(line["_id"] == nil && line["__ts_timeline_id"] == nil && line["a.b"] == nil)
      #expect(line.keys.allSatisfy { $0.utf8.allSatisfy { $0 == 0x5F || ($0 | 0x20 >= 0x61) || $0 <= 0x39 } })
    }
  }

  @Test("More names than an index takes are folded into one field, the rarest first")
  func manyNames() throws {
    let events = (0..<(TimelineFields.maximumNames + 20)).map { number in
      var event = Samples.event(Int64(number), "m")
      event.attributes = [Attribute("common", 1), Attribute("n\(number)", "v\(number)")]
      return event
    }
    try Samples.written(input(events)) { folder in
      let lines = try Samples.lines(folder, "timeline.jsonl")
      let names = Set(lines.flatMap(\.keys))
      #expect(names.count <= TimelineFields.maximumNames + 12)
      #expect(names.contains("common") && names.contains("more_fields"))
      #expect(lines.contains { ($0["more_fields"] as? [String])?.first?.contains("=v") == true })
    }
  }

  @Test("A field is never longer than a keyword may be, and is cut between characters")
  func longFields() throws {
    let text = String(repeating: "가", count: 20_000)
    var event = Samples.event(1, text)
    event.attributes.append(Attribute("list", .texts([text, "short"])))
    try Samples.written(input([event])) { folder in
      let line = try #require(try Samples.lines(folder, "timeline.jsonl").first)
      for value in line.values {
        for text in (value as? [String]) ?? [(value as? String) ?? ""] {
          #expect(text.utf8.count <= 32_766)
          #expect(!text.contains("\u{FFFD}"))
        }
      }
      #expect((line["message"] as? String)?.hasSuffix(" [cut]") == true)
    }
    for limit in 6...40 { #expect(TimelineRecord.cut("a가나다라마바사아자차카타파하", to: limit).utf8.count <= limit) }
  }

  @Test(
    "No cell of the table is a formula, and cells with line breaks stay one cell",
    arguments: [
      "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\u{3000}＝1", "\u{FEFF}=1", "plain", "a,b", "a\"b",
      "a\nb", "\u{0}=1",
    ])
  func csv(cell: String) {
    var bytes: [UInt8] = []
    CSV.append(cell, to: &bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    let inner = text.hasPrefix("\"") ? String(text.dropFirst().dropLast()) : text
    #expect(!(inner.first.map { "=+-@\t\r\n＝".contains($0) } ?? false))
    #expect(!text.utf8.contains(0))
    if cell.contains("=") { #expect(inner.hasPrefix("'")) }
    if cell == "plain" { #expect(text == "plain") }
    if cell == "a\"b" { #expect(text == "\"a\"\"b\"") }
  }

  @Test("The table has as many rows as the timeline has lines, of ten cells each")
  func table() throws {
    try Samples.written(Samples.input("plain, with \"quotes\"")) { folder in
      let rows = try Samples.read(folder, "timeline.csv").components(separatedBy: "\r\n").dropLast()
      #expect(rows.count == 41)
      #expect(
        rows.first == "message,datetime,timestamp,timestamp_desc,data_type,artifact,locator,source,entities,seen_also")
    }
  }

  @Test("Of equal relevance the page takes the same sample every time; what matters always stays")
  func pageRows() {
    func rows(_ numbers: [Int]) -> [PageRow] {
      var rows = PageRows(limit: 50)
      for number in numbers {
        let event = Samples.event(Int64(number), "m\(number)", offset: UInt64(number))
        let key = EventKey(nanoseconds: Int64(number), artifact: Samples.digest("log"), place: UInt64(number))
        rows.offer(event, key, number % 100 == 0 ? 9 : 0, [])
      }
      return rows.sorted
    }
    let one = rows(Array(0..<1000))
    #expect(one == rows((0..<1000).reversed()))
    #expect(one.count == 50)
    #expect(one.filter { $0.relevance == 9 }.count == 10)
    #expect(rows([]).isEmpty)
  }

  @Test("Density counts everything, also at the ends of time")
  func density() {
    var density = Density([
      SourceFacts(
        source: .waf, events: 2, first: Timestamp(nanoseconds: .min), last: Timestamp(nanoseconds: .max))
    ])
    density.add(.min, 0)
    density.add(.max, 0)
    density.add(0, 99)
    density.add(0, -1)
    #expect(density.counts[0].first == 1 && density.counts[0].last == 1)
  }
}
