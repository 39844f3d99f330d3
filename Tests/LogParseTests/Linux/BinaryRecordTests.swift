import Bytes
import Evidence
import Testing

@testable import LogParse

/// Builds login records, so that a lie is one line.
struct UtmpBuilder {
  var type: UInt16 = 7
  var pid: UInt32 = 435
  var line = "pts/2"
  var user = "ops"
  var host = "10.1.0.9"
  var seconds: UInt64 = 1_795_584_100
  var microseconds: UInt64 = 505_107
  var address: [UInt8] = [10, 1, 0, 9]

  func bytes(wide: Bool = false) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: wide ? 400 : 384)
    func put(_ number: UInt64, _ count: Int, _ place: Int) {
      for index in 0..<count { bytes[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(index * 8)) }
    }
    func put(_ text: String, _ place: Int) {
      for (index, byte) in text.utf8.enumerated() { bytes[place + index] = byte }
    }
    put(UInt64(type), 2, 0)
    put(UInt64(pid), 4, 4)
    put(line, 8)
    put(user, 44)
    put(host, 76)
    put(seconds, wide ? 8 : 4, wide ? 344 : 340)
    put(microseconds, wide ? 8 : 4, wide ? 352 : 344)
    for (index, byte) in address.enumerated() { bytes[(wide ? 360 : 348) + index] = byte }
    return bytes
  }
}

@Suite struct UtmpTests {
  @Test(arguments: [false, true])
  func aLoginAndItsLogout(_ wide: Bool) throws {
    var logout = UtmpBuilder(type: 8, line: "pts/2", user: "", host: "", address: [])
    logout.seconds += 24
    let bytes = UtmpBuilder().bytes(wide: wide) + logout.bytes(wide: wide)
    let dump = try EventDump(bytes, path: "var/log/wtmp")
    #expect(dump.format == "linux.utmp")
    #expect(dump.events.map(\.timeMeaning) == [.login, .logout])
    #expect(
      dump.events.map(\.message) == [
        "ops logged in on pts/2 from 10.1.0.9.", "ops logged out on pts/2 from 10.1.0.9.",
      ])
    #expect(dump.events.last?.integer("duration_seconds") == 24)
    #expect(dump.events.first?.time?.description == "2026-11-25T05:21:40.505107Z")
  }

  @Test(arguments: [false, true])
  func otherOrdersOfBytes(_ wide: Bool) throws {
    func swapped(_ builder: UtmpBuilder) -> [UInt8] {
      var bytes = builder.bytes(wide: wide)
      let numbers =
        wide ? [(0, 2), (4, 4), (336, 8), (344, 8), (352, 8)] : [(0, 2), (4, 4), (336, 4), (340, 4), (344, 4)]
      for (place, count) in numbers { bytes[place..<place + count].reverse() }
      return bytes
    }
    let dump = try EventDump(swapped(UtmpBuilder()) + swapped(UtmpBuilder(user: "svc")), path: "var/log/wtmp")
    #expect(
      dump.events.map(\.message) == [
        "ops logged in on pts/2 from 10.1.0.9.", "svc logged in on pts/2 from 10.1.0.9.",
      ])
    #expect(dump.events.first?.time?.description == "2026-11-25T05:21:40.505107Z")
    #expect(dump.events.first?.integer("pid") == 435)
  }

  @Test func recordsThatWereOverwritten() throws {
    let zeros = [UInt8](repeating: 0, count: 768)
    let bytes = zeros + UtmpBuilder().bytes() + zeros + UtmpBuilder(user: "svc").bytes() + zeros
    let dump = try EventDump(bytes, path: "var/log/wtmp")
    #expect(
      dump.events.map(\.dataType) == [
        "linux:login:session", "linux:login:erased", "linux:login:session", "linux:login:erased",
      ])
    let erased = dump.events[1]
    #expect(erased.integer("count") == 2 && erased.time?.description == "2026-11-25T05:21:40.505107Z")
    #expect(erased.locator.offset == 1152 && erased.locator.length == 768)
    // A table's free slots say nothing.
    #expect(try EventDump(bytes, path: "run/utmp").events.count == 2)
  }

  @Test func bytesBetweenRecordsHideNoneBehindThem() throws {
    let bytes =
      UtmpBuilder().bytes() + Array("junk123".utf8) + UtmpBuilder(user: "svc").bytes()
      + UtmpBuilder(user: "web").bytes().prefix(200) + UtmpBuilder(user: "db").bytes()
    let dump = try EventDump(bytes, path: "var/log/wtmp", format: UtmpFormat())
    #expect(dump.events.map { $0.text("user") } == ["ops", "svc", "web", "db"].filter { $0 != "web" })
    #expect(HostileInputTests.isWhole(dump, bytes.count))
  }

  @Test func aClockThatWasSet() throws {
    let bytes =
      UtmpBuilder(type: 4, line: "{", user: "", host: "").bytes()
      + UtmpBuilder(type: 3, line: "|", user: "", host: "").bytes()
    #expect(
      try EventDump(bytes, path: "wtmp", format: UtmpFormat()).events.map(\.message) == [
        "The system recorded clock (as it was before).", "The system recorded clock (as it was set).",
      ])
  }

  @Test func aLogoutWithoutItsLoginIsTold() throws {
    let bytes =
      UtmpBuilder(type: 8, user: "", host: "", address: []).bytes()
      + UtmpBuilder(type: 8, line: "", user: "", host: "", address: []).bytes()
    let dump = try EventDump(bytes, path: "wtmp", format: UtmpFormat())
    #expect(dump.events.map(\.timeMeaning) == [.logout])
    #expect(dump.events.first?.message == "A session on pts/2 ended.")
    #expect(dump.events.first?.text("tty") == "pts/2" && dump.events.first?.text("user") == nil)
    #expect(dump.events.first?.time?.description == "2026-11-25T05:21:40.505107Z")
    #expect(dump.coverages.allSatisfy { $0.state == .parsed })
  }

  @Test func attemptsOfBtmpAreFailures() throws {
    let bytes = UtmpBuilder(type: 6, line: "ssh:notty", user: "root", host: "203.0.113.9", address: [203, 0, 113, 9])
      .bytes()
    let dump = try EventDump(bytes, path: "var/log/btmp")
    #expect(dump.events.map(\.dataType) == ["linux:login:failure"])
    #expect(dump.events.first?.text("remote_address") == "203.0.113.9")
  }

  @Test func addressesOfSixAndMappedOnes() throws {
    var mapped = [UInt8](repeating: 0, count: 16)
    mapped[10] = 0xFF
    mapped[11] = 0xFF
    mapped.replaceSubrange(12..., with: [10, 1, 0, 9])
    let six: [UInt8] = [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]
    let bytes = UtmpBuilder(address: mapped).bytes() + UtmpBuilder(address: six).bytes()
    let dump = try EventDump(bytes, path: "wtmp")
    #expect(dump.events.map { $0.text("remote_address") } == ["10.1.0.9", "2001:db8::7"])
  }

  @Test func damagedRecordsAreToldAndPassedOver() throws {
    var bytes = UtmpBuilder().bytes() + UtmpBuilder(type: 4711).bytes() + UtmpBuilder(user: "bo\u{7}b").bytes()
    bytes += UtmpBuilder().bytes() + UtmpBuilder().bytes().prefix(100)
    let dump = try EventDump(bytes, path: "wtmp", format: UtmpFormat())
    #expect(dump.events.count == 2)
    #expect(dump.coverages.map(\.reason) == [nil, "bytes are not a login record", nil, "record is cut short"])
    #expect(HostileInputTests.isWhole(dump, bytes.count))
  }

  @Test func textAndZerosAreNoLoginRecords() {
    #expect(EventDump.recognize([UInt8](repeating: 0, count: 4096), path: "x")?.name != "linux.utmp")
    #expect(EventDump.recognize([UInt8](repeating: 0x41, count: 4096), path: "x")?.name != "linux.utmp")
  }
}

@Suite struct LastlogRecordTests {
  /// An account's record at the place of its uid.
  private func file(uid: Int, wide: Bool) -> [UInt8] {
    let size = wide ? 296 : 292
    var bytes = [UInt8](repeating: 0, count: size * (uid + 1))
    let place = size * uid
    for (index, byte) in [UInt8(0x24), 0x72, 0x06, 0x6B].enumerated() { bytes[place + index] = byte }
    for (index, byte) in "pts/2".utf8.enumerated() { bytes[place + (wide ? 8 : 4) + index] = byte }
    for (index, byte) in "10.1.0.9".utf8.enumerated() { bytes[place + (wide ? 40 : 36) + index] = byte }
    return bytes
  }

  @Test(arguments: [false, true])
  func theUidIsThePlace(_ wide: Bool) throws {
    let bytes = file(uid: 1000, wide: wide)
    let dump = try EventDump(bytes, path: "var/log/lastlog")
    #expect(dump.format == "linux.lastlog")
    #expect(dump.events.count == 1)
    #expect(dump.events.first?.integer("uid") == 1000)
    #expect(dump.events.first?.text("remote_address") == "10.1.0.9")
    #expect(HostileInputTests.isWhole(dump, bytes.count))
  }

  @Test(arguments: [false, true])
  func theFirstAccountAloneTellsTheSize(_ wide: Bool) throws {
    let size = wide ? 296 : 292
    let bytes = file(uid: 0, wide: wide) + [UInt8](repeating: 0, count: size * 1000)
    let dump = try EventDump(bytes, path: "var/log/lastlog")
    #expect(dump.events.map { $0.text("tty") } == ["pts/2"])
    #expect(dump.events.map { $0.text("remote_address") } == ["10.1.0.9"])
    #expect(dump.events.first?.locator.text == "bytes=0+\(size)")
    let two = try EventDump(file(uid: 0, wide: wide) + file(uid: 999, wide: wide), path: "var/log/lastlog")
    #expect(two.events.map { $0.integer("uid") } == [0, 1000])
  }

  @Test func aFileOfZerosIsReadAndSaysNothing() throws {
    let dump = try EventDump([UInt8](repeating: 0, count: 292 * 3), path: "var/log/lastlog")
    #expect(dump.format == "linux.lastlog" && dump.events.isEmpty)
    #expect(dump.coverages.allSatisfy { $0.state == .parsed })
  }
}

@Suite struct JournalExportTests {
  private func binary(_ name: String, _ value: [UInt8], length: UInt64? = nil) -> [UInt8] {
    let count = length ?? UInt64(value.count)
    return Array(name.utf8) + [0x0A] + (0..<8).map { UInt8(truncatingIfNeeded: count >> UInt64($0 * 8)) } + value + [
      0x0A
    ]
  }

  private let head = Array(
    "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795584048276566\n_HOSTNAME=web-1\nSYSLOG_IDENTIFIER=app\n_PID=77\n".utf8)

  @Test func aMessageOfSeveralLinesIsOne() throws {
    // Ten bytes: the length itself holds a line end.
    let bytes = head + binary("MESSAGE", Array("one\ntwo\n\nx".utf8)) + [0x0A] + head + Array("MESSAGE=plain\n\n".utf8)
    let dump = try EventDump(bytes, path: "journal.export")
    #expect(dump.format == "linux.journal_export")
    #expect(dump.events.map { $0.text("text") } == ["one\ntwo\n\nx", "plain"])
    #expect(dump.events.first?.time?.description == "2026-11-25T05:20:48.276566Z")
    #expect(dump.events.first?.integer("pid") == 77)
    #expect(HostileInputTests.isWhole(dump, bytes.count))
  }

  @Test(arguments: [UInt64.max, UInt64.max - 1, 1 << 40, 11])
  func aLengthThatLiesIsTold(_ length: UInt64) throws {
    let bytes = head + binary("MESSAGE", Array("0123456789".utf8), length: length)
    let dump = try EventDump(bytes, path: "journal.export")
    #expect(dump.events.count == 1)
    #expect(HostileInputTests.isWhole(dump, bytes.count))
    if length > 11 { #expect(dump.coverages.last?.reason == "a field is longer than what is left") }
  }

  @Test(arguments: [1000, 262_144, 900_000])
  func aLongLineHidesNothingBehindIt(_ count: Int) throws {
    let line = Array("MESSAGE=".utf8) + [UInt8](repeating: 0x41, count: count)
    let after = Array("\n_PID=9\n\n__CURSOR=s=2\nMESSAGE=after\n\n".utf8)
    let dump = try EventDump(head + line + after, path: "journal.export")
    #expect(dump.events.map { $0.text("text")?.utf8.count } == [min(count, JournalEntry.valueLimit), 5])
    #expect(dump.events.first?.integer("pid") == 9)
    #expect(dump.coverages.contains { $0.state == .skipped } == (count > 1000))
    #expect(HostileInputTests.isWhole(dump, (head + line + after).count))
  }

  @Test(arguments: [UInt64.max, 1 << 40, 1 << 20, 11, 3, 10])
  func aLengthThatLiesHidesNoOtherEntry(_ length: UInt64) throws {
    let bytes =
      head + binary("MESSAGE", Array("0123456789".utf8), length: length)
      + Array("\n__CURSOR=s=2\nMESSAGE=after\n\n".utf8)
    let dump = try EventDump(bytes, path: "journal.export")
    #expect(dump.events.map { $0.text("text")?.filter { $0 != "\n" } } == ["0123456789", "after"])
    #expect(dump.coverages.contains { $0.state == .skipped } == (length > 11 || length == 3))
    #expect(HostileInputTests.isWhole(dump, bytes.count))
  }

  @Test func anEntryInsideAFieldIsText() throws {
    let value = Array("x\n\n__CURSOR=s=9\nMESSAGE=forged\n\n".utf8)
    let dump = try EventDump(head + binary("MESSAGE", value) + [0x0A], path: "journal.export")
    #expect(dump.events.map { $0.text("text") } == [String(decoding: value, as: UTF8.self)])
  }

  @Test func aHugeFieldIsPassedOver() throws {
    let bytes = head + binary("COREDUMP", [UInt8](repeating: 0x41, count: 3 << 20)) + Array("MESSAGE=after\n\n".utf8)
    let dump = try EventDump(bytes, path: "journal.export")
    #expect(dump.events.map { $0.text("text") } == ["after"])
    #expect(HostileInputTests.isWhole(dump, bytes.count))
  }
}
