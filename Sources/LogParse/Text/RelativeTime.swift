import Bytes
import Evidence

/// Times that a command prints without their date, settled by when the capture was made.
///
/// Nothing is settled where the capture's own time is unknown. The collector's time may lie before that of the single
/// command (a memory dump comes first), so a time of day up to six hours after it is taken as the same day.
struct RelativeTime {
  static let tolerance: Int64 = 6 * 3600
  /// How far the clocks of a host are ahead of UTC at most.
  private static let zoneTolerance: Int64 = 14 * 3600

  /// The moment that everything lies before.
  private(set) var collected: Timestamp
  let zone: Timestamp.Zone
  /// Whether what is read as local time is put right afterwards (`SummerTimeSink`).
  private let hasSummerTime: Bool
  /// How long after `collected` a date may lie. More where nobody said the zone, as a day wrong in a date without its year
  /// makes a year.
  private var slack: Int64

  init?(_ context: ParseContext) {
    guard let collected = context.collected else { return nil }
    self.collected = collected
    zone = context.zone
    hasSummerTime = context.summerTime != nil
    slack = Self.tolerance
    if case .inferred = zone { slack += Self.zoneTolerance }
  }

  /// For what lies before a moment that the same clock tells: the row above, in records that run backwards.
  mutating func move(to moment: Timestamp, slack: Int64 = tolerance) {
    collected = moment
    self.slack = slack
  }

  /// The time of day as a command was run: the nearest to the capture's.
  func now(_ text: ByteView) -> Timestamp? {
    guard let time = timeOfDay(text) else { return nil }
    var ahead: Int64 = 12 * 3600
    if case .inferred = zone { ahead = Self.zoneTolerance }
    let next = time.adding(seconds: 86400)
    return next <= collected.adding(seconds: ahead) ? next : time
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
      if self.weekday(of: moment) == weekday { return moment }
    }
    return nil
  }

  private func weekday(of moment: Timestamp) -> Int {
    // 1 January 1970 was a Thursday.
    let local = moment.adding(seconds: Int64(zone.minutes) * 60).nanoseconds
    let days = local / 86_400_000_000_000 - (local % 86_400_000_000_000 < 0 ? 1 : 0)
    return Int(((days % 7 + 7) % 7 + 3) % 7 + 1)
  }

  /// A day or moment without its year: the last one before the capture, and on its weekday where that is known.
  func withoutYear(_ time: CivilTime) -> Timestamp? {
    var time = time
    let year = collected.civil(in: zone).year ?? 1970
    // A clock that was set back does not make a row years old where the weekday is right.
    let limit = collected.adding(seconds: time.weekday == nil ? slack : max(slack, 31 * 86400))
    // 29 February may need to go back up to eight years to exist, and up to forty for its weekday.
    for back in -1...(time.weekday == nil ? 8 : 40) {
      time.year = year - back
      guard let candidate = time.timestamp(zone), candidate <= limit else { continue }
      if time.weekday == nil || weekday(of: candidate) == time.weekday { return candidate }
    }
    return nil
  }

  /// A moment so many seconds before the capture.
  func ago(seconds: Int64, precision: Timestamp.Precision) -> Timestamp {
    var moment = collected.adding(seconds: seconds < 0 ? 0 : -seconds)
    moment.precision = precision
    // Counted back, so right in any half of the year.
    moment.zone = hasSummerTime ? .stated(zone.minutes) : zone
    return moment
  }

  private func isLater(_ moment: Timestamp) -> Bool { moment > collected.adding(seconds: Self.tolerance) }
}
