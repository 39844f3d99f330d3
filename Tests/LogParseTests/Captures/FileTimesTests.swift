import Evidence
import Testing

@testable import LogParse

@Suite struct FileTimesTests {
  @Test func timesOfFiles() throws {
    let text = """
      2025-11-25+04:10:01.1234567890 /tmp/.x/a b
      2025-11-25 04:10:02.0000000000 ./y
      1764043803.5000000000 /z
      find: ‘/proc/1’: Permission denied

      """
    let dump = try EventDump(text, path: "find.txt")
    #expect(dump.format == "capture.file_times" && HostileInputTests.isWhole(dump, text.utf8.count))
    #expect(dump.events.map { $0.text("path") } == ["/tmp/.x/a b", "./y", "/z"])
    #expect(
      dump.events.map { $0.time?.nanoseconds } == [
        1_764_043_801_123_456_789, 1_764_043_802_000_000_000, 1_764_043_803_500_000_000,
      ])
    for other in ["2025-11-25 04:10:01.123 /x\n", "2025-11-25 04:10:01.1234567890 x\n", "1.1234567890 /x\n"] {
      #expect(EventDump.recognize(Array(other.utf8), path: "x")?.name != "capture.file_times", "\(other)")
    }
  }
}
