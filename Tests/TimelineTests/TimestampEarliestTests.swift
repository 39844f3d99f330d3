import Evidence
import Testing

@testable import Timeline

struct TimestampEarliestTests {
  private func time(_ seconds: Int64, _ precision: Timestamp.Precision) -> Timestamp {
    Timestamp(nanoseconds: seconds * 1_000_000_000, precision: precision)
  }

  @Test func aTimeKnownToTheMinuteDoesNotComeBeforeOneKnownExactly() {
    #expect([time(0, .minute), time(48, .millisecond), time(50, .second)].earliest == time(48, .millisecond))
  }

  @Test func whereNothingBetterIsKnownTheMinuteStands() {
    #expect([time(60, .minute), time(0, .day)].earliest == time(0, .day))
    #expect([Timestamp]().earliest == nil)
  }
}
