import Bytes
import Evidence

/// The day of the last line of the traditional layout (`Nov 25 05:20:12 web-1 …`). Lines of one day differ in their time of
/// day, which is eight bytes at a fixed place, so the calendar is asked once a day and not once a line.
struct DayCache {
  /// A time with the blank behind.
  static let byteCount = 16
  private static let nanoseconds: Int64 = 86_400_000_000_000

  /// `Nov 25 `, as a number; 0 where nothing is kept.
  private var day: UInt64 = 0
  /// Nil where the source's year is not known and so no time is.
  private var midnight: Int64?
  private let zone: Timestamp.Zone
  /// Times on a day that ends later need the settler's judgement, each of them.
  private let limit: Int64?

  init(_ context: ParseContext) {
    zone = context.zone
    limit = context.collected?.adding(seconds: 86400).nanoseconds
  }

  /// Whether the line begins with a time on the day that was kept; the time is nil where none can be given.
  func time(_ line: ByteView) -> (isKnown: Bool, time: Timestamp?) {
    guard day != 0, let front = line.u64(0), front & Self.dayMask == day, line[15] == 0x20,
      let second = line.u64(7).flatMap(Self.secondOfDay)
    else { return (false, nil) }
    // No overflow: midnight was kept because a whole day fits behind it.
    return (
      true,
      midnight.map { Timestamp(nanoseconds: $0 &+ second &* 1_000_000_000, precision: .second, zone: zone) }
    )
  }

  /// Keeps the day of a line whose time the settler found (nil: it has no year to give), or nothing where the line has another
  /// layout: to be told of every such line, for the settler may have come to another year.
  mutating func keep(_ line: ByteView, _ time: Timestamp?) {
    day = 0
    guard line[15] == 0x20, line[0] >= 0x41, let front = line.u64(0),
      let second = line.u64(7).flatMap(Self.secondOfDay)
    else { return }
    guard let limit else {
      midnight = nil
      day = front & Self.dayMask
      return
    }
    guard let time else { return }
    let (first, under) = time.nanoseconds.subtractingReportingOverflow(second * 1_000_000_000)
    let (next, over) = first.addingReportingOverflow(Self.nanoseconds)
    guard !under, !over, next <= limit else { return }
    midnight = first
    day = front & Self.dayMask
  }

  mutating func forget() { day = 0 }

  /// The first seven bytes.
  private static let dayMask: UInt64 = 0x00FF_FFFF_FFFF_FFFF

  /// `05:20:12` as eight bytes in the order of memory; nil for anything else, and for a leap second.
  private static func secondOfDay(_ text: UInt64) -> Int64? {
    // Digits become their values and colons 0; what was neither then has its high bit set, or gets it by the addition.
    let values = text ^ 0x3030_3A30_303A_3030
    guard (values | (values &+ 0x7676_7F76_767F_7676)) & 0x8080_8080_8080_8080 == 0 else { return nil }
    func pair(_ shift: UInt64) -> Int64 {
      Int64(values >> shift & 0xFF) &* 10 &+ Int64(values >> (shift &+ 8) & 0xFF)
    }
    let (hour, minute, second) = (pair(0), pair(24), pair(48))
    guard hour < 24, minute < 60, second < 60 else { return nil }
    return (hour &* 60 &+ minute) &* 60 &+ second
  }
}
