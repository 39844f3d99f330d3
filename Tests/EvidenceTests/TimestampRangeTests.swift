import Testing

@testable import Evidence

/// Times at the ends of what 64 bits of nanoseconds span come out of hostile logs and must be printed like any other.
@Suite struct TimestampRangeTests {
  @Test func theFirstMomentIsPrinted() {
    #expect(Timestamp(nanoseconds: .min).description == "1677-09-21T00:12:43.145224192Z")
    #expect(Timestamp(nanoseconds: .max).description == "2262-04-11T23:47:16.854775807Z")
    #expect(Timestamp(nanoseconds: -1).description == "1969-12-31T23:59:59.999999999Z")
    #expect(Timestamp(iso8601: "1677-09-21T00:12:44Z")?.description == "1677-09-21T00:12:44Z")
  }

  @Test func aZoneMoreThanADayAwayIsNone() {
    #expect(Timestamp(year: 2026, month: 11, day: 25, zone: .inferred(.max)) == nil)
    #expect(Timestamp(year: 2026, month: 11, day: 25, zone: .stated(.min)) == nil)
    #expect(Timestamp(year: 2026, month: 11, day: 25, zone: .stated(-720))?.description == "2026-11-25T12:00:00Z")
  }
}
