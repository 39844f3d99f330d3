import Bytes
import Evidence

/// The time that HISTTIMEFORMAT puts between a row's number and its command: `%F %T`, `[%F %T]`, `%c`, `%D %r`, `%s`, `%T` …
struct HistoryTime {
  var time: Timestamp?
  /// Where the time of day is all there is.
  var timeOfDay: String?
  /// What was typed.
  var command: ByteView

  /// - Parameter rest: what stands behind the number.
  init?(_ rest: ByteView, _ zone: Timestamp.Zone, _ order: NumericDate.Order) {
    // HISTTIMEFORMAT='[%F %T] '
    if rest[0] == 0x5B, let close = rest.slice(0, 40).firstIndex(of: 0x5D),
      let time = Timestamp(iso8601: rest.slice(1, close), assuming: zone)
    {
      command = rest.slice(close + 1).trimmed
      self.time = time
    } else if rest.count > 19, let time = Timestamp(iso8601: rest.slice(0, 19), assuming: zone) {
      (self.time, command) = Self.zoned(time, rest.slice(0, 19), rest.slice(19).trimmed, zone)
    } else if let (date, clock, behind) = Self.numeric(rest) {
      var civil = date.civil(order)
      (civil.hour, civil.minute, civil.second) = (clock.hour, clock.minute, clock.second)
      civil.precision = clock.precision
      command = behind
      // `%r` counts to twelve.
      if let half = behind.words(limit: 2).first, let hour = CivilTime.hour(of: clock.hour, half: half) {
        civil.hour = hour
        command = behind.slice(half.count).trimmed
      }
      guard let time = civil.timestamp(zone) else { return nil }
      self.time = time
    } else if let (time, behind) = Self.written(rest, zone) {
      (self.time, command) = (time, behind)
    } else {
      let words = rest.words(limit: 2)
      guard words.count == 2 else { return nil }
      command = words[1]
      if words[0].count == 10, (0x30...0x39).contains(words[0][0]), let time = ShellCommand.epoch(words[0]) {
        self.time = time
      } else if words[0].count == 8, let clock = CivilTime.timeOfDay(words[0]), clock.precision == .second {
        timeOfDay = words[0].string
        if let half = command.words(limit: 2).first, CivilTime.hour(of: clock.hour, half: half) != nil {
          timeOfDay = "\(words[0].string) \(half.string)"
          command = command.slice(half.count).trimmed
        }
      } else {
        return nil
      }
    }
    guard !command.isEmpty else { return nil }
  }

  /// `%F %T %z` puts the offset behind, `%Z` the zone's name.
  private static func zoned(
    _ time: Timestamp, _ text: ByteView, _ behind: ByteView, _ zone: Timestamp.Zone
  ) -> (Timestamp?, ByteView) {
    guard let word = behind.words(limit: 2).first, word.count < behind.count else { return (time, behind) }
    let isOffset = word[0] == 0x2B || word[0] == 0x2D
    guard !isOffset || word.count >= 5, let found = LocaleDate.zone(beforeCommand: word) else { return (time, behind) }
    return (
      Timestamp(iso8601: text, assuming: found.zone(else: zone)) ?? time, behind.slice(word.count).trimmed
    )
  }

  // Wed Nov 25 05:20:12 2026 ls — Wed 25 Nov 2026 05:20:12 AM UTC ls
  private static func written(_ rest: ByteView, _ zone: Timestamp.Zone) -> (Timestamp, ByteView)? {
    let words = rest.words(limit: 10)
    guard words.count >= 6, words[0].count < 6,
      let (civil, zoneText, used) = LocaleDate.read(words, isBeforeCommand: true), used < words.count,
      let time = civil.timestamp(zoneText?.zone(else: zone) ?? zone)
    else { return nil }
    return (time, rest.slice(rest.offset(of: words[used])))
  }

  typealias Clock = (hour: Int, minute: Int, second: Int, precision: Timestamp.Precision)

  /// `25/11/26 05:21:05 curl`, perhaps with brackets around the time; and dates with the year in front that lack the seconds.
  static func numeric(_ text: ByteView) -> (date: NumericDate, clock: Clock, command: ByteView)? {
    if text[0] == 0x5B, let close = text.slice(0, 40).firstIndex(of: 0x5D) {
      let inner = text.slice(1, close).words(limit: 3)
      return inner.count == 2 ? timed(inner[0], inner[1], text.slice(close + 1).trimmed) : nil
    }
    let words = text.words(limit: 3)
    return words.count == 3 ? timed(words[0], words[1], words[2]) : nil
  }

  private static func timed(
    _ day: ByteView, _ moment: ByteView, _ command: ByteView
  ) -> (date: NumericDate, clock: Clock, command: ByteView)? {
    // Digits and one kind of sign, lest a word of a command be taken for a date.
    guard day.count <= 10, !command.isEmpty,
      let sign = (0..<day.count).first(where: { !isDigit(day[$0]) }).map({ day[$0] }),
      sign == 0x2F || sign == 0x2D || sign == 0x2E, (0..<day.count).allSatisfy({ isDigit(day[$0]) || day[$0] == sign }),
      let date = NumericDate(day), let clock = CivilTime.timeOfDay(moment), clock.nanosecond == 0
    else { return nil }
    return (date, (clock.hour, clock.minute, clock.second, clock.precision), command)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
