import Evidence
import Testing

@testable import Timeline

@Suite struct IncidentWindowsTests {
  private func grave(_ first: Int64, _ last: Int64? = nil, severity: Severity = .high) -> Finding {
    Finding(
      rule: "web.web-shell", title: "", severity: severity, firstSeen: CaseSamples.time(first),
      lastSeen: CaseSamples.time(last ?? first), evidence: [], message: "")
  }

  private let hour: Int64 = 3600
  private let day: Int64 = 24 * 3600

  @Test func anHourLongerOnBothSides() {
    let windows = IncidentWindows.of([grave(0, 600), grave(-60, severity: .medium)])
    #expect(windows.map(\.lowerBound.nanoseconds) == [CaseSamples.time(-hour).nanoseconds])
    #expect(windows.map(\.upperBound.nanoseconds) == [CaseSamples.time(600 + hour).nanoseconds])
    #expect(windows.hold(CaseSamples.time(-30)) && !windows.hold(CaseSamples.time(-hour - 1)))
  }

  @Test func whatLiesFarApartIsNotOneStretch() {
    let windows = IncidentWindows.of([grave(90 * day), grave(0), grave(day - 1)])
    #expect(windows.count == 2)
    #expect(windows.hold(CaseSamples.time(day / 2)) && windows.hold(CaseSamples.time(90 * day + 60)))
    #expect(!windows.hold(CaseSamples.time(30 * day)))
  }

  @Test func noTimeAndTheEndsOfTimeAreSafe() {
    var timeless = grave(0)
    timeless.firstSeen = nil
    #expect(IncidentWindows.of([timeless]).isEmpty && IncidentWindows.of([]).isEmpty)
    var ends = [grave(0), grave(0)]
    (ends[0].firstSeen, ends[0].lastSeen) = (Timestamp(nanoseconds: .min), Timestamp(nanoseconds: .min))
    (ends[1].firstSeen, ends[1].lastSeen) = (Timestamp(nanoseconds: .max), Timestamp(nanoseconds: .max))
    #expect(IncidentWindows.of(ends).count == 2)
  }
}
