import Bytes
import Evidence
import Testing

struct TimestampTests {
  @Test(arguments: [
    ("2026-11-25T05:22:37Z", "2026-11-25T05:22:37Z"),
    ("2026-11-25T05:22:37.978Z", "2026-11-25T05:22:37.978Z"),
    ("2026-11-25 14:22:37.5+09:00", "2026-11-25T05:22:37.500Z"),
    ("2026-11-25T00:22:37-0500", "2026-11-25T05:22:37Z"),
    ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
    ("2024-02-29T12:00:00.123456789Z", "2024-02-29T12:00:00.123456789Z"),
    ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
  ])
  func readsAndWritesWithoutPadding(_ text: String, _ written: String) {
    #expect(Timestamp(iso8601: text)?.description == written)
  }

  @Test(arguments: [
    "", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:00Zx", "9999-01-01T00:00:00Z", "2026-01-01T00:00:00+99:00", "2026-01-01T00:00",
  ])
  func refusesWhatIsNoTimeOrOutOfRange(_ text: String) {
    #expect(Timestamp(iso8601: text) == nil)
  }

  @Test func aTimeWithoutZoneKeepsWhatWasAssumed() {
    let time = "2026-11-25T14:25:29".withView { Timestamp(iso8601: $0, assuming: .inferred(540)) }
    #expect(time?.description == "2026-11-25T05:25:29Z")
    #expect(time?.zone == .inferred(540))
  }

  @Test func microsecondsAreRoundedDownAlsoBefore1970() {
    #expect(Timestamp(nanoseconds: 1999).microseconds == 1)
    #expect(Timestamp(nanoseconds: -1).microseconds == -1)
    #expect(
      Timestamp(nanoseconds: 1_795_584_157_978_000_000, precision: .millisecond).timesketch
        == "2026-11-25T05:22:37.978000+00:00")
  }

  @Test func sizesThatDoNotFitAreNil() {
    #expect(Timestamp(seconds: .max) == nil)
    #expect(Timestamp(milliseconds: .min) == nil)
  }
}
