import Bytes
import Evidence

/// Times that MySQL and MariaDB write and nobody else: the hour without a zero in front, the year of two digits, the slow log's mark.
enum MySQLTime {
  // 2026-11-25  5:20:26 8 [Note] …        261125  5:20:26 [Note] …        # Time: 2026-11-25T05:20:26.123456Z
  /// - Returns: the time, and how many bytes it takes.
  static func read(_ line: ByteView, _ zone: Timestamp.Zone) -> (time: Timestamp, count: Int)? {
    if line[0] == 0x23 {
      guard line.hasPrefix("# Time: ") else { return nil }
      let text = line.slice(8).trimmed
      if let time = Timestamp(iso8601: text, assuming: zone) { return (time, line.count) }
      return ofTwoDigits(text, zone).map { ($0.time, 8 + $0.count) }
    }
    guard (0x30...0x39).contains(line[0]), line[6] == 0x20 || line[10] == 0x20 && line[11] == 0x20 else { return nil }
    if line[6] == 0x20 { return ofTwoDigits(line, zone) }
    guard line[4] == 0x2D, line[7] == 0x2D, let year = CivilTime.number(line.slice(0, 4)),
      let month = CivilTime.number(line.slice(5, 7)), let day = CivilTime.number(line.slice(8, 10))
    else { return nil }
    return time(year, month, day, line, at: 11, zone)
  }

  private static func ofTwoDigits(_ line: ByteView, _ zone: Timestamp.Zone) -> (time: Timestamp, count: Int)? {
    guard line[6] == 0x20, let year = CivilTime.number(line.slice(0, 2)),
      let month = CivilTime.number(line.slice(2, 4)), let day = CivilTime.number(line.slice(4, 6))
    else { return nil }
    return time(2000 + year, month, day, line, at: 7, zone)
  }

  /// `  5:20:26` or `15:20:26`, of eight bytes.
  private static func time(
    _ year: Int, _ month: Int, _ day: Int, _ line: ByteView, at start: Int, _ zone: Timestamp.Zone
  ) -> (time: Timestamp, count: Int)? {
    let end = start + 8
    guard end >= line.count || line[end] == 0x20 || line[end] == 0x09,
      let clock = CivilTime.timeOfDay(line.slice(start, end).trimmed), clock.precision == .second
    else { return nil }
    return CivilTime(
      year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second
    ).timestamp(zone).map { ($0, end) }
  }
}
