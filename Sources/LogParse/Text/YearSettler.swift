import Bytes
import Evidence

/// Finds the year that classic syslog leaves out (`Nov 25 05:20:12`).
///
/// Lines come in order of time but for some that are late by days, so a day that falls back by more begins a year. The
/// first line's year is the latest in which no line lies after the capture; how many years a file turns over is seen in a
/// look ahead at its first lines, for they are told before the last is read. What turns over behind these, and would pass
/// the capture, is held at its year. Without the capture's time no year and so no time is given.
struct YearSettler {
  /// Bytes that are looked at ahead where the first of them tell of several days: most such files, whole. One that fills
  /// them within days does not come to a second year soon.
  private static let front = 1 << 24
  /// Of a line that is late, or that a clock wrote which was set back.
  private static let jitter = 14
  /// Of months of 31 days, so that a difference means days.
  private static let daysOfYear = 372
  /// Years that a file spans at most. More are a clock that jumps, whose days say nothing of each other.
  private static let limit = 20

  private let relative: RelativeTime?
  private let zone: Timestamp.Zone
  /// The first line's, where the look ahead tells it.
  private var firstYear: Int?
  private var year: Int?
  private var day = 0

  init(_ context: ParseContext) {
    relative = RelativeTime(context)
    zone = context.zone
  }

  mutating func settle(_ time: CivilTime) -> Timestamp? {
    if time.year != nil { return time.timestamp(zone) }
    guard let relative, (1...31).contains(time.day) else { return nil }
    guard let known = year ?? firstYear else { return hold(time, relative) }
    var time = time
    if year == nil { day = Self.day(time) }
    let step = Self.step(from: day, to: time)
    time.year = known + step
    if step >= 0 {
      year = known + step
      day = max(Self.day(time), step > 0 ? 0 : day)
    }
    guard let settled = time.timestamp(zone) else { return nil }
    if settled.nanoseconds <= relative.collected.adding(seconds: 86400).nanoseconds { return settled }
    // The file spans less than was thought.
    return hold(time, relative)
  }

  /// The last such moment before the capture.
  private mutating func hold(_ time: CivilTime, _ relative: RelativeTime) -> Timestamp? {
    let held = relative.withoutYear(time)
    year = held?.civil(in: zone).year
    day = Self.day(time)
    return held
  }

  private static func day(_ time: CivilTime) -> Int { time.month * 31 + time.day }

  /// 1 where a new year begins, -1 for a late line of the year before.
  private static func step(from day: Int, to time: CivilTime) -> Int {
    let ahead = self.day(time) - day
    return ahead < -jitter ? 1 : ahead > daysOfYear - jitter ? -1 : 0
  }

  /// Looks at the times of the first lines before they are settled.
  mutating func lookAhead(_ times: some Sequence<CivilTime>) {
    var turns = Turns()
    for time in times { turns.see(time) }
    start(turns)
  }

  /// Looks at the first lines of a stream before they are read; `time` gives the time at the front of a line. What is returned
  /// is to be read in the stream's place.
  mutating func lookAhead(
    _ stream: any ByteStream, _ time: (ByteView) -> CivilTime?
  ) throws(BytesError) -> any ByteStream {
    guard relative != nil else { return stream }
    var stream = try FrontStream(stream)
    var turns = Turns(stream.front, time)
    if !stream.isWhole, turns.areOfSeveralDays {
      stream = try FrontStream(stream, count: Self.front)
      turns = Turns(stream.front, time)
    }
    start(turns)
    return stream
  }

  private mutating func start(_ turns: Turns) {
    guard var relative, (1...Self.limit).contains(turns.count), var last = turns.last else { return }
    // As a day, and one that may be ahead as much as `settle` lets it.
    last.hour = 0
    last.minute = 0
    last.second = 0
    relative.move(to: relative.collected, slack: 86400)
    firstYear = relative.withoutYear(last)?.civil(in: zone).year.map { $0 - turns.count }
  }

  /// How many years the lines that were seen turn over.
  private struct Turns {
    var count = 0
    private var first: CivilTime?
    /// The latest.
    private(set) var last: CivilTime?

    init() {}

    /// Of lines of text. Those of one day lie together and say the same: what begins as the line before is passed over.
    init(_ front: [UInt8], _ time: (ByteView) -> CivilTime?) {
      front.withView { front in
        var rest = front
        var previous: UInt64 = 0
        while !rest.isEmpty {
          let end = rest.firstIndex(of: 0x0A) ?? rest.count
          var line = rest.slice(0, end)
          rest = rest.slice(end + 1)
          while line[0] == 0, !line.isEmpty { line = line.dropFirst(1) }
          // `Nov 25 `
          let day = (line.u64(0) ?? 0) & 0x00FF_FFFF_FFFF_FFFF
          if day == previous { continue }
          guard let found = time(line), found.year == nil else { continue }
          previous = day
          see(found)
        }
      }
    }

    var areOfSeveralDays: Bool {
      guard let first, let last else { return false }
      return count > 0 || YearSettler.day(last) - YearSettler.day(first) > 2
    }

    mutating func see(_ time: CivilTime) {
      guard time.year == nil, (1...31).contains(time.day) else { return }
      guard let last else {
        first = time
        self.last = time
        return
      }
      let step = YearSettler.step(from: YearSettler.day(last), to: time)
      if step > 0 { count += 1 }
      if step > 0 || step == 0 && YearSettler.day(last) < YearSettler.day(time) { self.last = time }
    }
  }
}
