import Bytes
import Evidence
import Testing

@testable import LogParse

/// Zones with summer time: their rules, and compiled zones that end in one.
@Suite struct HostZoneTests {
  private func minutes(_ rule: String, _ time: String) throws -> Int? {
    let seconds = try #require(Timestamp(iso8601: time)).nanoseconds / 1_000_000_000
    return rule.withView { PosixZoneRule($0) }.map { $0.zone(at: seconds).offset / 60 }
  }

  @Test(arguments: [
    ("EST5EDT,M3.2.0,M11.1.0", "2026-07-01T00:00:00Z", -240), ("EST5EDT,M3.2.0,M11.1.0", "2026-11-30T00:00:00Z", -300),
    ("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -300), ("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -240),
    ("EST5EDT,M3.2.0,M11.1.0", "2026-11-01T05:59:59Z", -240), ("EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00:00Z", -300),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 120),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 60),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-15T00:00:00Z", 660),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-15T00:00:00Z", 600),
    ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-07-15T00:00:00Z", 630), ("KST-9", "2026-07-15T00:00:00Z", 540),
    ("<-03>3<-02>,M3.5.0/-1,M10.5.0/0", "2026-06-15T00:00:00Z", -120),
  ])
  func rules(_ rule: String, _ time: String, _ offset: Int) throws {
    #expect(try minutes(rule, time) == offset, "\(rule)")
  }

  @Test(arguments: [
    "", "EST", "5", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0",
    "EST5EDT,J60,J300", "EST5EDT,M3.2.0,M11.1.0x", "<>5", "<+03", "EST999",
  ])
  func whatIsNoRule(_ text: String) { #expect(text.withView { PosixZoneRule($0) } == nil) }

  /// Version 2 without a table, as newer systems compile zones whose rule has not changed.
  private func compiled(_ rule: String) -> [UInt8] {
    let header = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15 + 16) + [0, 0, 0, 1, 0, 0, 0, 4]
    let block: [UInt8] = [0xFF, 0xFF, 0xB9, 0xB0, 0, 0] + Array("EST\0".utf8)
    return header + block + header + block + Array("\n\(rule)\n".utf8)
  }

  @Test func aCompiledZoneEndsInItsRule() throws {
    func event(_ rule: String, _ time: String?) throws -> Event? {
      let dump = try EventDump(
        compiled(rule), path: "etc/localtime", collected: time.flatMap { Timestamp(iso8601: $0) })
      #expect(dump.format == "linux.localtime" && dump.coverages.map(\.state) == [.parsed])
      return dump.events.first
    }
    let rule = "EST5EDT,M3.2.0,M11.1.0"
    #expect(try event(rule, "2026-07-01T00:00:00Z")?.integer("zone_minutes") == -240)
    #expect(try event(rule, "2026-11-30T00:00:00Z")?.integer("zone_minutes") == -300)
    // Nobody said when: only what holds outside summer is known.
    let open = try event(rule, nil)
    #expect(open?["zone_minutes"] == nil && open?.integer("standard_minutes") == -300)
    #expect(open?.message.contains("summer time") ?? false)
    #expect(open?.text("zone_rule") == rule)
    let fixed = try event("EST5", nil)
    #expect(fixed?.integer("zone_minutes") == -300 && fixed?["standard_minutes"] == nil)
    #expect(fixed?["zone_rule"] == nil)
  }

  @Test(
    arguments: [
      ("Europe/Berlin\n", "CET-1CEST,M3.5.0,M10.5.0/3", nil), ("America/New_York\n", "EST5EDT,M3.2.0,M11.1.0", nil),
      ("Asia/Seoul\n", nil, 540), ("Europe/Nowhere\n", nil, nil),
    ] as [(String, String?, Int64?)])
  func aZoneByItsName(_ text: String, _ rule: String?, _ minutes: Int64?) throws {
    let event = try EventDump(text, path: "etc/timezone").events.first
    #expect(event?.text("zone_rule") == rule && event?.integer("zone_minutes") == minutes, "\(text)")
  }

  @Test func whatSomebodyCallsAZone() {
    #expect(ZoneNames.option("Asia/Seoul") == "540" && ZoneNames.option("Etc/GMT+3") == "-180")
    #expect(ZoneNames.option("Europe/Berlin") == "CET-1CEST,M3.5.0,M10.5.0/3")
    #expect(ZoneNames.option("EST5EDT,M3.2.0,M11.1.0") == "EST5EDT,M3.2.0,M11.1.0")
    #expect(ZoneNames.option("KST-9") == "540")
    #expect(ZoneNames.option("Mars/Olympus") == nil && ZoneNames.option("") == nil)
  }

  // MARK: Local times

  /// What a clock on the wall of Berlin shows is read with, in minutes.
  @Test(arguments: [
    ("2026-03-29T01:59:59Z", 60), ("2026-03-29T03:00:00Z", 120), ("2026-10-25T01:59:59Z", 120),
    ("2026-10-25T02:30:00Z", 120), ("2026-10-25T03:00:00Z", 60), ("2026-12-31T23:59:59Z", 60),
  ])
  func clocksOnTheWall(_ local: String, _ minutes: Int) throws {
    let rule = try #require(PosixZoneRule("CET-1CEST,M3.5.0,M10.5.0/3"))
    let seconds = try #require(Timestamp(iso8601: local)).nanoseconds / 1_000_000_000
    #expect(rule.offset(ofLocal: seconds) == minutes * 60)
    #expect(rule.has(offset: minutes * 60) && !rule.has(offset: 0))
    #expect(rule.offset(ofLocal: .max) == 3600 && rule.offset(ofLocal: .min) == 3600)
  }

  private func times(_ lines: String, _ path: String, summer: String?) throws -> [String] {
    let context = ParseContext(
      path: path, zone: .inferred(60), summerTime: summer.flatMap { PosixZoneRule($0) },
      collected: Timestamp(iso8601: "2026-11-25T05:25:29Z"))
    let bytes = Array(lines.utf8)
    let sink = CollectingSink()
    let format = try #require(EventDump.recognize(bytes, path: path))
    try format.parse(MemoryStream(bytes), context, into: SummerTimeSink.around(sink, context))
    return sink.events.map { $0.time.map { "\($0)" } ?? "-" }
  }

  @Test func aLogThatGoesBackIntoSummer() throws {
    let log = "Oct 24 10:00:00 web sshd[1]: a\nOct 25 12:00:00 web sshd[1]: b\nNov 25 05:00:00 web sshd[1]: c\n"
    let berlin = try times(log, "var/log/auth.log", summer: "CET-1CEST,M3.5.0,M10.5.0/3")
    #expect(berlin == ["2026-10-24T08:00:00Z", "2026-10-25T11:00:00Z", "2026-11-25T04:00:00Z"])
    // Of a zone without summer time all are read alike.
    let algiers = try times(log, "var/log/auth.log", summer: "CET-1")
    #expect(algiers == ["2026-10-24T09:00:00Z", "2026-10-25T11:00:00Z", "2026-11-25T04:00:00Z"])
  }

  @Test func whatSaysItsOwnOffsetOrIsCountedBackStays() throws {
    let stated = "2026-07-01T10:00:00+09:00 web sshd[1]: a\n2026-07-01T10:00:00Z web sshd[1]: b\n"
    #expect(
      try times(stated, "var/log/auth.log", summer: "CET-1CEST,M3.5.0,M10.5.0/3")
        == ["2026-07-01T01:00:00Z", "2026-07-01T10:00:00Z"])
    // 150 days before the capture.
    let elapsed = "    PID     ELAPSED CMD\n      1 150-00:00:00 /sbin/init\n"
    let rule = "CET-1CEST,M3.5.0,M10.5.0/3"
    #expect(try times(elapsed, "ps.txt", summer: rule) == ["2026-06-28T05:25:29Z"])
  }
}
