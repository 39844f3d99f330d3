import Bytes
import Evidence

/// The times of logs whose pattern somebody chose, apart from the usual ones that `ApplicationLine` reads itself.
enum ApplicationTime {
  // 20261125T052026,245        20261125 05:20:26.245        20261125052026245 (log4j's ISO8601_BASIC and COMPACT)
  // 25.11.2026 05:20:26        25-11-2026 05:20:26.245      2026.11.25 05:20:26
  // 25/11/2026 05:20:26        11/25/2026 5:20:26 AM
  // 26/11/25 05:20:26 INFO … (Spark, Hadoop)                1795584026245 INFO …
  // Wed Nov 25 05:20:26 UTC 2026 …                          Nov. 25, 2026 5:20:26 AM …        11月 25, 2026 5:20:26 午前 …
  //
  // - Returns: the time and its bytes, behind which a blank or the end follows.
  static func read(_ front: ByteView, _ zone: Timestamp.Zone) -> (time: Timestamp, count: Int)? {
    guard (0x30...0x39).contains(front[0]) else { return named(front, zone) }
    var digits = 1
    while digits < 24, (0x30...0x39).contains(front[digits]) { digits += 1 }
    switch digits {
    case 8: return compact(front, zone)
    case 10, 13, 17: return run(front, digits, zone)
    case 1, 2, 4: return front[digits] < 0x80 ? numeric(front, zone) : named(front, zone)
    default: return nil
    }
  }

  private static func compact(_ front: ByteView, _ zone: Timestamp.Zone) -> (Timestamp, Int)? {
    guard let date = date(front.slice(0, 8)) else { return nil }
    let rest = front.slice(9)
    let length = rest.firstIndex(of: 0x20) ?? rest.count
    let word = rest.slice(0, length)
    if front[8] == 0x20, let clock = CivilTime.timeOfDay(word) {
      return stamp(date, clock, zone).map { ($0, 9 + length) }
    }
    guard front[8] == 0x54, word.count >= 6, let clock = clock(word.slice(0, 6)) else { return nil }
    var time = date
    (time.hour, time.minute, time.second) = clock
    if word.count > 6 {
      guard word[6] == 0x2C || word[6] == 0x2E, let part = CivilTime.fraction(word.slice(7)), word.count <= 16 else {
        return nil
      }
      (time.nanosecond, time.precision) = part
    }
    return time.timestamp(zone).map { ($0, 9 + length) }
  }

  /// Digits alone are a time where a level follows.
  private static func run(_ front: ByteView, _ digits: Int, _ zone: Timestamp.Zone) -> (Timestamp, Int)? {
    guard front[digits] == 0x20, isLevel(behind: front.slice(digits)) else { return nil }
    if digits == 17 {
      guard var time = date(front.slice(0, 8)), let clock = clock(front.slice(8, 14)),
        let part = CivilTime.fraction(front.slice(14, 17))
      else { return nil }
      (time.hour, time.minute, time.second) = clock
      (time.nanosecond, time.precision) = part
      return time.timestamp(zone).map { ($0, digits) }
    }
    guard let number = front.slice(0, digits).integer else { return nil }
    return (digits == 10 ? Timestamp(seconds: number) : Timestamp(milliseconds: number)).map { ($0, digits) }
  }

  private static func numeric(_ front: ByteView, _ zone: Timestamp.Zone) -> (Timestamp, Int)? {
    guard let blank = front.slice(0, 12).firstIndex(of: 0x20), blank >= 6, front[blank + 1] != 0x20 else { return nil }
    let text = front.slice(0, blank)
    let rest = front.slice(blank + 1)
    var end = rest.firstIndex(of: 0x20) ?? rest.count
    guard let clock = CivilTime.timeOfDay(rest.slice(0, end)), clock.precision != .minute else { return nil }
    var hour = clock.hour
    let half = rest.slice(end + 1, end + 3)
    let isHalved = CivilTime.hour(of: clock.hour, half: half)
    if let isHalved, rest[end + 3] == 0x20 || rest.count == end + 3 {
      hour = isHalved
      end += 3
    }
    var date: CivilTime
    if text.count == 8, text[2] == 0x2F, text[5] == 0x2F {
      // Two digits for all three: the year stands in front in what Hadoop's programs write, and a level behind.
      guard isLevel(behind: rest.slice(end)), let year = CivilTime.number(text.slice(0, 2)), (10...69).contains(year),
        let month = CivilTime.number(text.slice(3, 5)), let day = CivilTime.number(text.slice(6, 8))
      else { return nil }
      date = CivilTime(year: 2000 + year, month: month, day: day)
    } else {
      guard Self.isPlain(text), let found = NumericDate(text), text[text.count - 5] < 0x30 || text[4] < 0x30 else {
        return nil
      }
      // Where nothing tells which is the month, no time is better than a wrong one.
      guard found.order != nil || isHalved != nil else { return nil }
      date = found.civil(.monthFirst)
    }
    date.hour = hour
    (date.minute, date.second, date.nanosecond, date.precision) = (
      clock.minute, clock.second, clock.nanosecond, clock.precision
    )
    return date.timestamp(zone).map { ($0, blank + 1 + end) }
  }

  /// Digits with the same sign twice between them.
  private static func isPlain(_ text: ByteView) -> Bool {
    var sign: UInt8 = 0
    for byte in text.unsafeBytes where !(0x30...0x39).contains(byte) {
      guard byte == 0x2D || byte == 0x2E || byte == 0x2F, sign == 0 || byte == sign else { return false }
      sign = byte
    }
    return true
  }

  /// A date that begins with a name.
  private static func named(_ front: ByteView, _ zone: Timestamp.Zone) -> (Timestamp, Int)? {
    // The lines of a stack trace come here by the million.
    guard front[0] > 0x20, let colon = front.slice(0, 40).firstIndex(of: 0x3A), front[colon + 3] == 0x3A else {
      return nil
    }
    let words = front.words(limit: 7)
    guard words.count >= 5 else { return nil }
    if words[1].count <= 3, words[1][words[1].count - 1] == 0x2C, let month = JavaMonth.read(words[0]),
      let day = CivilTime.number(words[1].dropLast(1)), words[2].count == 4, let year = CivilTime.number(words[2]),
      let clock = CivilTime.timeOfDay(words[3]), (1...12).contains(clock.hour)
    {
      // java.util.logging's, as a JDK in other languages writes it.
      let isLater = words[4] == "PM" || words[4] == "午後" || words[4] == "下午"
      guard isLater || words[4] == "AM" || words[4] == "午前" || words[4] == "上午" else { return nil }
      return CivilTime(
        year: year, month: month, day: day, hour: clock.hour % 12 + (isLater ? 12 : 0), minute: clock.minute,
        second: clock.second
      ).timestamp(zone).map { ($0, front.offset(of: words[4]) + words[4].count) }
    }
    guard CivilTime.weekday(words[0]) != nil, let (time, found, used) = CivilTime.ctime(words), time.year != nil,
      used <= words.count, used >= 5
    else { return nil }
    let last = words[used - 1]
    return time.timestamp(found?.zone(else: zone) ?? zone).map { ($0, front.offset(of: last) + last.count) }
  }

  private static func stamp(
    _ date: CivilTime,
    _ clock: (hour: Int, minute: Int, second: Int, nanosecond: Int64, precision: Timestamp.Precision),
    _ zone: Timestamp.Zone
  ) -> Timestamp? {
    var time = date
    (time.hour, time.minute, time.second) = (clock.hour, clock.minute, clock.second)
    (time.nanosecond, time.precision) = (clock.nanosecond, clock.precision)
    return time.timestamp(zone)
  }

  /// `20261125`; not every number of eight digits.
  private static func date(_ digits: ByteView) -> CivilTime? {
    guard let year = CivilTime.number(digits.slice(0, 4)), (1990...2100).contains(year),
      let month = CivilTime.number(digits.slice(4, 6)), (1...12).contains(month),
      let day = CivilTime.number(digits.slice(6, 8)), (1...31).contains(day)
    else { return nil }
    return CivilTime(year: year, month: month, day: day)
  }

  private static func clock(_ digits: ByteView) -> (Int, Int, Int)? {
    guard let hour = CivilTime.number(digits.slice(0, 2)), hour < 24, let minute = CivilTime.number(digits.slice(2, 4)),
      minute < 60, let second = CivilTime.number(digits.slice(4, 6)), second <= 60
    else { return nil }
    return (hour, minute, second)
  }

  private static func isLevel(behind text: ByteView) -> Bool {
    guard let word = text.slice(0, 48).words(limit: 2).first else { return false }
    let isBracketed = word[0] == 0x5B && word[word.count - 1] == 0x5D
    return ApplicationLine.level(isBracketed ? word.slice(1, word.count - 1) : word) != nil
  }
}
