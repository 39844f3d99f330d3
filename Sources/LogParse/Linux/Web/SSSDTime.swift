import Bytes
import Evidence

/// The time in front of a line of sssd's logs.
enum SSSDTime {
  /// sssd's: `(2026-11-25  5:20:26): `, with microseconds behind a colon where it is told to; `(Wed Nov 25 05:20:26 2026) `
  /// before version 2; and `   *  ` in front of what it kept back until something failed.
  static func read(_ line: ByteView, _ zone: Timestamp.Zone) -> (Timestamp, end: Int)? {
    var start = 0
    if line[0] == 0x20, line.hasPrefix("   *  (") { start = 6 }
    guard line[start] == 0x28, let close = line.slice(0, start + 40).firstIndex(of: 0x29), line[close + 1] != 0 else {
      return nil
    }
    let inner = line.slice(start + 1, close)
    let end = close + (line[close + 1] == 0x3A ? 2 : 1)
    guard line[end] == 0x20, line[end + 1] == 0x5B else { return nil }
    if inner[4] == 0x2D {
      let words = inner.words(limit: 3)
      guard words.count == 2, words[0].count == 10, let year = CivilTime.number(words[0].slice(0, 4)),
        let month = CivilTime.number(words[0].slice(5, 7)), let day = CivilTime.number(words[0].slice(8))
      else { return nil }
      let parts = words[1].split(0x3A, limit: 5)
      guard parts.count >= 3,
        let clock = CivilTime.timeOfDay(words[1].slice(0, parts.prefix(3).reduce(2) { $0 + $1.count }))
      else { return nil }
      let fraction = parts.count > 3 ? CivilTime.fraction(parts[3]) : nil
      return CivilTime(
        year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
        nanosecond: fraction?.nanoseconds ?? 0, precision: fraction?.precision ?? clock.precision
      ).timestamp(zone).map { ($0, end) }
    }
    let words = inner.words(limit: 6)
    guard let (civil, _, used) = CivilTime.ctime(words), used == words.count else { return nil }
    return civil.timestamp(zone).map { ($0, end) }
  }
}
