import Bytes
import Evidence

/// A date in numbers alone, as `%F`, `%x`, `%D` and `%d/%m/%y` print it: `2026-11-25`, `11/25/2026`, `25.11.26`, `2026년 11월 25일`.
struct NumericDate: Hashable {
  /// Which of day and month stands first where both are small and the sign between says nothing.
  enum Order { case dayFirst, monthFirst }

  let year: Int
  /// The two others, as they stand.
  private let first: Int
  private let second: Int
  /// What the text itself says; nil where only other dates can tell.
  let order: Order?

  /// Nil where there are not exactly three numbers, or no month among them.
  init?(_ text: ByteView) {
    guard text.count >= 6, text.count <= 40 else { return nil }
    var numbers: [(value: Int, digits: Int)] = []
    var sign: UInt8 = 0
    var place = 0
    while place < text.count {
      var end = place
      while end < text.count, (0x30...0x39).contains(text[end]) { end += 1 }
      if end > place {
        guard end - place <= 4, numbers.count < 3, let value = CivilTime.number(text.slice(place, end)) else {
          return nil
        }
        numbers.append((value, end - place))
        if numbers.count == 1 { sign = text[end] }
      }
      place = max(end, place + 1)
    }
    guard numbers.count == 3 else { return nil }
    if numbers[0].digits == 4 {
      (year, first, second) = (numbers[0].value, numbers[1].value, numbers[2].value)
      order = .monthFirst
    } else {
      guard numbers[0].digits <= 2, numbers[2].digits == 4 || numbers[2].digits == 2 else { return nil }
      // Two digits as strptime(3) reads `%y`.
      let short = numbers[2].value
      year = numbers[2].digits == 4 ? short : short < 69 ? 2000 + short : 1900 + short
      (first, second) = (numbers[0].value, numbers[1].value)
      // Points and hyphens stand between day, month and year only; a slash in America between month, day and year too.
      order = first > 12 || sign == 0x2E || sign == 0x2D ? .dayFirst : second > 12 ? .monthFirst : nil
    }
    guard numbers[1].digits <= 2, (1...31).contains(first), (1...31).contains(second), min(first, second) <= 12 else {
      return nil
    }
  }

  /// At the start of the day, in the order that the text tells or else the one given.
  func civil(_ fallback: Order) -> CivilTime {
    let isDayFirst = order ?? fallback == .dayFirst
    return CivilTime(year: year, month: isDayFirst ? second : first, day: isDayFirst ? first : second)
  }

  /// The order of day and month in a file that uses one throughout, from as many of its dates as were looked at.
  ///
  /// A date that has only one meaning settles it; else the order in which no date lies after the capture; else the one in
  /// which fewer dates go back.
  ///
  /// - Returns: nil where nothing tells.
  static func order(of dates: [NumericDate], collected: Timestamp?) -> Order? {
    if let told = dates.lazy.compactMap(\.order).first { return told }
    func days(_ order: Order) -> [Int] {
      dates.map { $0.civil(order) }.map { ($0.year ?? 0) * 372 + $0.month * 31 + $0.day }
    }
    let (dayFirst, monthFirst) = (days(.dayFirst), days(.monthFirst))
    if let limit = collected?.adding(seconds: 86400).civil(in: .inferred(0)) {
      let last = (limit.year ?? 0) * 372 + limit.month * 31 + limit.day
      let (isDayBeyond, isMonthBeyond) = (dayFirst.contains { $0 > last }, monthFirst.contains { $0 > last })
      if isDayBeyond != isMonthBeyond { return isDayBeyond ? .monthFirst : .dayFirst }
    }
    func backwards(_ days: [Int]) -> Int { zip(days, days.dropFirst()).filter { $0 > $1 }.count }
    let (dayBack, monthBack) = (backwards(dayFirst), backwards(monthFirst))
    return dayBack == monthBack ? nil : dayBack < monthBack ? .dayFirst : .monthFirst
  }
}
