import Bytes
import Evidence

/// A date and a time of day as a text shows them, before year and zone are settled.
struct CivilTime: Hashable {
  var year: Int?
  var month: Int
  var day: Int
  var hour = 0
  var minute = 0
  var second = 0
  var nanosecond: Int64 = 0
  /// Monday is 1; where the text names it, it tells the year of a date without one.
  var weekday: Int?
  var precision = Timestamp.Precision.second

  /// Nil where the year is missing or the date does not exist.
  func timestamp(_ zone: Timestamp.Zone) -> Timestamp? {
    guard let year else { return nil }
    // The end of a day as ISO 8601 writes it.
    if hour == 24, minute == 0, second == 0 {
      var start = self
      start.hour = 0
      return start.timestamp(zone)?.adding(seconds: 86400)
    }
    return Timestamp(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second, nanosecond: nanosecond,
      precision: precision, zone: zone)
  }

  /// English names as C's locale writes them (`Nov`), at the start of the text; 1 to 12.
  static func month(_ text: ByteView) -> Int? {
    guard text.count >= 3 else { return nil }
    let key = UInt32(lowercased(text[0])) << 16 | UInt32(lowercased(text[1])) << 8 | UInt32(lowercased(text[2]))
    return monthNames.firstIndex(of: key).map { $0 + 1 }
  }

  private static let monthNames: [UInt32] = [
    0x6a616e, 0x666562, 0x6d6172, 0x617072, 0x6d6179, 0x6a756e, 0x6a756c, 0x617567, 0x736570, 0x6f6374, 0x6e6f76,
    0x646563,
  ]

  /// Monday is 1, Sunday 7.
  static func weekday(_ text: ByteView) -> Int? {
    guard text.count == 3 else { return nil }
    for (index, name) in (["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as [StaticString]).enumerated()
    where text.equalsIgnoringCase(name) {
      return index + 1
    }
    return nil
  }

  /// `05:20`, `05:20:12` or `05:20:12.345`.
  static func timeOfDay(
    _ text: ByteView
  ) -> (hour: Int, minute: Int, second: Int, nanosecond: Int64, precision: Timestamp.Precision)? {
    guard let first = text.firstIndex(of: 0x3A), let hour = number(text.slice(0, first)), hour <= 24 else { return nil }
    let rest = text.slice(first + 1)
    if hour == 24, !(rest == "00" || rest == "00:00") { return nil }
    guard let second = rest.firstIndex(of: 0x3A) else {
      guard rest.count == 2, let minute = number(rest), minute < 60 else { return nil }
      return (hour, minute, 0, 0, .minute)
    }
    guard let minute = number(rest.slice(0, second)), minute < 60 else { return nil }
    let seconds = rest.slice(second + 1)
    let (whole, fraction) = seconds.cut(0x2E) ?? seconds.cut(0x2C) ?? (seconds, seconds.slice(seconds.count))
    guard whole.count <= 2, let value = number(whole), value <= 60 else { return nil }
    if fraction.isEmpty { return (hour, minute, value, 0, .second) }
    guard let (nanoseconds, precision) = self.fraction(fraction) else { return nil }
    return (hour, minute, value, nanoseconds, precision)
  }

  /// Decimals of a second, up to nine; more are cut.
  static func fraction(_ digits: ByteView) -> (nanoseconds: Int64, precision: Timestamp.Precision)? {
    let kept = digits.slice(0, 9)
    guard !kept.isEmpty, kept.count == digits.slice(0, 9).count, var value = kept.integer, value >= 0,
      (0x30...0x39).contains(kept[0])
    else { return nil }
    for _ in kept.count..<9 { value *= 10 }
    return (value, kept.count <= 3 ? .millisecond : kept.count <= 6 ? .microsecond : .nanosecond)
  }

  /// The hour of the day of one that is counted to twelve; nil where no `AM` or `PM` follows.
  static func hour(of hour: Int, half: ByteView) -> Int? {
    guard half == "AM" || half == "PM", (1...12).contains(hour) else { return nil }
    return hour % 12 + (half == "PM" ? 12 : 0)
  }

  /// A small number of digits only.
  static func number(_ text: ByteView) -> Int? {
    guard !text.isEmpty, text.count <= 9, (0x30...0x39).contains(text[0]) else { return nil }
    return text.integer.map { Int($0) }
  }

  /// `Wed Nov 25 05:20:12 2026`, with a zone before or after the year (`UTC`, `+0000`), as `date`, `ctime` and `last -F`
  /// write it. The weekday may be missing. In American English `date` counts to twelve: `Wed Nov 25 05:20:12 AM UTC 2026`.
  ///
  /// - Returns: the time, its zone if there was one, and how many words it took.
  static func ctime(_ words: some Collection<ByteView>) -> (time: CivilTime, zone: ZoneText?, words: Int)? {
    let all = Array(words.prefix(8))
    let weekday = all.first.flatMap { Self.weekday($0) }
    var place = weekday == nil ? 0 : 1
    guard all.count >= place + 3, all[place].count == 3, let month = month(all[place]),
      let day = number(all[place + 1]), let clock = timeOfDay(all[place + 2])
    else { return nil }
    var time = CivilTime(
      month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
      nanosecond: clock.nanosecond, weekday: weekday, precision: clock.precision)
    place += 3
    if place < all.count, let hour = hour(of: clock.hour, half: all[place]) {
      time.hour = hour
      place += 1
    }
    var zone: ZoneText?
    for _ in 0..<2 where place < all.count {
      if time.year == nil, all[place].count == 4, let year = number(all[place]) {
        time.year = year
        place += 1
      } else if zone == nil, let found = ZoneText(all[place]) {
        zone = found
        place += 1
      }
    }
    return (time, zone, place)
  }
}

/// A zone as text: an offset, or an abbreviation whose offset is known without doubt.
struct ZoneText: Hashable {
  var text: String
  /// Minutes east of UTC; nil for an abbreviation that means several zones (`CST`, `IST`).
  var minutes: Int?

  init?(_ word: ByteView) {
    if word[0] == 0x2B || word[0] == 0x2D {
      let digits = word.slice(1)
      let colon = digits.count == 5 && digits[2] == 0x3A ? 1 : 0
      guard digits.count == 4 + colon || digits.count == 2, let hours = CivilTime.number(digits.slice(0, 2)),
        hours <= 18
      else { return nil }
      var minutes = 0
      if digits.count > 2 {
        guard let value = CivilTime.number(digits.slice(2 + colon, 4 + colon)), value < 60 else { return nil }
        minutes = value
      }
      self.minutes = (word[0] == 0x2D ? -1 : 1) * (hours * 60 + minutes)
    } else {
      guard (1...5).contains(word.count) else { return nil }
      for index in 0..<word.count where !(0x41...0x5A).contains(word[index]) { return nil }
      minutes = Self.known[word.string]
      if minutes == nil, word.count < 3 || word == "AM" || word == "PM" { return nil }
    }
    text = word.string
  }

  private static let known: [String: Int] = [
    "UTC": 0, "GMT": 0, "Z": 0, "UCT": 0, "KST": 540, "JST": 540, "HKT": 480, "SGT": 480, "CET": 60, "CEST": 120,
    "EET": 120, "EEST": 180, "MSK": 180, "WET": 0, "WEST": 60, "EDT": -240, "EST": -300, "CDT": -300, "MDT": -360,
    "MST": -420, "PDT": -420, "PST": -480, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
  ]

  /// - Parameter fallback: for abbreviations that do not say.
  func zone(else fallback: Timestamp.Zone) -> Timestamp.Zone {
    guard let minutes else { return fallback }
    return text == "Z" || text == "UTC" ? .utc : .stated(minutes)
  }
}

extension Timestamp.Zone {
  /// Minutes east of UTC, within a day.
  var minutes: Int {
    switch self {
    case .utc: 0
    case .stated(let minutes), .inferred(let minutes): min(max(minutes, -1440), 1440)
    }
  }
}

extension Timestamp {
  /// The civil date and time of day in a zone, to the minute.
  func civil(in zone: Zone) -> CivilTime {
    let local = Timestamp(nanoseconds: adding(seconds: Int64(zone.minutes) * 60).nanoseconds)
    let (year, month, day) = local.date
    let ofDay = local.nanoseconds % 86_400_000_000_000
    let second = Int((ofDay < 0 ? ofDay + 86_400_000_000_000 : ofDay) / 1_000_000_000)
    return CivilTime(
      year: year, month: month, day: day, hour: second / 3600, minute: second / 60 % 60, second: second % 60,
      precision: precision)
  }

  /// Later by so many seconds; held at the ends of the range.
  func adding(seconds: Int64) -> Timestamp {
    var moved = self
    let (step, over) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, beyond) = nanoseconds.addingReportingOverflow(step)
    if !over, !beyond {
      moved.nanoseconds = sum
    } else {
      moved.nanoseconds = seconds < 0 ? .min : .max
    }
    return moved
  }
}
