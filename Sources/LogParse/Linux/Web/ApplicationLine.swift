import Bytes
import Evidence

/// A line that begins with a time. Valid while the line is.
struct ApplicationLine {
  var time: Timestamp
  var level: ByteView?
  var thread: ByteView?
  /// `stdout` or `stderr` of a container, whose text stands as it was printed.
  var stream: ByteView?
  /// Of a line that was longer than the container runtime writes at once, with more to come.
  var isPartial = false
  /// Of the process, where the line has it apart.
  var pid: Int64?
  /// What follows time, level and thread.
  var text: ByteView
  /// The time of day, of a line that has no date, and whether somebody found its day.
  var clock: CivilTime?
  var isDated = false

  // 2026-11-25 05:20:26,245 [main] INFO  o.a.c.startup.Catalina - …
  // 25-Nov-2026 05:20:26.245 INFO [main] org.apache.catalina.startup.Catalina.start …
  // [Wed Nov 25 05:20:26.245678 2026] [core:error] [pid 1:tid 2] …
  // 2026/11/25 05:20:26 [error] 12#12: *1 …
  // 2026-11-25T05:20:28.123456Z 8 [Note] [MY-010914] [Server] …
  // 2026-11-25T05:20:26.123456789Z stdout F …
  // [25-Nov-2026 05:20:26 UTC] PHP Warning:  …        [25-Nov-2026 05:20:26] NOTICE: …
  // Nov 25, 2026 5:20:26 AM org.apache.catalina.startup.Catalina start (the level begins the next line)
  // [INFO ] 2026-11-25 05:20:26.245 [main] …        WARN  2026-11-25 05:20:26,245 …
  // (2026-11-25  5:20:26): [be[example.com]] …        time="2026-11-25T05:20:26Z" level=info msg="…"
  init?(_ line: ByteView, _ zone: Timestamp.Zone) {
    if let found = LogfmtLine(line, zone) {
      self.init(found.time, text: line)
      level = found.level
    } else if let (stamp, end) = SSSDTime.read(line, zone) {
      self.init(stamp, text: line.slice(end).trimmed)
    } else if let (stamp, count) = MySQLTime.read(line, zone) {
      self.init(stamp, text: line[0] == 0x23 ? line : line.slice(count).trimmed)
      readThread()
      readMarks()
    } else if let (mark, name, rest) = Self.marksInFront(line) {
      self.init(timedLine: rest, zone)
      level = level ?? mark
      thread = thread ?? name
    } else {
      self.init(timedLine: line, zone)
    }
  }

  private init(_ time: Timestamp, text: ByteView) {
    self.time = time
    self.text = text
  }

  // 05:20:26.245 [main] INFO  com.acme.Login - …        05:20:26,245 INFO  [org.jboss.as] …
  /// A line that has the time of day alone, as log4j writes it where nobody chose a pattern. Its level tells it from a
  /// text that goes on with the entry above; its `time` is to be set by who knows the day.
  init?(clock line: ByteView) {
    guard line[2] == 0x3A, line[5] == 0x3A, line[8] == 0x2E || line[8] == 0x2C, (0x30...0x39).contains(line[0]),
      (0x30...0x39).contains(line[9])
    else { return nil }
    var end = 9
    while end < 19, (0x30...0x39).contains(line[end]) { end += 1 }
    guard line[end] == 0x20 || line[end] == 0x09, let found = CivilTime.timeOfDay(line.slice(0, end)) else {
      return nil
    }
    self.init(Timestamp(nanoseconds: 0), text: line.slice(end).trimmed)
    readMarks()
    guard level != nil else { return nil }
    clock = CivilTime(
      month: 1, day: 1, hour: found.hour, minute: found.minute, second: found.second, nanosecond: found.nanosecond,
      precision: found.precision)
  }

  // [INFO ] 2026-…        WARN  2026-…        [main] 2026-…        INFO  [main] 2026-…        I, [2026-… (Ruby)
  /// Nearly no line has its level or its thread in front of the time, which two bytes tell.
  private static func marksInFront(_ line: ByteView) -> (level: ByteView?, thread: ByteView?, rest: ByteView)? {
    if line[1] == 0x2C, line[2] == 0x20, line[3] == 0x5B, (0x41...0x5A).contains(line[0]) {
      return (nil, nil, line.slice(3))
    }
    // Redis has its process and its role in front: `1:M 25 Nov 2026 05:20:26.245 * Ready to accept connections`.
    if (0x30...0x39).contains(line[0]), let colon = line.slice(0, 9).firstIndex(of: 0x3A), line[colon + 2] == 0x20,
      (0x41...0x5A).contains(line[colon + 1]), CivilTime.number(line.slice(0, colon)) != nil
    {
      return (nil, line.slice(0, colon + 2), line.slice(colon + 3))
    }
    if let (level, rest) = levelInFront(line) {
      // The thread stands between them in Cassandra's log.
      if rest[0] == 0x5B, let (thread, behind) = threadInFront(rest) { return (level, thread, behind) }
      return isDigit(rest) ? (level, nil, rest) : nil
    }
    guard let (thread, rest) = threadInFront(line) else { return nil }
    return (nil, thread, rest)
  }

  private static func isDigit(_ rest: ByteView) -> Bool { (0x30...0x39).contains(rest[0] == 0x5B ? rest[1] : rest[0]) }

  private static func threadInFront(_ line: ByteView) -> (thread: ByteView, rest: ByteView)? {
    guard line[0] == 0x5B, let close = line.slice(0, 96).firstIndex(of: 0x5D), close > 1 else { return nil }
    let rest = line.slice(close + 1).trimmed
    guard (0x30...0x39).contains(rest[0]), rest[4] == 0x2D, rest[7] == 0x2D, rest[13] == 0x3A else { return nil }
    return (line.slice(1, close).trimmed, rest)
  }

  private static func levelInFront(_ line: ByteView) -> (level: ByteView, rest: ByteView)? {
    let word: ByteView
    var rest: ByteView
    if line[0] == 0x5B, (0x41...0x5A).contains(line[1] & 0xDF), let close = line.slice(0, 12).firstIndex(of: 0x5D) {
      word = line.slice(1, close).trimmed
      rest = line.slice(close + 1).trimmed
    } else if (0x41...0x5A).contains(line[0]), (0x41...0x5A).contains(line[1]),
      let (front, behind) = line.slice(0, 128).cut(0x20)
    {
      word = front
      rest = line.slice(line.offset(of: behind)).trimmed
    } else {
      return nil
    }
    if rest[0] == 0x3A || rest[0] == 0x2D || rest[0] == 0x7C, rest[1] == 0x20 { rest = rest.slice(2) }
    guard isDigit(rest) || rest[0] == 0x5B, let level = level(word) else { return nil }
    return (level, rest)
  }

  private init?(timedLine line: ByteView, _ zone: Timestamp.Zone) {
    let isBracketed = line[0] == 0x5B
    let start = isBracketed ? 1 : 0
    var end = start
    let front = line.slice(start, start + 64)
    if (0x30...0x39).contains(front[0]), front[4] == 0x2D || front[4] == 0x2F {
      guard let found = Self.isoTime(front, zone) else { return nil }
      time = found.time
      end += found.count
    } else if (0x30...0x39).contains(front[0]), front[2] == 0x2D || front[2] == 0x2F || front[2] == 0x20,
      !(0x30...0x39).contains(front[3]) || front[4] >= 0x80 || front[5] >= 0x80
    {
      // 25-Nov-2026 05:20:26.245, with the month as the host's language has it: 25-11월-2026, 25-nov.-2026.
      guard let day = CivilTime.number(front.slice(0, 2)),
        let monthEnd = front.slice(0, 16).firstIndex(of: front[2], from: 3),
        let month = Self.month(front.slice(3, monthEnd)),
        let year = CivilTime.number(front.slice(monthEnd + 1, monthEnd + 5)),
        front[monthEnd + 5] == 0x20 || front[monthEnd + 5] == 0x3A
      else { return nil }
      let clockStart = monthEnd + 6
      let rest = front.slice(clockStart)
      let close = rest.firstIndex(of: 0x5D) ?? rest.count
      let length = min(rest.firstIndex(of: 0x20) ?? rest.count, isBracketed ? close : rest.count)
      var zone = zone
      var zoneLength = 0
      if isBracketed, length < close {
        // PHP names its zone behind: `UTC`, `Asia/Seoul`. The latter is the host's own as a rule.
        let name = rest.slice(length + 1, close)
        guard Self.isZone(name) else { return nil }
        zone = ZoneText(name)?.zone(else: zone) ?? zone
        zoneLength = name.count + 1
      }
      guard let clock = CivilTime.timeOfDay(rest.slice(0, length)),
        let stamp = CivilTime(
          year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
          nanosecond: clock.nanosecond, precision: clock.precision
        ).timestamp(zone)
      else { return nil }
      time = stamp
      end += clockStart + length + zoneLength
    } else if front[3] == 0x20, let month = CivilTime.month(front.slice(0, 3)) {
      let words = front.words(limit: 6)
      guard words.count >= 5, words[1][words[1].count - 1] == 0x2C, let day = CivilTime.number(words[1].dropLast(1)),
        words[2].count == 4, let year = CivilTime.number(words[2]), let clock = CivilTime.timeOfDay(words[3]),
        let hour = CivilTime.hour(of: clock.hour, half: words[4]),
        let stamp = CivilTime(
          year: year, month: month, day: day, hour: hour, minute: clock.minute, second: clock.second
        ).timestamp(zone)
      else { return nil }
      time = stamp
      end += front.offset(of: words[4]) + 2
    } else if let (civil, count) = Self.koreanTime(front) {
      guard let stamp = civil.timestamp(zone) else { return nil }
      time = stamp
      end += count
    } else if isBracketed, !(0x30...0x39).contains(front[0]), let close = line.slice(0, 48).firstIndex(of: 0x5D) {
      let words = line.slice(1, close).words(limit: 6)
      guard let (civil, _, used) = CivilTime.ctime(words), used == words.count, let stamp = civil.timestamp(zone) else {
        return nil
      }
      time = stamp
      end = close
    } else if let found = ApplicationTime.read(
      isBracketed ? front.slice(0, front.firstIndex(of: 0x5D) ?? 0) : front, zone)
    {
      time = found.time
      end += found.count
    } else {
      return nil
    }
    if isBracketed {
      if line[end] != 0x5D {
        // Ruby's process, Celery's level: `[2026-11-25T05:20:26.245 #77]`, `[2026-11-25 05:20:26,245: INFO/MainProcess]`.
        guard line[end] == 0x20 && line[end + 1] == 0x23 || line[end] == 0x3A && line[end + 1] == 0x20,
          let close = line.slice(0, end + 64).firstIndex(of: 0x5D)
        else { return nil }
        let inner = line.slice(end + 2, close)
        if line[end] == 0x3A { level = Self.level(inner.cut(0x2F)?.before ?? inner) }
        end = close
      }
      end += 1
    }
    switch line[end] {
    case 0x20, 0x09, 0x7C, 0x2C: break
    // Elastic's brackets touch each other.
    case 0x5B where isBracketed: break
    // RDS has the client behind the zone: `UTC:203.0.113.66(50122):ops@app:[77]:LOG:`.
    case 0x3A where (0x41...0x5A).contains(line[end - 1]): break
    // Jetty: `2026-11-25 05:20:26.245:INFO:oejs.Server:main: …`. Of a process manager's line a colon ends the time.
    case 0x3A where line[end + 1] == 0x20: end += 1
    case 0x3A where (0x41...0x5A).contains(line[end + 1]):
      guard let (word, rest) = line.slice(end + 1, end + 16).cut(0x3A), let mark = Self.level(word) else { return nil }
      level = mark
      end = line.offset(of: rest)
    default: guard end >= line.count else { return nil }
    }
    text = line.slice(end).trimmed
    // CloudWatch Logs writes its own time in front of each message when it exports.
    if line[end - 1] == 0x5A, line[10] == 0x54, text[0] == 0x5B || (0x30...0x39).contains(text[0]),
      let inner = ApplicationLine(exported: text, zone)
    {
      (level, thread, text) = (inner.level, inner.thread, inner.text)
    } else if !readStream() {
      readThread()
      readMarks()
      readLevelOfPHP()
      readSpring()
      readLevelBehindName()
    }
  }

  /// A message that begins with a time of its own; once, for such a one may hold another.
  private init?(exported text: ByteView, _ zone: Timestamp.Zone) {
    guard text[10] != 0x54, let found = ApplicationLine(timedLine: text, zone) ?? ApplicationLine(clock: text) else {
      return nil
    }
    self = found
  }

  private static func month(_ text: ByteView) -> Int? {
    text.count == 3 && text[0] < 0x80 ? CivilTime.month(text) ?? JavaMonth.read(text) : JavaMonth.read(text)
  }

  private static func isZone(_ name: ByteView) -> Bool {
    guard !name.isEmpty else { return false }
    for byte in name.unsafeBytes {
      switch byte {
      case 0x2B, 0x2D, 0x2F, 0x30...0x3A, 0x41...0x5A, 0x5F, 0x61...0x7A: continue
      default: return false
      }
    }
    return true
  }

  /// `PHP Fatal error:  Uncaught …`: the level is one of PHP's own words, which stay in the text.
  private mutating func readLevelOfPHP() {
    guard level == nil, text.hasPrefix("PHP "), let colon = text.slice(0, 40).firstIndex(of: 0x3A) else { return }
    let word = text.slice(4, colon)
    for name in ["Fatal error", "Parse error", "Recoverable fatal error", "Warning", "Notice", "Deprecated"]
      as [StaticString] where word == name
    { level = word }
  }

  /// Takes the container's stream from the front, and whether the line ends there (`F`) or goes on (`P`).
  private mutating func readStream() -> Bool {
    guard text.hasPrefix("stdout ") || text.hasPrefix("stderr "), text[7] == 0x46 || text[7] == 0x50,
      text[8] == 0x20 || text.count == 8
    else { return false }
    stream = text.slice(0, 6)
    isPartial = text[7] == 0x50
    text = text.slice(9)
    return true
  }

  /// Takes MySQL's thread and level from the front: `8 [Note] `.
  private mutating func readThread() {
    guard (0x30...0x39).contains(text[0]), let (number, rest) = text.slice(0, 1 << 12).cut(0x20),
      CivilTime.number(number) != nil, rest[0] == 0x5B, let close = rest.firstIndex(of: 0x5D)
    else { return }
    let mark = rest.slice(1, close)
    guard Self.level(mark) != nil || mark == "Note" || mark == "System" else { return }
    thread = number
    level = mark
    text = text.slice(number.count + close + 2).trimmed
  }

  // 11월 25, 2026 5:20:14 오후
  private static func koreanTime(_ front: ByteView) -> (time: CivilTime, count: Int)? {
    guard (0x30...0x39).contains(front[0]), let place = front.slice(0, 8).firstIndex(of: ByteView("월 ")),
      let month = CivilTime.number(front.slice(0, place)), (1...12).contains(month)
    else { return nil }
    let words = front.words(limit: 6)
    guard words.count >= 5, words[1][words[1].count - 1] == 0x2C, let day = CivilTime.number(words[1].dropLast(1)),
      words[2].count == 4, let year = CivilTime.number(words[2]), let clock = CivilTime.timeOfDay(words[3]),
      (1...12).contains(clock.hour), words[4] == "오전" || words[4] == "오후"
    else { return nil }
    let hour = clock.hour % 12 + (words[4] == "오후" ? 12 : 0)
    let time = CivilTime(
      year: year, month: month, day: day, hour: hour, minute: clock.minute, second: clock.second)
    return (time, front.offset(of: words[4]) + words[4].count)
  }

  private static func isoTime(_ text: ByteView, _ zone: Timestamp.Zone) -> (time: Timestamp, count: Int)? {
    var end = 19
    guard text.count >= 19, text[13] == 0x3A, text[16] == 0x3A else { return nil }
    if text[end] == 0x2E || text[end] == 0x2C, (0x30...0x39).contains(text[end + 1]) {
      end += 1
      while (0x30...0x39).contains(text[end]) { end += 1 }
    }
    if text[end] == 0x5A {
      end += 1
    } else if text[end] == 0x2B || text[end] == 0x2D, (0x30...0x39).contains(text[end + 1]) {
      end += 1
      while (0x30...0x39).contains(text[end]) || text[end] == 0x3A { end += 1 }
    }
    var zone = zone
    if text[end] == 0x20, let found = zoneBehind(text.slice(end + 1, end + 9)) {
      // gunicorn's `+0000`, PostgreSQL's `KST`.
      zone = found.zone
      return time(text, end, zone).map { ($0, end + 1 + found.count) }
    }
    return time(text, end, zone).map { ($0, end) }
  }

  private static func zoneBehind(_ text: ByteView) -> (zone: Timestamp.Zone, count: Int)? {
    let isOffset = text[0] == 0x2B || text[0] == 0x2D
    var count = isOffset ? 1 : 0
    while isOffset ? (0x30...0x3A).contains(text[count]) : (0x41...0x5A).contains(text[count]) { count += 1 }
    // Two digits alone are a zone only where PostgreSQL's process follows; of four letters all that are known end in a T, which no
    // level does.
    guard isOffset ? count >= 5 || count == 3 && text[3] == 0x20 && text[4] == 0x5B : count == 3 || text[3] == 0x54,
      count <= 6, let zone = ZoneText(text.slice(0, count)), zone.minutes != nil
    else { return nil }
    return (zone.zone(else: .utc), count)
  }

  private static func time(_ text: ByteView, _ end: Int, _ zone: Timestamp.Zone) -> Timestamp? {
    if text[4] == 0x2F {
      // nginx's error log: 2026/11/25
      guard text[7] == 0x2F, let year = CivilTime.number(text.slice(0, 4)),
        let month = CivilTime.number(text.slice(5, 7)),
        let day = CivilTime.number(text.slice(8, 10)), let clock = CivilTime.timeOfDay(text.slice(11, end))
      else { return nil }
      return CivilTime(
        year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
        nanosecond: clock.nanosecond, precision: clock.precision
      ).timestamp(zone)
    }
    return Timestamp(iso8601: text.slice(0, end), assuming: zone)
  }

  /// Takes level and thread from the front, in either order.
  private mutating func readMarks() {
    for _ in 0..<4 {
      if text[0] == 0x5B, let close = text.slice(0, 256).firstIndex(of: 0x5D) {
        let inner = text.slice(1, close).trimmed
        if level == nil, let mark = Self.level(inner.cut(0x3A)?.after ?? inner) {
          level = mark
        } else if thread == nil, !inner.hasPrefix("client ") {
          thread = inner
        } else {
          return
        }
        text = text.slice(close + 1).trimmed
      } else if level == nil, let word = text.slice(0, 16).words(limit: 2).first, let mark = Self.level(word) {
        level = mark
        text = text.slice(word.count).trimmed
      } else if text[0] == 0x2D || text[0] == 0x7C || text[0] == 0x3A, text[1] == 0x20 {
        text = text.slice(2)
      } else {
        return
      }
    }
  }

  /// java.util.logging's, as a JDK in other languages writes them.
  private static let otherLevels: [(StaticString, StaticString)] = [
    ("정보", "INFO"), ("심각", "SEVERE"), ("경고", "WARNING"), ("구성", "CONFIG"), ("미세", "FINE"), ("상세", "FINE"),
    ("情報", "INFO"), ("致命的", "SEVERE"), ("重大", "SEVERE"), ("警告", "WARNING"), ("構成", "CONFIG"), ("普通", "FINE"),
    ("信息", "INFO"), ("严重", "SEVERE"), ("INFORMATION", "INFO"), ("WARNUNG", "WARNING"), ("SCHWERWIEGEND", "SEVERE"),
    ("INFOS", "INFO"), ("AVERTISSEMENT", "WARNING"), ("GRAVE", "SEVERE"), ("INFORMACIÓN", "INFO"),
    ("ADVERTENCIA", "WARNING"), ("INFORMAZIONI", "INFO"), ("AVVERTENZA", "WARNING"), ("INFORMAÇÕES", "INFO"),
    ("ADVERTÊNCIA", "WARNING"), ("ALLVARLIG", "SEVERE"), ("VARNING", "WARNING"), ("資訊", "INFO"), ("嚴重", "SEVERE"),
  ]

  static func level(_ word: ByteView) -> ByteView? {
    let plain = word[word.count - 1] == 0x3A ? word.dropLast(1) : word
    guard (4...13).contains(plain.count) else { return nil }
    if plain[0] >= 0x80 || plain.count > 8 || plain[0] == 0x57 || plain[0] == 0x47 || plain[0] == 0x56
      || plain.count == 5 && plain[0] == 0x49
    {
      for (name, level) in otherLevels where plain == name { return ByteView(level) }
      guard plain[0] < 0x80, plain.count <= 8 else { return nil }
    }
    for name in [
      "INFO", "WARN", "WARNING", "ERROR", "DEBUG", "TRACE", "FATAL", "SEVERE", "CONFIG", "FINE", "FINER", "FINEST",
      "NOTICE", "CRIT", "CRITICAL", "ALERT", "EMERG",
    ] as [StaticString] where plain.equalsIgnoringCase(name) { return plain }
    return nil
  }
}
