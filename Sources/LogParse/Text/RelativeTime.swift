import Bytes
import Evidence

/// Times that a command prints without their date, settled by when the capture was made.
///
/// Nothing is settled where the capture's own time is unknown. The collector's time may lie before that of the single
/// command (a memory dump comes first), so a time of day up to six hours after it is taken as the same day.
struct RelativeTime {
  static let tolerance: Int64 = 6 * 3600

  /// The moment that everything lies before; a reader of records that run backwards moves it.
  var collected: Timestamp
  let zone: Timestamp.Zone

  init?(_ context: ParseContext) {
    guard let collected = context.collected else { return nil }
    self.collected = collected
    zone = context.zone
  }

  /// `05:20` or `05:20:12`: the last such moment before the capture.
  func timeOfDay(_ text: ByteView) -> Timestamp? {
    guard let clock = CivilTime.timeOfDay(text) else { return nil }
    var civil = collected.civil(in: zone)
    civil.hour = clock.hour
    civil.minute = clock.minute
    civil.second = clock.second
    civil.nanosecond = clock.nanosecond
    civil.precision = clock.precision
    guard let candidate = civil.timestamp(zone) else { return nil }
    return isLater(candidate) ? candidate.adding(seconds: -86400) : candidate
  }

  /// A weekday (Monday is 1) and an hour of it: the last such before the capture, to the day.
  func weekday(_ weekday: Int, hour: Int) -> Timestamp? {
    guard (1...7).contains(weekday), (0..<24).contains(hour) else { return nil }
    for back in 0..<8 {
      var civil = collected.adding(seconds: -86400 * Int64(back)).civil(in: zone)
      civil.hour = hour
      civil.minute = 0
      civil.second = 0
      civil.precision = .day
      guard let moment = civil.timestamp(zone), !isLater(moment) else { continue }
      // 1 January 1970 was a Thursday.
      let local = moment.adding(seconds: Int64(zone.minutes) * 60).nanoseconds
      let days = local / 86_400_000_000_000 - (local % 86_400_000_000_000 < 0 ? 1 : 0)
      if ((days % 7 + 7) % 7 + 3) % 7 + 1 == Int64(weekday) { return moment }
    }
    return nil
  }

  /// A day or moment without its year: the last one before the capture.
  func withoutYear(_ time: CivilTime) -> Timestamp? {
    var time = time
    let year = collected.civil(in: zone).year ?? 1970
    // 29 February may need to go back up to eight years to exist.
    for back in 0...8 {
      time.year = year - back
      if let candidate = time.timestamp(zone), !isLater(candidate) { return candidate }
    }
    return nil
  }

  /// A moment so many seconds before the capture.
  func ago(seconds: Int64, precision: Timestamp.Precision) -> Timestamp {
    var moment = collected.adding(seconds: seconds < 0 ? 0 : -seconds)
    moment.precision = precision
    moment.zone = zone
    return moment
  }

  private func isLater(_ moment: Timestamp) -> Bool { moment > collected.adding(seconds: Self.tolerance) }
}
