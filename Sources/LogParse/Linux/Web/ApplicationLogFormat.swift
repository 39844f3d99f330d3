import Bytes
import Evidence

/// Logs of applications whose lines begin with a time: log4j, logback and Tomcat's JULI (catalina.out), Apache's and
/// nginx's error logs, Spring, Python's logging.
///
/// Lines that do not begin with a time (a stack trace, a printed text) belong to the entry above them. Times without zone
/// are local to the host.
struct ApplicationLogFormat: LogFormat {
  let name = "app.log"
  let version = 2

  /// Of an entry's text; a dump of megabytes is cut to it.
  private static let textLimit = 1 << 16

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(30)
    let entries = lines.compactMap { ApplicationLine($0, .utc) }
    guard let first = lines.first, ApplicationLine(first, .utc) != nil || entries.count * 4 >= lines.count else {
      return nil
    }
    guard !entries.isEmpty else { return nil }
    // A time alone could be any table; a level as well is a log.
    return entries.contains { $0.level != nil } ? .medium : .low
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var pending: (event: ApplicationEntry, locator: Locator)?
    func finish() {
      if let pending { sink.event(pending.event.event(pending.locator)) }
      pending = nil
    }
    try readLines(stream, into: sink) { line in
      if let found = ApplicationLine(line.bytes, context.zone) {
        finish()
        pending = (ApplicationEntry(found), line.locator)
        return .parsed
      }
      guard var now = pending else {
        // Before the first time there is what a program prints as it starts.
        var entry = ApplicationEntry(text: line.bytes.string)
        entry.lines = 1
        sink.event(entry.event(line.locator))
        return .parsed
      }
      pending = nil
      if now.event.text.utf8.count + line.bytes.count < Self.textLimit { now.event.text += "\n" + line.bytes.string }
      now.event.lines += 1
      now.locator = now.locator.reaching(line.end)
      pending = now
      return .parsed
    }
    finish()
  }
}

/// An entry of one or more lines.
struct ApplicationEntry {
  var time: Timestamp?
  var level: String?
  var thread: String?
  var text: String
  var lines = 1

  init(text: String) { self.text = text }

  init(_ line: ApplicationLine) {
    time = line.time
    level = line.level?.string
    thread = line.thread?.string
    text = line.text.string
  }

  func event(_ locator: Locator) -> Event {
    var attributes: [Attribute] = []
    attributes.add("level", level)
    attributes.add("thread", thread)
    attributes.add("text", text)
    let client = text.withView { Self.client($0) }
    if let client { attributes.addEndpoint("remote", client) }
    if lines > 1 { attributes.add("lines", Int64(lines)) }
    return Event(
      time: time, .recorded, dataType: "app:log:entry", message: (level.map { "\($0): " } ?? "") + text,
      entities: client.flatMap { $0.isSpecific ? [Entity(.address, $0.address ?? "")] : nil } ?? [],
      attributes: attributes, locator: locator)
  }

  /// Who asked, as the error logs of Apache (`[client 203.0.113.66:4444]`) and nginx (`client: 203.0.113.66,`) say it.
  private static func client(_ text: ByteView) -> Endpoint? {
    let front = text.slice(0, 1 << 12)
    let word: ByteView
    if let place = front.firstIndex(of: ByteView("[client ")) {
      let rest = front.slice(place + 8)
      word = rest.slice(0, rest.firstIndex(of: 0x5D) ?? 0)
    } else if let place = front.firstIndex(of: ByteView(", client: ")) {
      let rest = front.slice(place + 10)
      word = rest.slice(0, rest.firstIndex(of: 0x2C) ?? rest.count)
    } else {
      return nil
    }
    if IPAddress.normal(word) != nil { return Endpoint(host: word, port: ByteView("")) }
    return Endpoint(word).flatMap { $0.address == nil ? nil : $0 }
  }
}

/// A line that begins with a time. Valid while the line is.
struct ApplicationLine {
  var time: Timestamp
  var level: ByteView?
  var thread: ByteView?
  /// What follows time, level and thread.
  var text: ByteView

  // 2026-11-25 05:20:26,245 [main] INFO  o.a.c.startup.Catalina - …
  // 25-Nov-2026 05:20:26.245 INFO [main] org.apache.catalina.startup.Catalina.start …
  // [Wed Nov 25 05:20:26.245678 2026] [core:error] [pid 1:tid 2] …
  // 2026/11/25 05:20:26 [error] 12#12: *1 …
  // Nov 25, 2026 5:20:26 AM org.apache.catalina.startup.Catalina start (the level begins the next line)
  init?(_ line: ByteView, _ zone: Timestamp.Zone) {
    let isBracketed = line[0] == 0x5B
    let start = isBracketed ? 1 : 0
    var end = start
    let front = line.slice(start, start + 40)
    if (0x30...0x39).contains(front[0]), front[4] == 0x2D || front[4] == 0x2F {
      guard let found = Self.isoTime(front, zone) else { return nil }
      time = found.time
      end += found.count
    } else if (0x30...0x39).contains(front[0]), front[2] == 0x2D || front[2] == 0x2F || front[2] == 0x20 {
      // 25-Nov-2026 05:20:26.245
      guard let day = CivilTime.number(front.slice(0, 2)), let month = CivilTime.month(front.slice(3, 6)),
        front[6] == front[2], let year = CivilTime.number(front.slice(7, 11)), front[11] == 0x20 || front[11] == 0x3A
      else { return nil }
      let rest = front.slice(12)
      let length = rest.firstIndex(of: 0x20) ?? rest.firstIndex(of: 0x5D) ?? rest.count
      guard let clock = CivilTime.timeOfDay(rest.slice(0, length)),
        let stamp = CivilTime(
          year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
          nanosecond: clock.nanosecond, precision: clock.precision
        ).timestamp(zone)
      else { return nil }
      time = stamp
      end += 12 + length
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
    } else if isBracketed, let close = line.slice(0, 48).firstIndex(of: 0x5D) {
      let words = line.slice(1, close).words(limit: 6)
      guard let (civil, _, used) = CivilTime.ctime(words), used == words.count, let stamp = civil.timestamp(zone) else {
        return nil
      }
      time = stamp
      end = close
    } else {
      return nil
    }
    if isBracketed {
      guard line[end] == 0x5D else { return nil }
      end += 1
    }
    guard end >= line.count || line[end] == 0x20 || line[end] == 0x09 || line[end] == 0x7C || line[end] == 0x2C else {
      return nil
    }
    text = line.slice(end).trimmed
    readMarks()
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
    if text[4] == 0x2F {
      // nginx's error log: 2026/11/25
      guard text[7] == 0x2F, let year = CivilTime.number(text.slice(0, 4)),
        let month = CivilTime.number(text.slice(5, 7)),
        let day = CivilTime.number(text.slice(8, 10)), let clock = CivilTime.timeOfDay(text.slice(11, end))
      else { return nil }
      return CivilTime(
        year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
        nanosecond: clock.nanosecond, precision: clock.precision
      ).timestamp(zone).map { ($0, end) }
    }
    return Timestamp(iso8601: text.slice(0, end), assuming: zone).map { ($0, end) }
  }

  /// Takes level and thread from the front, in either order.
  private mutating func readMarks() {
    for _ in 0..<4 {
      if text[0] == 0x5B, let close = text.slice(0, 256).firstIndex(of: 0x5D) {
        let inner = text.slice(1, close).trimmed
        if level == nil, let mark = Self.level(inner.cut(0x3A)?.after ?? inner) {
          level = mark
        } else if thread == nil {
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

  private static func level(_ word: ByteView) -> ByteView? {
    let plain = word[word.count - 1] == 0x3A ? word.dropLast(1) : word
    guard (4...8).contains(plain.count) else { return nil }
    for name in [
      "INFO", "WARN", "WARNING", "ERROR", "DEBUG", "TRACE", "FATAL", "SEVERE", "CONFIG", "FINE", "FINER", "FINEST",
      "NOTICE", "CRIT", "CRITICAL", "ALERT", "EMERG",
    ] as [StaticString] where plain.equalsIgnoringCase(name) { return plain }
    return nil
  }
}
