import Bytes

/// A moment: nanoseconds since 1970 UTC, with how exactly and how certainly the source knew it.
public struct Timestamp: Hashable, Sendable, Comparable {
  /// The finest unit that the source wrote. Text is never padded beyond it.
  public enum Precision: String, Sendable, Comparable, CaseIterable {
    case day, minute, second, millisecond, microsecond, nanosecond

    var digits: Int {
      switch self {
      case .day, .minute, .second: 0
      case .millisecond: 3
      case .microsecond: 6
      case .nanosecond: 9
      }
    }

    public static func < (left: Precision, right: Precision) -> Bool {
      (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
  }

  /// Where the zone came from. Everything but `utc` and `stated` is told in the report.
  public enum Zone: Hashable, Sendable {
    /// The source is UTC by its definition (epoch numbers, AWS).
    case utc
    /// The text said its offset; minutes east of UTC.
    case stated(Int)
    /// Nothing said; taken from elsewhere (the host's zone, the collector's); minutes east of UTC.
    case inferred(Int)
  }

  public var nanoseconds: Int64
  public var precision: Precision
  public var zone: Zone

  public init(nanoseconds: Int64, precision: Precision = .nanosecond, zone: Zone = .utc) {
    self.nanoseconds = nanoseconds
    self.precision = precision
    self.zone = zone
  }

  /// - Returns: nil outside 1677 to 2262, which 64 bits of nanoseconds span.
  public init?(seconds: Int64, nanoseconds: Int64 = 0, precision: Precision = .second, zone: Zone = .utc) {
    let (scaled, over) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, beyond) = scaled.addingReportingOverflow(nanoseconds)
    if over || beyond { return nil }
    self.init(nanoseconds: sum, precision: precision, zone: zone)
  }

  public init?(milliseconds: Int64) {
    let (scaled, over) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    if over { return nil }
    self.init(nanoseconds: scaled, precision: .millisecond)
  }

  /// Whole microseconds since 1970, rounded down: Timesketch's `timestamp`.
  public var microseconds: Int64 { floorDivide(nanoseconds, 1000) }

  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }
}

// MARK: - Calendar

extension Timestamp {
  /// From a civil date and time in the proleptic Gregorian calendar, with the offset of its zone.
  ///
  /// - Returns: nil for a month, day or time of day that does not exist (second 60 is taken as 59), for a zone more than a
  ///   day away, or outside the range.
  public init?(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int64 = 0,
    precision: Precision = .second, zone: Zone = .utc
  ) {
    guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
      (0...59).contains(minute), (0...60).contains(second), day <= Self.daysIn(month: month, year: year)
    else { return nil }
    let offset: Int =
      switch zone {
      case .utc: 0
      case .stated(let minutes), .inferred(let minutes): minutes
      }
    guard (-1440...1440).contains(offset) else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    let seconds = Int64(days) * 86400 + Int64(hour * 3600 + minute * 60 + min(second, 59)) - Int64(offset) * 60
    self.init(seconds: seconds, nanoseconds: nanosecond, precision: precision, zone: zone)
  }

  static func daysIn(month: Int, year: Int) -> Int {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return month == 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// Days since 1970-01-01, by counting years from March, so that the leap day ends the year.
  static func days(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Year, month, day of the UTC date.
  public var date: (year: Int, month: Int, day: Int) {
    let days = Int(floorDivide(nanoseconds, 86_400_000_000_000)) + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }
}

// MARK: - Text

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC with the source's own digits: `2026-11-25T05:22:37Z`, `…T05:22:37.978Z`.
  public var description: String { text(digits: precision.digits, suffix: "Z") }

  /// Always six digits and `+00:00`, the form that Timesketch's importer reads fastest and without doubt.
  public var timesketch: String { text(digits: 6, suffix: "+00:00") }

  private func text(digits: Int, suffix: String) -> String {
    let (year, month, day) = date
    // The first day of the range begins before the range does, so its midnight cannot be subtracted.
    let remainder = nanoseconds % 86_400_000_000_000
    let ofDay = remainder < 0 ? remainder + 86_400_000_000_000 : remainder
    let seconds = Int(ofDay / 1_000_000_000)
    var text = [UInt8]()
    text.reserveCapacity(36)
    append(year, 4, to: &text)
    text.append(0x2D)
    append(month, 2, to: &text)
    text.append(0x2D)
    append(day, 2, to: &text)
    text.append(0x54)
    append(seconds / 3600, 2, to: &text)
    text.append(0x3A)
    append(seconds / 60 % 60, 2, to: &text)
    text.append(0x3A)
    append(seconds % 60, 2, to: &text)
    if digits > 0 {
      text.append(0x2E)
      var fraction = Int(ofDay % 1_000_000_000)
      for _ in digits..<9 { fraction /= 10 }
      append(fraction, digits, to: &text)
    }
    text.append(contentsOf: suffix.utf8)
    return String(decoding: text, as: UTF8.self)
  }

  private func append(_ number: Int, _ width: Int, to text: inout [UInt8]) {
    var divisor = 1
    for _ in 1..<width { divisor *= 10 }
    for _ in 0..<width {
      text.append(UInt8(0x30 + number / divisor % 10))
      divisor = max(divisor / 10, 1)
    }
  }

  /// Reads `YYYY-MM-DD[T ]HH:MM:SS[.fraction][Z|±HH[:]MM]`, as a whole or, with `prefix`, at the front of a longer text.
  ///
  /// About 20 ns. Without a zone the time is taken as `assuming`.
  public init?(iso8601 text: ByteView, assuming zone: Zone = .utc, prefix: Bool = false) {
    func number(_ from: Int, _ to: Int) -> Int? {
      var value = 0
      for index in from..<to {
        let digit = Int(text[index]) - 0x30
        guard digit >= 0, digit <= 9 else { return nil }
        value = value * 10 + digit
      }
      return value
    }
    guard text.count >= 19, text[4] == 0x2D, text[7] == 0x2D, text[10] == 0x54 || text[10] == 0x20 || text[10] == 0x74,
      text[13] == 0x3A, text[16] == 0x3A, let year = number(0, 4), let month = number(5, 7), let day = number(8, 10),
      let hour = number(11, 13), let minute = number(14, 16), let second = number(17, 19)
    else { return nil }
    var place = 19
    var fraction: Int64 = 0
    var digits = 0
    if text[place] == 0x2E || text[place] == 0x2C, (0x30...0x39).contains(text[place + 1]) {
      place += 1
      while (0x30...0x39).contains(text[place]) {
        if digits < 9 {
          fraction = fraction * 10 + Int64(text[place] - 0x30)
          digits += 1
        }
        place += 1
      }
      for _ in digits..<9 { fraction *= 10 }
    }
    var found = zone
    switch text[place] {
    case 0x5A, 0x7A:
      found = .utc
      place += 1
    case 0x2B, 0x2D:
      let sign = text[place] == 0x2D ? -1 : 1
      let colon = text[place + 3] == 0x3A ? 1 : 0
      guard let hours = number(place + 1, place + 3), let minutes = number(place + 3 + colon, place + 5 + colon),
        hours <= 18, minutes <= 59
      else { return nil }
      found = .stated(sign * (hours * 60 + minutes))
      place += 5 + colon
    default: break
    }
    guard prefix || place == text.count else { return nil }
    let precision: Precision =
      digits == 0 ? .second : digits <= 3 ? .millisecond : digits <= 6 ? .microsecond : .nanosecond
    self.init(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second, nanosecond: fraction,
      precision: precision, zone: found)
  }

  public init?(iso8601 text: String) {
    guard let made = text.withView({ Timestamp(iso8601: $0) }) else { return nil }
    self = made
  }
}

@inlinable
func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
  let quotient = number / divisor
  return number % divisor < 0 ? quotient - 1 : quotient
}
