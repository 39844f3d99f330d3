import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct TimeTests {
  private func relative(_ collected: String, zone: Timestamp.Zone = .inferred(0)) throws -> RelativeTime {
    let time = try #require(Timestamp(iso8601: collected))
    return try #require(RelativeTime(ParseContext(path: "", zone: zone, collected: time)))
  }

  @Test(arguments: [
    ("2026-11-25T05:25:29Z", "05:20", "2026-11-25T05:20:00Z"),
    // A little after the collector's time: the same day. Much after: the day before.
    ("2026-11-25T05:25:29Z", "05:29", "2026-11-25T05:29:00Z"),
    ("2026-11-25T05:25:29Z", "23:59", "2026-11-24T23:59:00Z"),
    ("2026-01-01T00:05:00Z", "23:50", "2025-12-31T23:50:00Z"),
  ])
  func timesOfDay(_ collected: String, _ text: String, _ expected: String) throws {
    let relative = try relative(collected)
    #expect(text.withView { relative.timeOfDay($0) }?.description == expected)
  }

  @Test func timesOfDayAreInTheHostsZone() throws {
    // 05:25 UTC is 14:25 in Korea.
    let relative = try relative("2026-11-25T05:25:29Z", zone: .inferred(540))
    #expect("14:20".withView { relative.timeOfDay($0) }?.description == "2026-11-25T05:20:00Z")
  }

  @Test func aDayWithoutYearIsTheLastOne() throws {
    let relative = try relative("2026-03-01T00:00:00Z")
    #expect(relative.withoutYear(CivilTime(month: 11, day: 25))?.description == "2025-11-25T00:00:00Z")
    #expect(relative.withoutYear(CivilTime(month: 2, day: 29))?.description == "2024-02-29T00:00:00Z")
    #expect(relative.withoutYear(CivilTime(month: 2, day: 30)) == nil)
  }

  @Test func yearsTurnOverAndNeverPassTheCapture() throws {
    let collected = try #require(Timestamp(iso8601: "2026-01-02T00:00:00Z"))
    var years = YearSettler(ParseContext(path: "", collected: collected))
    let days = [(12, 30), (12, 31), (1, 1), (12, 31), (1, 1), (6, 1)]
    let settled = days.map { years.settle(CivilTime(month: $0.0, day: $0.1))?.description ?? "-" }
    #expect(
      settled == [
        "2025-12-30T00:00:00Z", "2025-12-31T00:00:00Z", "2026-01-01T00:00:00Z", "2025-12-31T00:00:00Z",
        "2026-01-01T00:00:00Z", "2025-06-01T00:00:00Z",
      ])
  }

  private func months(_ days: [(Int, Int)], collected: String = "2026-11-25T05:25:29Z") -> [String] {
    var years = YearSettler(ParseContext(path: "", collected: Timestamp(iso8601: collected)))
    let times = days.map { CivilTime(month: $0.0, day: $0.1) }
    years.lookAhead(times)
    return times.map { years.settle($0)?.description.prefix(10).description ?? "-" }
  }

  @Test func aLogOfSeveralYearsEndsBeforeTheCapture() {
    #expect(months([(6, 10), (3, 5), (11, 20)]) == ["2025-06-10", "2026-03-05", "2026-11-20"])
    #expect(months([(12, 10), (3, 5), (12, 20), (3, 5)]) == ["2024-12-10", "2025-03-05", "2025-12-20", "2026-03-05"])
    #expect(
      months([(10, 20), (11, 20), (2, 20), (11, 20)]) == ["2025-10-20", "2025-11-20", "2026-02-20", "2026-11-20"])
    #expect(
      months([(12, 30), (1, 1), (12, 31), (11, 20)]) == ["2025-12-30", "2026-01-01", "2025-12-31", "2026-11-20"])
  }

  @Test func aLineThatIsLateBeginsNoYear() {
    #expect(months([(6, 10), (6, 3), (6, 11)]) == ["2026-06-10", "2026-06-03", "2026-06-11"])
    #expect(months([(6, 1), (5, 28), (6, 2)]) == ["2026-06-01", "2026-05-28", "2026-06-02"])
    #expect(months([(6, 10), (5, 10)]) == ["2025-06-10", "2026-05-10"])
  }

  @Test func daysThatJumpWithoutEndHaveTheLastYear() {
    let found = months((0..<100).map { ($0 % 2 == 0 ? 11 : 3, 5) })
    #expect(Set(found.map { $0.prefix(4) }).isSubset(of: ["2025", "2026"]) && found.count == 100)
    #expect(months([(6, 10), (6, 99), (6, 11)]) == ["2026-06-10", "-", "2026-06-11"])
  }

  @Test func withoutACaptureThereIsNoYear() {
    var years = YearSettler(ParseContext(path: ""))
    #expect(years.settle(CivilTime(month: 11, day: 25)) == nil)
    #expect(years.settle(CivilTime(year: 2026, month: 11, day: 25))?.description == "2026-11-25T00:00:00Z")
  }

  @Test(arguments: [
    ("UTC", 0), ("KST", 540), ("+0000", 0), ("-0330", -210), ("+05:30", 330), ("+09", 540),
  ])
  func zones(_ text: String, _ minutes: Int) {
    #expect(text.withView { ZoneText($0) }?.minutes == minutes)
  }

  @Test(arguments: ["+9999", "+", "-1", "PM", "abc", "2026", ""])
  func textsThatAreNoZone(_ text: String) { #expect(text.withView { ZoneText($0) } == nil) }

  @Test func anAmbiguousZoneHasNoOffset() { #expect("CST".withView { ZoneText($0) }?.minutes == nil) }

  @Test(arguments: [("00:05", 5), ("1-02:03:04", 93784), ("102:07", 6127), ("1h02", 3720), ("07:46", 466)])
  func durations(_ text: String, _ seconds: Int64) {
    #expect(text.withView { PsTime.duration($0) } == seconds)
  }

  @Test(arguments: ["", ":", "x", "1-", "1:2:3:4", "99999999999:00"])
  func textsThatAreNoDuration(_ text: String) { #expect(text.withView { PsTime.duration($0) } == nil) }
}

@Suite struct EndpointTests {
  @Test(arguments: [
    ("10.0.2.15:22", "10.0.2.15", 22), (":::22", "::", 22), ("[::1]:631", "::1", 631), ("::1:631", "::1", 631),
    ("::ffff:10.0.2.15:8080", "10.0.2.15", 8080), ("[::ffff:10.0.2.15]:8080", "10.0.2.15", 8080),
    ("127.0.0.53%lo:53", "127.0.0.53", 53), ("[fe80::1%eth0]:546", "fe80::1", 546),
    ("fe80::1%eth0:546", "fe80::1", 546),
    ("[2001:DB8:0:0::7]:1", "2001:db8::7", 1), ("ip-10-0-2-15.ec2.internal:https", "10.0.2.15", 443),
  ])
  func ends(_ text: String, _ address: String, _ port: Int64) throws {
    let end = try #require(text.withView { Endpoint($0) })
    #expect(end.address == address)
    #expect(end.port == port)
  }

  @Test func starsAndNamesAreNoAddresses() throws {
    let any = try #require("*:*".withView { Endpoint($0) })
    #expect(any.port == nil && !any.isSpecific && any.text == "*:*")
    let named = try #require("bastion.example:cisco-sccp".withView { Endpoint($0) })
    #expect(named.address == nil && named.host == "bastion.example" && named.service == "cisco-sccp")
    let lying = try #require("ip-10-0-2-999:99999".withView { Endpoint($0) })
    #expect(lying.address == nil && lying.port == nil)
    #expect("no colon".withView { Endpoint($0) } == nil)
  }

  @Test(arguments: ["1.2.3", "1.2.3.4.5", "256.1.1.1", "1..2.3", "a.b.c.d", "1.2.3.4 ", "::g", ":", "1:2"])
  func textsThatAreNoAddress(_ text: String) { #expect(text.withView { IPAddress.normal($0) } == nil) }
}
