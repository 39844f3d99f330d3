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
