import Bytes
import Evidence
import Testing

@testable import LogParse

/// Failed logins as PAM counts them.
@Suite struct FailureRecordTests {
  private func record(_ source: String, _ number: UInt16, _ seconds: UInt64 = 1_795_584_030, old: Bool = false)
    -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0, count: old ? 32 : 64)
    for (index, byte) in source.utf8.enumerated() { bytes[(old ? 4 : 0) + index] = byte }
    bytes[old ? 0 : 54] = UInt8(truncatingIfNeeded: number)
    for index in 0..<8 { bytes[(old ? 16 : 56) + index] = UInt8(truncatingIfNeeded: seconds >> UInt64(index * 8)) }
    return bytes
  }

  @Test func everyAttemptOfFaillock() throws {
    let bytes = record("203.0.113.66", 3) + record("/dev/tty1", 5) + record("cron", 0) + [1, 2]
    let dump = try EventDump(bytes, path: "run/faillock/ops")
    #expect(dump.format == "linux.login_failures" && dump.coverages.map(\.state) == [.parsed, .skipped])
    #expect(
      dump.events.map(\.message) == [
        "A login as ops failed from 203.0.113.66.", "A login as ops failed on /dev/tty1.",
        "A login as ops failed on cron.",
      ])
    #expect(dump.events[0].entities == [Entity(.user, "ops"), Entity(.address, "203.0.113.66")])
    #expect(dump.events.map { $0.text("status") } == [nil, nil, "no longer counted"])
    #expect(dump.events.allSatisfy { $0.dataType == "linux:login:failure" && $0["is_failure"] == .flag(true) })
    #expect(dump.events[0].time?.description == "2026-11-25T05:20:30Z")
  }

  @Test(arguments: [false, true])
  func tablesByUid(_ old: Bool) throws {
    let size = old ? 32 : 64
    let bytes = [UInt8](repeating: 0, count: size * 1030) + record(old ? "pts/3" : "203.0.113.66", 7, old: old)
    let dump = try EventDump(bytes, path: old ? "var/log/faillog" : "var/log/tallylog")
    #expect(dump.format == "linux.login_failures" && dump.events.count == 1)
    let event = try #require(dump.events.first)
    #expect(event.integer("uid") == 1030 && event.integer("count") == 7)
    #expect(event.text(old ? "tty" : "remote_address") != nil)
    #expect(dump.coverages.map(\.state) == [.parsed])
  }

  @Test func thePlaceTells() {
    #expect(EventDump.recognize(record("203.0.113.66", 3), path: "x/ops")?.name != "linux.login_failures")
    #expect(EventDump.recognize(Array("readme of a folder\n".utf8), path: "run/faillock/ops") == nil)
    #expect(
      EventDump.recognize([UInt8](repeating: 0x41, count: 128), path: "var/log/tallylog")?.name
        != "linux.login_failures")
  }
}
