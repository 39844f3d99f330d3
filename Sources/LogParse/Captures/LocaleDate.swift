import Bytes
import Evidence

/// Dates as `date`, `ls` and `%c` write them in languages other than English, with the names that glibc's locales have.
enum LocaleDate {
  // German, French, Spanish, Italian and Portuguese; the points behind them are left out.
  private static let months: [String: Int] = [
    "jan": 1, "janv": 1, "ene": 1, "gen": 1, "feb": 2, "febr": 2, "févr": 2, "fév": 2, "fev": 2, "mär": 3, "mrz": 3,
    "märz": 3, "mars": 3, "mar": 3, "apr": 4, "avril": 4, "avr": 4, "abr": 4, "mai": 5, "may": 5, "mag": 5, "jun": 6,
    "juni": 6, "juin": 6, "giu": 6, "jul": 7, "juli": 7, "juil": 7, "lug": 7, "aug": 8, "août": 8, "ago": 8, "sep": 9,
    "sept": 9, "set": 9, "okt": 10, "oct": 10, "ott": 10, "out": 10, "nov": 11, "dez": 12, "dec": 12, "déc": 12,
    "dic": 12,
  ]
  private static let weekdays: Set<String> = [
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "mo", "di", "mi", "do", "fr", "sa", "so", "lun", "mar", "mer",
    "jeu", "ven", "sam", "dim", "mié", "jue", "vie", "sáb", "dom", "gio", "sab", "seg", "ter", "qua", "qui", "sex",
  ]
  /// Abbreviations that mean several zones, of which a line says that it has one.
  private static let ambiguousZones: Set<String> = [
    "CST", "IST", "BST", "AST", "SST", "WIB", "ICT", "PKT", "PHT", "PST",
  ]

  /// `Okt`, `févr.`, `dic`, and `11월` or `11月`; 1 to 12.
  static func month(_ text: ByteView) -> Int? {
    guard (3...8).contains(text.count) else { return nil }
    if (0x30...0x39).contains(text[0]) {
      guard text.hasSuffix("월") || text.hasSuffix("月"), let number = CivilTime.number(text.dropLast(3)) else {
        return nil
      }
      return (1...12).contains(number) ? number : nil
    }
    return months[withoutMark(text).string.lowercased()]
  }

  static func isWeekday(_ text: ByteView) -> Bool {
    (2...5).contains(text.count) && weekdays.contains(withoutMark(text).string.lowercased())
  }

  private static func withoutMark(_ text: ByteView) -> ByteView {
    let last = text[text.count - 1]
    return last == 0x2E || last == 0x2C ? text.dropLast(1) : text
  }

  /// A zone with a command behind it, which might be capitals too: only what is known to be one.
  static func zone(beforeCommand word: ByteView) -> ZoneText? {
    guard let zone = ZoneText(word), zone.minutes != nil || ambiguousZones.contains(zone.text) else { return nil }
    return zone
  }

  // Wed 25 Nov 2026 05:27:49 AM KST — Mo 30. Nov 14:27:00 CET 2026 — lun. 30 nov. 2026 14:27:00 CET — Wed, 25 Nov 2026 05:27:49 +0000
  /// A date that begins with the weekday: day and month in either order, the year in front of the time or at the end.
  ///
  /// - Returns: the time, its zone if there was one, and how many words it took.
  static func read(
    _ words: [ByteView], isBeforeCommand: Bool = false
  ) -> (time: CivilTime, zone: ZoneText?, words: Int)? {
    guard words.count >= 5, isWeekday(words[0]) else { return nil }
    let found =
      month(words[2]).flatMap { month in CivilTime.number(withoutMark(words[1])).map { (month, $0) } }
      ?? month(words[1]).flatMap { month in CivilTime.number(withoutMark(words[2])).map { (month, $0) } }
    guard let (month, day) = found, (1...31).contains(day) else { return nil }
    var place = 3
    var year = year(words[place])
    if year != nil { place += 1 }
    guard place < words.count, let clock = CivilTime.timeOfDay(words[place]) else { return nil }
    place += 1
    var time = CivilTime(
      month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
      nanosecond: clock.nanosecond, precision: clock.precision)
    if place < words.count, let hour = CivilTime.hour(of: clock.hour, half: words[place]) {
      time.hour = hour
      place += 1
    }
    var zone: ZoneText?
    for _ in 0..<2 where place < words.count {
      if year == nil, let found = Self.year(words[place]) {
        year = found
        place += 1
      } else if zone == nil {
        zone = isBeforeCommand ? Self.zone(beforeCommand: words[place]) : ZoneText(words[place])
        if zone != nil { place += 1 }
      }
    }
    guard let year else { return nil }
    time.year = year
    return (time, zone, place)
  }

  private static func year(_ word: ByteView) -> Int? { word.count == 4 ? CivilTime.number(word) : nil }
}
