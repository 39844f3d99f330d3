import Bytes
import Evidence

/// A file as a line of `find -ls` or `ls -l` shows it. Valid while the line is.
struct FileListing {
  enum Time {
    /// Without the year where it was left out.
    case civil(CivilTime)
    /// `2026-11-25 05:20:12.345678901 +0900`, as `--full-time` writes it.
    case zoned(CivilTime, Timestamp.Zone)
  }

  var inode: Int64?
  /// `-rwsr-xr-x`, perhaps with a sign for access lists behind it.
  var mode: ByteView
  var user: ByteView
  var group: ByteView
  /// SELinux's label or `?`, with `-Z`.
  var label: ByteView?
  /// Nil for devices, which have two numbers instead.
  var size: Int64?
  var time: Time
  /// With the target of a link, as it was written.
  var name: ByteView

  // 1234567      4 drwxr-xr-x   2 root     root         4096 Nov 25 05:20 /tmp/.x
  // 1234567      0 crw-rw-rw-   1 root     root       1,   3 Nov 25 05:20 /dev/null
  // -rwsr-xr-x 1 root root 12345 Nov 25 05:20 su        lrwxrwxrwx 1 root root 0 2026-11-25 05:20 exe -> /usr/bin/java
  // 1234 -rwsr-xr-x. 1 alice domain users unconfined_u:object_r:user_tmp_t:s0 12 Nov 25 05:20 rb
  init?(_ line: ByteView) {
    var words = line.words(limit: 20)[...]
    var front: [Int64] = []
    while front.count < 2, let number = words.first?.integer, number >= 0 {
      front.append(number)
      words = words.dropFirst()
    }
    guard words.count >= 7, let mode = words.popFirst(), Self.isMode(mode), words.popFirst()?.integer != nil,
      let user = words.popFirst()
    else { return nil }
    self.mode = mode
    self.user = user
    // A directory's groups may hold blanks, so the first place where size and time follow ends the group.
    for count in 1...5 where words.count > count + 2 {
      let place = words.startIndex + count
      guard let found = Self.sized(words[place...]) else { continue }
      var last = place - 1
      if count > 1, Self.isLabel(words[last]) {
        label = words[last]
        last -= 1
      }
      let start = line.offset(of: words[words.startIndex])
      group = line.slice(start, line.offset(of: words[last]) + words[last].count)
      (size, time) = (found.size, found.time)
      name = line.slice(line.offset(of: words[found.name])).trimmed
      inode = front.count == 2 ? front[0] : front.first.flatMap { Self.isBlocks($0, of: found.size) ? nil : $0 }
      return
    }
    return nil
  }

  /// `unconfined_u:object_r:user_tmp_t:s0`, and `?` where there is none.
  private static func isLabel(_ word: ByteView) -> Bool {
    guard let first = word.firstIndex(of: 0x3A) else { return word == "?" }
    return word.firstIndex(of: 0x3A, from: first + 1) != nil
  }

  /// `ls -s` puts as many KiB as the file takes where `ls -i` has its inode.
  private static func isBlocks(_ number: Int64, of size: Int64?) -> Bool {
    guard number > 0, let size, size >= 0, number < 1 << 40 else { return number == 0 }
    return number % 4 == 0 && number * 1024 >= size && number * 1024 - size < 8192
  }

  /// Size, time and the place of the name; nil where the words are something else.
  private static func sized(_ words: ArraySlice<ByteView>) -> (size: Int64?, time: Time, name: Int)? {
    guard var next = words.first else { return nil }
    var words = words.dropFirst()
    var size: Int64?
    if next[next.count - 1] == 0x2C {
      guard CivilTime.number(next.dropLast(1)) != nil, let minor = words.popFirst(), minor.integer != nil else {
        return nil
      }
      next = minor
    } else if let value = next.integer {
      size = value
    } else if next.firstIndex(of: 0x2C) == nil, CivilTime.number(next.slice(0, 1)) == nil {
      return nil
    }
    guard let (time, used) = time(words), words.count > used else { return nil }
    return (size, time, words.startIndex + used)
  }

  /// `-`, `d`, `l` … and nine letters.
  private static func isMode(_ word: ByteView) -> Bool {
    guard word.count == 10 || word.count == 11, "-dlcbpsD".utf8.contains(word[0]) else { return false }
    for index in 1..<10 where !"-rwxsStTl".utf8.contains(word[index]) { return false }
    return true
  }

  private static func time(_ words: ArraySlice<ByteView>) -> (time: Time, words: Int)? {
    let front = Array(words.prefix(4))
    guard front.count >= 2 else { return nil }
    // `--time-style=+%s`
    if front[0].count == 10, (0x31...0x39).contains(front[0][0]), let seconds = front[0].integer,
      let time = Timestamp(seconds: seconds)
    {
      return (.zoned(time.civil(in: .utc), .utc), 1)
    }
    // `--time-style=iso`: of what is older than half a year the day alone, of the rest the day without its year.
    if front[0].count == 10, front[0][4] == 0x2D, CivilTime.timeOfDay(front[1]) == nil {
      return NumericDate(front[0]).map { date in
        var civil = date.civil(.monthFirst)
        civil.precision = .day
        return (.civil(civil), 1)
      }
    }
    guard front.count >= 3 else { return nil }
    if front[0].count == 5, front[0][2] == 0x2D, let month = CivilTime.number(front[0].slice(0, 2)),
      let day = CivilTime.number(front[0].slice(3)), (1...12).contains(month), (1...31).contains(day),
      let clock = CivilTime.timeOfDay(front[1])
    {
      var civil = CivilTime(month: month, day: day, precision: .minute)
      set(&civil, clock)
      return (.civil(civil), 2)
    }
    if front[0].count == 10, front[0][4] == 0x2D {
      guard let date = NumericDate(front[0]), let clock = CivilTime.timeOfDay(front[1]) else { return nil }
      var civil = date.civil(.monthFirst)
      set(&civil, clock)
      guard front[2].count == 5, front[2][0] < 0x30, let minutes = ZoneText(front[2])?.minutes else {
        return (.civil(civil), 2)
      }
      return (.zoned(civil, .stated(minutes)), 3)
    }
    // In German and French the day comes first, with a point behind it or not.
    guard let (month, day) = monthAndDay(front[0], front[1]) else { return nil }
    var civil = CivilTime(month: month, day: day, precision: .day)
    if let clock = CivilTime.timeOfDay(front[2]) ?? dotted(front[2]) {
      set(&civil, clock)
    } else {
      guard let year = CivilTime.number(front[2]), front[2].count >= 4 else { return nil }
      civil.year = year
    }
    return (.civil(civil), 3)
  }

  /// `01.40`, as Swedish, Czech and Italian have it.
  private static func dotted(
    _ word: ByteView
  ) -> (hour: Int, minute: Int, second: Int, nanosecond: Int64, precision: Timestamp.Precision)? {
    guard word.count == 5, word[2] == 0x2E, let hour = CivilTime.number(word.slice(0, 2)),
      let minute = CivilTime.number(word.slice(3)), hour < 24, minute < 60
    else { return nil }
    return (hour, minute, 0, 0, .minute)
  }

  private static func set(
    _ civil: inout CivilTime,
    _ clock: (hour: Int, minute: Int, second: Int, nanosecond: Int64, precision: Timestamp.Precision)
  ) {
    civil.hour = clock.hour
    civil.minute = clock.minute
    civil.second = clock.second
    civil.nanosecond = clock.nanosecond
    civil.precision = clock.precision
  }

  private static func monthAndDay(_ first: ByteView, _ second: ByteView) -> (month: Int, day: Int)? {
    if first.count == 3, let month = CivilTime.month(first), let day = CivilTime.number(second) { return (month, day) }
    func day(_ word: ByteView) -> Int? {
      let text = word.hasSuffix("일") || word.hasSuffix("日") ? word.dropLast(3) : word
      guard text.count < 4 else { return nil }
      return CivilTime.number(text[text.count - 1] == 0x2E ? text.dropLast(1) : text)
    }
    if let month = LocaleDate.month(first), let day = day(second) { return (month, day) }
    if let month = LocaleDate.month(second), let day = day(first) { return (month, day) }
    return nil
  }

  private static let letters: [UInt8: UInt8] = [
    0x61: 0x07, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09, 0x76: 0x0B,
  ]

  /// find and ls write blanks, quotes and what is not printable with a backslash: `\ `, `\"`, `\n`, `\012`.
  static func unescaped(_ text: ByteView) -> String {
    text.unescaped { escape in
      escape.octalEscape ?? (escape.count > 1 ? (letters[escape[1]] ?? escape[1], 2) : nil)
    }
  }
}
