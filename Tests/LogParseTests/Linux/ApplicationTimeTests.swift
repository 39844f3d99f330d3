import Evidence
import Testing

@testable import LogParse

@Suite struct ApplicationTimeTests {
  private func times(_ line: String) throws -> [String?] {
    let dump = try EventDump(String(repeating: line + "\n", count: 3), path: "app.log")
    guard dump.format == "app.log", dump.events.count == 3 else { return [dump.format] }
    return [dump.events.first?.time.map { "\($0)" }, dump.events.first?.text("level"), dump.events.first?.text("text")]
  }

  @Test(arguments: [
    ("20251125T041001,123 INFO x: y", "2025-11-25T04:10:01.123Z"),
    ("20251125041001123 INFO x: y", "2025-11-25T04:10:01.123Z"),
    ("20251125 04:10:01.123 INFO x: y", "2025-11-25T04:10:01.123Z"),
    ("1764043801123 INFO x: y", "2025-11-25T04:10:01.123Z"),
    ("1764043801 INFO x: y", "2025-11-25T04:10:01Z"),
    ("25.11.2025 04:10:01 INFO x: y", "2025-11-25T04:10:01Z"),
    ("25-11-2025 04:10:01.123 INFO x: y", "2025-11-25T04:10:01.123Z"),
    ("2025.11.25 04:10:01 INFO x: y", "2025-11-25T04:10:01Z"),
    ("25/11/2025 04:10:01 INFO x: y", "2025-11-25T04:10:01Z"),
    ("11/25/2025 04:10:01 INFO x: y", "2025-11-25T04:10:01Z"),
    ("11/05/2025 4:10:01 PM INFO x: y", "2025-11-05T16:10:01Z"),
    ("25/11/26 04:10:01 INFO x: y", "2025-11-26T04:10:01Z"),
    ("Tue Nov 25 13:10:01 KST 2025 INFO x: y", "2025-11-25T04:10:01Z"),
    ("Nov. 25, 2025 4:10:01 PM INFO x: y", "2025-11-25T16:10:01Z"),
    ("11月 25, 2025 4:10:01 午後 INFO x: y", "2025-11-25T16:10:01Z"),
    ("2025-11-25T04:10:01,123 INFO x: y", "2025-11-25T04:10:01.123Z"),
    ("2025-11-25 04:10:01.123:INFO:x: y", "2025-11-25T04:10:01.123Z"),
  ]) func layouts(_ line: String, _ time: String) throws {
    let found = try times(line)
    #expect(found.count == 3, "\(line): \(found)")
    #expect(found.first == Timestamp(iso8601: time).map { "\($0)" }, "\(line)")
    #expect(found.dropFirst().first == "INFO" && found.last == "x: y", "\(line): \(found)")
  }

  /// What stands in front of the time, or in brackets with it.
  @Test func marks() throws {
    let lines = [
      "[exec-1] 2025-11-25 04:10:01,123 ERROR a.B - x", "INFO  [exec-1] 2025-11-25 04:10:01,123 B.java:12 - x",
      "[info] 2025-11-25T04:10:01.123456Z nonode x", "I, [2025-11-25T04:10:01.123456 #77]  INFO -- : x",
      "[2025-11-25 04:10:01,123: WARNING/MainProcess] x", "2025-11-25T04:10:01: x",
    ]
    let dump = try EventDump(lines.joined(separator: "\n") + "\n", path: "app.log")
    #expect(dump.format == "app.log" && dump.events.count == lines.count)
    #expect(dump.events.map { $0.text("level") } == ["ERROR", "INFO", "info", "INFO", "WARNING", nil])
    #expect(dump.events.map { $0.text("thread") }.prefix(2) == ["exec-1", "exec-1"])
    #expect(dump.events.allSatisfy { $0.time.map { $0.nanoseconds / 1_000_000_000 } == 1_764_043_801 })
  }

  /// No time where it would be a guess, and none in numbers that are something else.
  @Test func lookalikes() throws {
    for line in [
      "11/10/2025 04:10:01 INFO x", "12345678 04:10:01 x", "1764043801 requests served", "20251325041001123 INFO x",
      "25/11/25 04:10:01 files", "2025.11 04:10:01 x", "Then, 25, 2025 4:10:01 AM x", "1.2.3.4 04:10:01 INFO x",
    ] {
      #expect(EventDump.recognize(Array(String(repeating: line + "\n", count: 3).utf8), path: "x") == nil, "\(line)")
    }
  }

  @Test func redis() throws {
    let dump = try EventDump(
      "1:M 25 Nov 2025 04:10:01.123 * Ready\n17:S 25 Nov 2025 04:10:02.123 # x\n", path: "redis.log")
    #expect(dump.format == "app.log" && dump.events.map { $0.text("thread") } == ["1:M", "17:S"])
    #expect(dump.events.first?.time?.description == "2025-11-25T04:10:01.123Z")
    #expect(dump.events.map { $0.text("text") } == ["* Ready", "# x"])
  }
}
