import Bytes
import Evidence
import Testing

@testable import LogParse

/// The kernel's process accounting.
@Suite struct AccountingTests {
  /// Version 3, with what the tests change.
  private func record(
    _ name: String, version: UInt8 = 3, flags: UInt8 = 0, status: UInt32 = 0, seconds: UInt32 = 1_795_584_030,
    ticks: Float = 50
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 64)
    func put(_ number: UInt64, _ count: Int, _ place: Int) {
      for index in 0..<count {
        let shift = version & 0x80 != 0 ? count - 1 - index : index
        bytes[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(shift * 8))
      }
    }
    bytes[0] = flags
    bytes[1] = version
    put(0x8802, 2, 2)
    put(UInt64(status), 4, 4)
    put(91, 4, 8)
    put(92, 4, 12)
    put(1234, 4, 16)
    put(1200, 4, 20)
    put(UInt64(seconds), 4, 24)
    put(UInt64(ticks.bitPattern), 4, 28)
    // 2 * 8 hundredths.
    put(0x2002, 2, 32)
    for (index, byte) in name.utf8.prefix(16).enumerated() { bytes[48 + index] = byte }
    return bytes
  }

  @Test(arguments: [3, 0x83] as [UInt8])
  func aProcessThatEnded(_ version: UInt8) throws {
    let dump = try EventDump(record("curl", version: version, flags: 2), path: "var/account/pacct")
    #expect(dump.format == "linux.accounting" && dump.coverages.map(\.state) == [.parsed])
    let event = try #require(dump.events.first)
    #expect(event.message == "curl (pid 1234) ran as uid 91 on pts/2." && event.timeMeaning == .start)
    #expect(event.time?.description == "2026-11-25T05:20:30Z" && event.entities == [Entity(.process, "1234")])
    #expect(event.integer("ppid") == 1200 && event.integer("gid") == 92 && event.integer("exit_code") == 0)
    #expect(event.integer("elapsed_milliseconds") == 500 && event.integer("cpu_milliseconds") == 160)
    #expect(event["used_privileges"] == .flag(true) && event["is_fork"] == nil)
  }

  @Test func signalsAndExits() throws {
    let bytes = record("bash", status: 9) + record("cron", flags: 8, status: 0x0B00) + record("sh", flags: 1)
    let events = try EventDump(bytes, path: "pacct").events
    #expect(events.map { $0.integer("signal") } == [9, nil, nil] && events[0].integer("exit_code") == nil)
    #expect(events[1].integer("exit_code") == 11 && events[1]["dumped_core"] == .flag(true))
    #expect(events[2]["is_fork"] == .flag(true))
  }

  @Test func recordsOfVersionTwo() throws {
    var bytes = [UInt8](repeating: 0, count: 64)
    bytes[1] = 2
    for (index, byte) in withUnsafeBytes(of: UInt32(1_795_584_030).littleEndian, Array.init).enumerated() {
      bytes[8 + index] = byte
    }
    for (index, byte) in "wget".utf8.enumerated() { bytes[36 + index] = byte }
    bytes[56] = 33
    let event = try #require(try EventDump(bytes, path: "var/log/account/pacct").events.first)
    #expect(event.message == "wget ran as uid 33." && event.entities.isEmpty)
  }

  @Test func whatIsNone() throws {
    let four = Array(repeatElement(record("ls"), count: 4).joined())
    #expect(EventDump.recognize(four, path: "x.bin")?.name == "linux.accounting")
    #expect(EventDump.recognize(record("ls"), path: "x.bin")?.name != "linux.accounting")
    for odd in [
      record("a\nb"), record(""), record("ls", seconds: 5), record("ls", ticks: .nan), record("x", version: 9),
    ] {
      #expect(EventDump.recognize(odd, path: "pacct")?.name != "linux.accounting")
      let dump = try EventDump(four + odd + four + [0, 3], path: "pacct")
      #expect(dump.events.count == 8 && dump.coverages.filter { $0.state == .skipped }.count == 2)
    }
  }
}
