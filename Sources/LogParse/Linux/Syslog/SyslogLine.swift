import Bytes
import Evidence

/// One line of a log that syslogd or journalctl wrote, taken apart. Valid while the line is.
struct SyslogLine {
  enum Time {
    case whole(Timestamp)
    /// `Nov 25 05:20:12`, year and zone to be settled.
    case civil(CivilTime)
    /// A year that 64 bits of nanoseconds do not reach, or none at all: the line counts, its time does not.
    case beyond
  }

  /// Not read where the caller knows it already.
  private(set) var time = Time.beyond
  /// RFC 5424's, where the line begins with `<PRI>`.
  private(set) var priority: Int?
  private(set) var host = ByteView("")
  /// The tag without pid and colon: `sshd`, `postfix/smtpd`; empty where there is none.
  private(set) var program = ByteView("")
  private(set) var pid: Int64?
  private(set) var body = ByteView("")

  /// Nothing yet. To be read in place: handing over some 200 bytes as an optional costs as much as the parsing in the usual case.
  init() {}

  init?(_ line: ByteView) { guard read(line, stamp: 0, hostCount: 0) else { return nil } }

  // 2026-11-25T05:20:48.276566+00:00 web-1 sshd[392]: Accepted publickey for ops from …
  // Nov 25 05:20:48 web-1 sshd[392]: …
  // <38>1 2026-11-25T05:20:48Z web-1 sshd 392 - - Accepted …
  // Wed 2026-11-25 05:20:48 UTC web-1 sshd[392]: …
  // 1795584048.276566 web-1 sshd[392]: …
  //
  // - Parameters:
  //   - stamp: bytes of a time in front that the caller has read; 0 where it has not.
  //   - hostCount: bytes of the host behind it, where the caller knows the name; 0 where it does not.
  //
  // - Returns: whether it is such a line; where it is not, what was read is of no use.
  mutating func read(_ line: ByteView, stamp: Int, hostCount: Int) -> Bool {
    if stamp > 0 {
      let rest = line.slice(stamp)
      if hostCount > 0 {
        host = rest.slice(0, hostCount)
        body = rest.slice(hostCount + 1)
      } else {
        guard let (name, after) = rest.cut(0x20), Self.isHost(name), !Self.isRepeat(name, after) else {
          return readWithoutHost(rest)
        }
        host = Self.named(name)
        body = after
      }
      program = host.slice(0, 0)
      readTag(body)
      return true
    }
    var rest = line
    var isNew = false
    if rest[0] == 0x3C, let close = rest.slice(0, 6).firstIndex(of: 0x3E),
      let value = CivilTime.number(rest.slice(1, close))
    {
      guard value <= 191 else { return false }
      priority = value
      rest = rest.slice(close + 1)
      if rest[0] == 0x31, rest[1] == 0x20 {
        isNew = true
        rest = rest.slice(2)
      }
    }
    if isNew, rest[0] == 0x2D, rest[1] == 0x20 {
      // RFC 5424's word for no time.
      time = .beyond
      rest = rest.slice(2)
    } else {
      guard let found = Self.readTime(rest, &rest) else { return false }
      time = found
      if case .whole = found { Self.passOwnTime(&rest) }
    }
    guard let (name, after) = rest.cut(0x20), Self.isHost(name), isNew || !Self.isRepeat(name, after) else {
      return !isNew && readWithoutHost(rest)
    }
    guard isNew || !Self.isOther(name, after) else { return false }
    host = Self.named(name)
    program = name.slice(0, 0)
    body = after
    if isNew { readHeader5424(after) } else { readTag(after) }
    return true
  }

  /// CloudWatch Logs writes its own time in front of each message when it exports: `2026-11-25T05:20:12.000Z Nov 25 05:20:12 web-1 …`.
  private static func passOwnTime(_ rest: inout ByteView) {
    guard rest[3] == 0x20, rest[6] == 0x20, rest[9] == 0x3A, CivilTime.month(rest.slice(0, 3)) != nil else { return }
    var behind = rest
    if readTime(rest, &behind) != nil { rest = behind }
  }

  /// Letters of names and addresses. Logs of applications have a level or a thread in this place.
  private static func isHost(_ text: ByteView) -> Bool {
    guard !text.isEmpty, text.count <= 255, text[text.count - 1] != 0x3A else { return false }
    for index in 0..<text.count {
      switch text[index] {
      case 0x2D, 0x2E, 0x30...0x3A, 0x41...0x5A, 0x5F, 0x61...0x7A: continue
      default: return false
      }
    }
    guard (0x41...0x5A).contains(text[0]) else { return true }
    for level in ["INFO", "DEBUG", "SUBDEBUG", "DDEBUG", "WARN", "WARNING", "ERROR", "TRACE", "FATAL", "CRITICAL"]
      as [StaticString] where text == level
    { return false }
    return true
  }

  /// `last message repeated 3 times`, which old daemons write without a host.
  @inline(__always)
  private static func isRepeat(_ name: ByteView, _ after: ByteView) -> Bool {
    name.count == 4 && name == "last" && after.hasPrefix("message repeated ")
  }

  /// What stands without a host's name behind the time: `sshd[392]: ` of `journalctl --no-hostname`, the kernel's lines before the
  /// host has one, and `last message repeated 3 times`.
  private mutating func readWithoutHost(_ text: ByteView) -> Bool {
    guard let (word, after) = text.slice(0, 256).cut(0x20) else { return false }
    host = text.slice(0, 0)
    program = host
    body = text
    if word == "(none)" {
      body = text.slice(word.count + 1)
      readTag(body)
      return true
    }
    if Self.isRepeat(word, after) { return true }
    guard word[word.count - 1] == 0x3A, (0x41...0x5A).contains(word[0] & 0xDF) || word[0] == 0x28 || word[0] == 0x2F,
      word[word.count - 2] == 0x5D || word == "kernel:" || word == "sudo:" || word == "su:"
    else { return false }
    readTag(text)
    return pid != nil || word[word.count - 2] != 0x5D
  }

  /// RFC 5424's word for no host is none.
  @inline(__always)
  private static func named(_ name: ByteView) -> ByteView {
    name.count == 1 && name[0] == 0x2D ? name.slice(0, 0) : name
  }

  /// Logs with the same times that have something else in the host's place: a container's output (`stdout F text`), a thread
  /// of MySQL (`8 [Note] text`), the year in a log of sudo's own (`2026 : ops : TTY=…`).
  @inline(__always)
  private static func isOther(_ name: ByteView, _ after: ByteView) -> Bool {
    // A second time, of the message that CloudWatch Logs exported: `2026-11-25 05:20:12,123 INFO`, `25-Nov-2026 05:20:12.123 INFO`.
    if (0x30...0x39).contains(name[0]), name[2] == 0x2D || name[4] == 0x2D, after[2] == 0x3A, after[5] == 0x3A {
      return true
    }
    if after[1] == 0x20 {
      if after[0] == 0x46 || after[0] == 0x50 { return name == "stdout" || name == "stderr" }
      if after[0] == 0x2D { return IPAddress.normal(name) != nil && after.slice(0, 128).contains(" \"") }
      return after[0] == 0x3A && CivilTime.number(name) != nil
    }
    // A web server's pattern that begins with time and client: `203.0.113.66 "GET /a HTTP/1.1" 200`.
    if after[0] == 0x22 { return IPAddress.normal(name) != nil }
    return after[0] == 0x5B && CivilTime.number(name) != nil
  }

  private static func readTime(_ text: ByteView, _ rest: inout ByteView) -> Time? {
    if (0x30...0x39).contains(text[0]) {
      if text[10] == 0x2E { return readEpoch(text, &rest) }
      guard text[10] == 0x54, let (stamp, _) = text.slice(0, 48).cut(0x20) else { return nil }
      rest = text.slice(stamp.count + 1)
      if let time = Timestamp(iso8601: stamp) { return .whole(time) }
      guard text[4] == 0x2D, text[7] == 0x2D, text[13] == 0x3A, let year = CivilTime.number(text.slice(0, 4)),
        year < 1678 || year > 2261
      else { return nil }
      return .beyond
    }
    if text[8] == 0x2D, let time = JournalTime(text) {
      guard text[time.count] == 0x20 else { return nil }
      rest = text.slice(time.count + 1)
      // The zone's name may mean several; then it is the host's, which the reader knows.
      return time.zone.minutes == nil ? .civil(time.civil) : time.timestamp(.utc).map { .whole($0) } ?? .beyond
    }
    // Mmm dd hh:mm:ss, the day padded with a blank.
    guard text[3] == 0x20, let month = CivilTime.month(text.slice(0, 3)), text[6] == 0x20,
      let day = CivilTime.number(text.slice(text[4] == 0x20 ? 5 : 4, 6))
    else { return nil }
    var place = 7
    var year: Int?
    if text[11] == 0x20, let value = CivilTime.number(text.slice(7, 11)), value > 1970 {
      year = value
      place = 12
    }
    guard let end = text.firstIndex(of: 0x20, from: place), end - place <= 18,
      let clock = CivilTime.timeOfDay(text.slice(place, text[end - 1] == 0x3A ? end - 1 : end))
    else { return nil }
    rest = text.slice(end + 1)
    // Network devices and some daemons have the year behind the time. No host is called like one.
    if year == nil, rest[4] == 0x20, rest[0] == 0x32 || rest[0] == 0x31, let value = CivilTime.number(rest.slice(0, 4)),
      (1990...2100).contains(value)
    {
      year = value
      rest = rest.slice(5)
    }
    return .civil(
      CivilTime(
        year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
        nanosecond: clock.nanosecond, precision: clock.precision))
  }

  /// Seconds since 1970 with six decimals, as `journalctl -o short-unix` writes them.
  private static func readEpoch(_ text: ByteView, _ rest: inout ByteView) -> Time? {
    guard text[17] == 0x20, let seconds = CivilTime.number(text.slice(0, 5)),
      let more = CivilTime.number(text.slice(5, 10)),
      let (nanoseconds, precision) = CivilTime.fraction(text.slice(11, 17)),
      let time = Timestamp(
        seconds: Int64(seconds) * 100_000 + Int64(more), nanoseconds: nanoseconds, precision: precision)
    else { return nil }
    rest = text.slice(18)
    return .whole(time)
  }

  private mutating func readTag(_ text: ByteView) {
    if readPlainTag(text) { return }
    // The tag is one word that ends in a colon; what else comes is text.
    var end = 0
    while end < text.count, end < 128, text[end] != 0x20, text[end] != 0x3A { end += 1 }
    // A colon inside a path or a tag of several (`run-parts(/etc/x):`) is followed by no blank.
    while end < text.count, end < 128, text[end] == 0x3A, text[end + 1] != 0x20, end + 1 < text.count {
      end += 1
      while end < text.count, end < 128, text[end] != 0x20, text[end] != 0x3A { end += 1 }
    }
    guard text[end] == 0x3A, end > 0 else { return readLevel(text) }
    let tag = text.slice(0, end)
    if tag[tag.count - 1] == 0x5D, let open = tag.lastIndex(of: 0x5B),
      let number = tag.slice(open + 1, tag.count - 1).integer
    {
      program = tag.slice(0, open)
      pid = number
    } else {
      program = tag
    }
    body = text.slice(end + (text[end + 1] == 0x20 ? 2 : 1))
  }

  /// `sshd[392]: `, the usual tag, eight bytes at a time. False for any other.
  @inline(__always)
  private mutating func readPlainTag(_ text: ByteView) -> Bool {
    var open = 0
    while true {
      guard open < 96, let word = text.u64(open) else { return false }
      let brackets = Self.places(of: 0x5B, in: word)
      // All that a tag's name does not hold; what is found behind a bracket does not count.
      let others = Self.places(of: 0x3A, in: word) | Self.places(of: 0x5D, in: word) | Self.blanks(in: word)
      if brackets == 0 {
        guard others == 0 else { return false }
        open &+= 8
      } else {
        guard others & ((brackets & (0 &- brackets)) &- 1) == 0 else { return false }
        open &+= brackets.trailingZeroBitCount >> 3
        break
      }
    }
    // A process's number has seven digits at most.
    guard let (number, count) = text.shortNumber(at: open &+ 1), case let close = open &+ 1 &+ count,
      text[close] == 0x5D, text[close &+ 1] == 0x3A, text[close &+ 2] == 0x20
    else { return false }
    program = text.slice(0, open)
    pid = number
    body = text.slice(close + 3)
    return true
  }

  /// The high bits of the bytes that are `byte`, exact up to the first of them.
  @inline(__always)
  private static func places(of byte: UInt64, in word: UInt64) -> UInt64 {
    let difference = word ^ (byte &* 0x0101_0101_0101_0101)
    return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
  }

  /// The same of bytes up to a blank.
  @inline(__always)
  private static func blanks(in word: UInt64) -> UInt64 {
    (word &- 0x2121_2121_2121_2121) & ~word & 0x8080_8080_8080_8080
  }

  /// `auth.info sshd[300]: `: busybox's syslogd names facility and severity before the tag.
  private mutating func readLevel(_ text: ByteView) {
    guard priority == nil, let (word, rest) = text.cut(0x20), word.count <= 16,
      let (facility, severity) = word.cut(0x2E),
      let high = Self.facilities.firstIndex(where: { facility == $0 }),
      let low = Self.severities.firstIndex(where: { severity == $0 })
    else { return }
    priority = high << 3 | low
    body = rest
    readTag(rest)
  }

  private static let facilities: [StaticString] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "security", "console", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
  ]

  private static let severities: [StaticString] = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"]

  /// `APP PROCID MSGID STRUCTURED-DATA MSG`, `-` for what is missing.
  private mutating func readHeader5424(_ text: ByteView) {
    guard let (app, afterApp) = text.cut(0x20), let (process, afterProcess) = afterApp.cut(0x20),
      let (_, data) = afterProcess.cut(0x20)
    else { return }
    program = app == "-" ? app.slice(0, 0) : app
    pid = process.integer
    if data[0] == 0x5B {
      // Elements stand side by side; a bracket in a value is escaped.
      var place = 0
      while data[place] == 0x5B {
        var quoted = false
        while place < data.count, quoted || data[place] != 0x5D {
          if data[place] == 0x5C { place += 1 } else if data[place] == 0x22 { quoted.toggle() }
          place += 1
        }
        place += 1
      }
      body = data.slice(place).trimmed
    } else {
      body = data.hasPrefix("- ") ? data.slice(2) : data
    }
    if body.hasPrefix("\u{FEFF}") { body = body.slice(3) }
  }
}
