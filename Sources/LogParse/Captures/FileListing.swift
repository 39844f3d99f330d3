import Bytes
import Evidence

/// A file as a line of `find -ls` or `ls -l` shows it. Valid while the line is.
struct FileListing {
  enum Time {
    case civil(CivilTime)
    /// `2026-11-25 05:20:12.345678901 +0900`, as `--full-time` writes it, without the zone where there is none.
    case whole(ByteView)
  }

  var inode: Int64?
  /// `-rwsr-xr-x`, perhaps with a sign for access lists behind it.
  var mode: ByteView
  var user: ByteView
  var group: ByteView
  /// Nil for devices, which have two numbers instead.
  var size: Int64?
  var time: Time
  /// With the target of a link, as it was written.
  var name: ByteView

  // 1234567      4 drwxr-xr-x   2 root     root         4096 Nov 25 05:20 /tmp/.x
  // 1234567      0 crw-rw-rw-   1 root     root       1,   3 Nov 25 05:20 /dev/null
  // -rwsr-xr-x 1 root root 12345 Nov 25 05:20 su        lrwxrwxrwx 1 root root 0 2026-11-25 05:20 exe -> /usr/bin/java
  init?(_ line: ByteView) {
    var words = line.words(limit: 16)[...]
    if words.count > 8, let number = words[0].integer, words[1].integer != nil, Self.isMode(words[2]) {
      inode = number
      words = words.dropFirst(2)
    }
    guard words.count >= 7, let mode = words.popFirst(), Self.isMode(mode), words.popFirst()?.integer != nil,
      let user = words.popFirst(), let group = words.popFirst(), let number = words.popFirst()
    else { return nil }
    self.mode = mode
    self.user = user
    self.group = group
    if number[number.count - 1] == 0x2C {
      guard words.popFirst()?.integer != nil else { return nil }
    } else if let value = number.integer {
      size = value
    } else if number.firstIndex(of: 0x2C) == nil, CivilTime.number(number.slice(0, 1)) == nil {
      return nil
    }
    guard let (time, used) = Self.time(words, line), words.count > used else { return nil }
    self.time = time
    let place = words.startIndex + used
    name = line.slice(line.offset(of: words[place])).trimmed
  }

  /// `-`, `d`, `l` … and nine letters.
  private static func isMode(_ word: ByteView) -> Bool {
    guard word.count == 10 || word.count == 11, "-dlcbpsD".utf8.contains(word[0]) else { return false }
    for index in 1..<10 where !"-rwxsStTl".utf8.contains(word[index]) { return false }
    return true
  }

  private static func time(_ words: ArraySlice<ByteView>, _ line: ByteView) -> (time: Time, words: Int)? {
    let front = Array(words.prefix(4))
    guard front.count >= 3 else { return nil }
    if front[0].count == 10, front[0][4] == 0x2D, front[1][2] == 0x3A {
      let start = line.offset(of: front[0])
      let hasZone = front[2].count == 5 && ZoneText(front[2])?.minutes != nil && front[2][0] < 0x30
      let last = hasZone ? front[2] : front[1]
      return (.whole(line.slice(start, line.offset(of: last) + last.count)), hasZone ? 3 : 2)
    }
    guard front[0].count == 3, let month = CivilTime.month(front[0]), let day = CivilTime.number(front[1]) else {
      return nil
    }
    var civil = CivilTime(month: month, day: day, precision: .day)
    if let clock = CivilTime.timeOfDay(front[2]) {
      civil.hour = clock.hour
      civil.minute = clock.minute
      civil.precision = .minute
    } else {
      guard let year = CivilTime.number(front[2]), front[2].count >= 4 else { return nil }
      civil.year = year
    }
    return (.civil(civil), 3)
  }

  private static let letters: [UInt8: UInt8] = [
    0x61: 0x07, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09, 0x76: 0x0B,
  ]

  /// find and ls write blanks, quotes and what is not printable with a backslash: `\ `, `\"`, `\n`, `\012`.
  static func unescaped(_ text: ByteView) -> String {
    guard text.firstIndex(of: 0x5C) != nil else { return text.string }
    var bytes: [UInt8] = []
    var place = 0
    while place < text.count {
      guard text[place] == 0x5C, place + 1 < text.count else {
        bytes.append(text[place])
        place += 1
        continue
      }
      let digits = (1...3).map { Int(text[place + $0]) - 0x30 }
      if digits.allSatisfy({ (0...7).contains($0) }), digits[0] < 4, place + 3 < text.count {
        bytes.append(UInt8(digits[0] << 6 | digits[1] << 3 | digits[2]))
        place += 4
      } else {
        bytes.append(letters[text[place + 1]] ?? text[place + 1])
        place += 2
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
