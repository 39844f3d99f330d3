import Bytes
import Evidence

/// A time as systemd prints it for people: `Wed 2026-11-25 05:18:20.276566 UTC` (format_timestamp_style, src/basic/time-util.c).
struct JournalTime {
  let civil: CivilTime
  let zone: ZoneText
  /// Bytes that it takes, without the blank behind.
  let count: Int

  /// At the front of a text; nil where something else stands there.
  init?(_ text: ByteView) {
    guard text[3] == 0x20, text[8] == 0x2D, text[11] == 0x2D, text[14] == 0x20,
      CivilTime.weekday(text.slice(0, 3)) != nil, let year = CivilTime.number(text.slice(4, 8)),
      let month = CivilTime.number(text.slice(9, 11)), let day = CivilTime.number(text.slice(12, 14)),
      let end = text.slice(0, 40).firstIndex(of: 0x20, from: 15),
      let clock = CivilTime.timeOfDay(text.slice(15, end)), clock.precision != .minute
    else { return nil }
    let rest = text.slice(end + 1, end + 8)
    let word = rest.cut(0x20)?.before ?? rest
    guard let zone = ZoneText(word) else { return nil }
    self.zone = zone
    civil = CivilTime(
      year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
      nanosecond: clock.nanosecond, precision: clock.precision)
    count = end + 1 + word.count
  }

  /// - Parameter fallback: for a zone's name that means several.
  func timestamp(_ fallback: Timestamp.Zone) -> Timestamp? { civil.timestamp(zone.zone(else: fallback)) }
}
