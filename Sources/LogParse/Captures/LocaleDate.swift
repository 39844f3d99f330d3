import Bytes
import Evidence

/// Dates as `date`, `ls` and `%c` write them in languages other than English, with the names that glibc's locales have.
enum LocaleDate {
  // German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Polish, Czech, Hungarian, Turkish, Russian and Ukrainian; the
  // points behind them are left out.
  private static let months: [String: Int] = [
    "jan": 1, "janv": 1, "ene": 1, "gen": 1, "feb": 2, "febr": 2, "févr": 2, "fév": 2, "fev": 2, "mär": 3, "mrz": 3,
    "märz": 3, "mars": 3, "mar": 3, "apr": 4, "avril": 4, "avr": 4, "abr": 4, "mai": 5, "may": 5, "mag": 5, "jun": 6,
    "juni": 6, "juin": 6, "giu": 6, "jul": 7, "juli": 7, "juil": 7, "lug": 7, "aug": 8, "août": 8, "ago": 8, "sep": 9,
    "sept": 9, "set": 9, "okt": 10, "oct": 10, "ott": 10, "out": 10, "nov": 11, "dez": 12, "dec": 12, "déc": 12,
    "dic": 12, "mrt": 3, "mei": 5, "maj": 5, "sty": 1, "lut": 2, "kwi": 4, "cze": 6, "lip": 7, "sie": 8, "wrz": 9,
    "paź": 10,
    "lis": 11, "gru": 12, "led": 1, "úno": 2, "bře": 3, "dub": 4, "kvě": 5, "čen": 6, "čec": 7, "srp": 8, "zář": 9,
    "říj": 10,
    "pro": 12, "ledna": 1, "února": 2, "března": 3, "dubna": 4, "května": 5, "června": 6, "července": 7, "srpna": 8,
    "září": 9, "října": 10, "listopadu": 11, "prosince": 12, "márc": 3, "ápr": 4, "máj": 5, "jún": 6, "júl": 7,
    "szept": 9, "oca": 1, "şub": 2, "nis": 4, "haz": 6, "tem": 7, "ağu": 8, "eyl": 9, "eki": 10, "kas": 11, "ara": 12,
    "янв": 1, "фев": 2, "мар": 3, "апр": 4, "май": 5, "мая": 5, "июн": 6, "июл": 7, "авг": 8, "сен": 9, "окт": 10,
    "ноя": 11,
    "дек": 12, "січ": 1, "лют": 2, "бер": 3, "кві": 4, "тра": 5, "чер": 6, "лип": 7, "сер": 8, "вер": 9, "жов": 10,
    "лис": 11,
    "гру": 12, "січня": 1, "лютого": 2, "березня": 3, "квітня": 4, "травня": 5, "червня": 6, "липня": 7, "серпня": 8,
    "вересня": 9, "жовтня": 10, "листопада": 11, "грудня": 12,
  ]
  private static let weekdays: Set<String> = [
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "mo", "di", "mi", "do", "fr", "sa", "so", "lun", "mar", "mer",
    "jeu", "ven", "sam", "dim", "mié", "jue", "vie", "sáb", "dom", "gio", "sab", "seg", "ter", "qua", "qui", "sex",
    "ma", "wo", "vr", "za", "zo", "mån", "tis", "ons", "tor", "tors", "fre", "lör", "sön", "pon", "wto", "śro", "czw",
    "pią",
    "sob", "nie", "po", "út", "st", "čt", "pá", "ne", "hét", "hétfő", "kedd", "sze", "szerda", "csütörtök", "pén",
    "péntek",
    "szombat", "vasárnap", "paz", "pzt", "sal", "çrş", "çar", "per", "cum", "cts", "cmt", "пн", "вт", "ср", "чт", "пт",
    "сб",
    "вс", "нд", "понеділок", "вівторок", "середа", "четвер", "п'ятниця", "субота", "неділя",
  ]
  /// Of Japanese, Korean and Chinese, where lastlog and last write them alone.
  private static let weekdaySigns: [StaticString] = [
    "月", "火", "水", "木", "金", "土", "日", "월", "화", "수", "목", "금", "토", "일", "一", "二", "三", "四", "五", "六",
  ]
  /// Abbreviations that mean several zones, of which a line says that it has one.
  private static let ambiguousZones: Set<String> = [
    "CST", "IST", "BST", "AST", "SST", "WIB", "ICT", "PKT", "PHT", "PST",
  ]

  /// `Okt`, `févr.`, `dic`, and `11월` or `11月`; 1 to 12.
  static func month(_ text: ByteView) -> Int? {
    guard (3...18).contains(text.count) else { return nil }
    if (0x30...0x39).contains(text[0]) {
      guard text.hasSuffix("월") || text.hasSuffix("月"), let number = CivilTime.number(text.dropLast(3)) else {
        return nil
      }
      return (1...12).contains(number) ? number : nil
    }
    return months[withoutMark(text).string.lowercased()]
  }

  static func isWeekday(_ text: ByteView) -> Bool {
    (2...20).contains(text.count)
      && (weekdays.contains(withoutMark(text).string.lowercased()) || weekdaySigns.contains { text == $0 })
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
    guard place < words.count, let clock = CivilTime.timeOfDay(withoutMark(words[place])) else { return nil }
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

  private static func year(_ word: ByteView) -> Int? {
    let text = word.count == 5 ? withoutMark(word) : word
    return text.count == 4 ? CivilTime.number(text) : nil
  }
}
