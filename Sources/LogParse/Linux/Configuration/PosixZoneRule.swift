import Bytes
import Evidence

/// A zone's rule as POSIX writes it in `TZ` and at the end of a compiled zone: `EST5EDT,M3.2.0,M11.1.0`,
/// `<+1030>-10:30<+11>-11,M10.1.0,M4.1.0`. Only turns on a weekday of a month (`M`) are read; no zone in use has others.
public struct PosixZoneRule: Hashable, Sendable {
  /// As it was written.
  public let text: String
  /// Seconds east of UTC.
  public let standard: Int
  let standardName: String
  /// Nil where the zone has no summer time.
  let summer: Summer?

  struct Summer: Hashable {
    var offset: Int
    var name: String
    var start: Turn
    var end: Turn
  }

  /// The weekday (Sunday is 0) of a week of a month, the fifth being the last, and the second of that day.
  struct Turn: Hashable {
    var month: Int
    var week: Int
    var weekday: Int
    var second: Int

    /// Local seconds since 1970.
    func moment(in year: Int) -> Int64? {
      func days(_ year: Int, _ month: Int) -> Int? {
        CivilTime(year: year, month: month, day: 1).timestamp(.utc).map { Int($0.nanoseconds / 86_400_000_000_000) }
      }
      guard let first = days(year, month), let next = month == 12 ? days(year + 1, 1) : days(year, month + 1) else {
        return nil
      }
      // 1 January 1970 was a Thursday.
      let firstWeekday = ((first + 4) % 7 + 7) % 7
      var day = first + (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
      if day >= next { day -= 7 }
      return Int64(day) * 86400 + Int64(second)
    }
  }

  public init?(_ text: String) {
    guard let rule = text.withView({ PosixZoneRule($0) }) else { return nil }
    self = rule
  }

  init?(_ text: ByteView) {
    var rest = text
    self.text = text.slice(0, 128).string
    guard rest.count < 128, let name = Self.name(&rest), let west = Self.clock(&rest) else { return nil }
    standard = -west
    standardName = name
    guard !rest.isEmpty else {
      summer = nil
      return
    }
    guard let summerName = Self.name(&rest) else { return nil }
    var offset = -west + 3600
    if rest[0] != 0x2C {
      guard let west = Self.clock(&rest) else { return nil }
      offset = -west
    }
    guard let start = Self.turn(&rest), let end = Self.turn(&rest), rest.isEmpty else { return nil }
    summer = Summer(offset: offset, name: summerName, start: start, end: end)
  }

  /// Letters alone, or anything in angle brackets.
  private static func name(_ text: inout ByteView) -> String? {
    if text[0] == 0x3C {
      guard let close = text.firstIndex(of: 0x3E), close > 1 else { return nil }
      defer { text = text.slice(close + 1) }
      return text.slice(1, close).string
    }
    var end = 0
    while (0x41...0x5A).contains(text[end]) || (0x61...0x7A).contains(text[end]) { end += 1 }
    guard end >= 3 else { return nil }
    defer { text = text.slice(end) }
    return text.slice(0, end).string
  }

  /// `5`, `-10:30`, `+1:00:00`, in seconds.
  private static func clock(_ text: inout ByteView) -> Int? {
    let isNegative = text[0] == 0x2D
    if isNegative || text[0] == 0x2B { text = text.dropFirst(1) }
    guard let hours = number(&text), hours <= 167 else { return nil }
    var seconds = hours * 3600
    for unit in [60, 1] where text[0] == 0x3A {
      text = text.dropFirst(1)
      guard let value = number(&text), value < 60 else { return nil }
      seconds += value * unit
    }
    return isNegative ? -seconds : seconds
  }

  private static func number(_ text: inout ByteView) -> Int? {
    var end = 0
    while end < 4, (0x30...0x39).contains(text[end]) { end += 1 }
    defer { text = text.slice(end) }
    return CivilTime.number(text.slice(0, end))
  }

  // ,M3.2.0/2
  private static func turn(_ text: inout ByteView) -> Turn? {
    guard text[0] == 0x2C, text[1] == 0x4D else { return nil }
    text = text.dropFirst(2)
    guard let month = number(&text), (1...12).contains(month), text[0] == 0x2E else { return nil }
    text = text.dropFirst(1)
    guard let week = number(&text), (1...5).contains(week), text[0] == 0x2E else { return nil }
    text = text.dropFirst(1)
    guard let weekday = number(&text), weekday < 7 else { return nil }
    var second = 7200
    if text[0] == 0x2F {
      text = text.dropFirst(1)
      guard let value = clock(&text) else { return nil }
      second = value
    }
    return Turn(month: month, week: week, weekday: weekday, second: second)
  }

  /// Whether the zone has such an offset, in seconds east of UTC, at any time of the year.
  public func has(offset: Int) -> Bool { offset == standard || offset == summer?.offset }

  /// The offset in force at a moment, in seconds since 1970.
  public func offset(at seconds: Int64) -> Int { zone(at: seconds).offset }

  /// The offset that a clock on the wall shows, by its own seconds since 1970. Of the hour that comes twice the first is meant.
  func offset(ofLocal seconds: Int64) -> Int {
    guard let summer else { return standard }
    let (moment, overflow) = seconds.subtractingReportingOverflow(Int64(summer.offset))
    return !overflow && zone(at: moment).offset == summer.offset ? summer.offset : standard
  }

  /// Name and offset in force at a moment, in seconds since 1970.
  func zone(at seconds: Int64) -> (name: String, offset: Int) {
    // From 1970 to 2200.
    guard let summer, (0...7_258_118_400).contains(seconds),
      let year = Timestamp(seconds: seconds + Int64(standard))?.date.year,
      let begun = summer.start.moment(in: year), let ended = summer.end.moment(in: year)
    else { return (standardName, standard) }
    // The start is told in standard time, the end in summer time.
    let start = begun - Int64(standard)
    let end = ended - Int64(summer.offset)
    // South of the equator it spans the new year.
    let isSummer = start < end ? start <= seconds && seconds < end : seconds >= start || seconds < end
    return isSummer ? (summer.name, summer.offset) : (standardName, standard)
  }
}
