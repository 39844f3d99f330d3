import Bytes
import Evidence

/// Finds the year that classic syslog leaves out (`Nov 25 05:20:12`).
///
/// Lines come in order of time, so the month falls back only where a year ends. The first line's year is the latest that
/// does not lie after the capture; a line whose year turns over moves on by one, never past the capture. Without the
/// capture's time no year and so no time is given.
struct YearSettler {
  private let relative: RelativeTime?
  private let zone: Timestamp.Zone
  private var year: Int?
  private var month = 0

  init(_ context: ParseContext) {
    relative = RelativeTime(context)
    zone = context.zone
  }

  mutating func settle(_ time: CivilTime) -> Timestamp? {
    if time.year != nil { return time.timestamp(zone) }
    guard let relative else { return nil }
    var time = time
    if let known = year {
      // December to January is a new year. The step back is a late line of the old one.
      if month >= 11, time.month <= 2 {
        year = known + 1
        month = time.month
        time.year = year
      } else if month <= 2, time.month >= 11 {
        time.year = known - 1
      } else {
        month = time.month
        time.year = known
      }
    } else {
      let first = relative.withoutYear(time)
      year = first?.civil(in: zone).year
      month = time.month
      return first
    }
    guard let settled = time.timestamp(zone) else { return nil }
    if settled.nanoseconds <= relative.collected.adding(seconds: 86400).nanoseconds { return settled }
    // The file spans less than was thought.
    let held = relative.withoutYear(time)
    year = held?.civil(in: zone).year
    return held
  }
}
