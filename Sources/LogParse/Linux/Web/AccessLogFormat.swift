import Bytes
import Evidence

/// Access logs in the common and combined formats: Apache, nginx, Tomcat's valve, and what imitates them; with Apache's
/// virtual host in front, and further fields behind.
struct AccessLogFormat: LogFormat {
  let name = "web.access"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard !lines.isEmpty else { return nil }
    let rows = lines.filter { AccessLine($0) != nil }.count
    return rows * 4 >= lines.count * 3 ? .high : rows > 0 && rows * 2 >= lines.count ? .medium : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let entry = AccessLine(line.bytes) else { return .skipped("line is not of an access log") }
      sink.event(entry.event(line.locator))
      return .parsed
    }
  }
}

/// One request. Valid while the line is.
struct AccessLine {
  private var virtualHost: ByteView?
  private var remote: ByteView
  private var user: ByteView
  /// Nil for a date that there is not, or that is out of range.
  private var time: Timestamp?
  private var request: ByteView
  /// Nil where the line ends within the request: it was cut, or something in it broke it.
  private var status: Int64?
  private var bytes: Int64?
  private var referrer: ByteView?
  private var agent: ByteView?
  private var rest: ByteView

  // 198.51.100.7 - - [25/Nov/2026:05:20:30 +0000] "GET /item?id=1 HTTP/1.1" 200 82 "-" "Mozilla/5.0"
  init?(_ line: ByteView) {
    guard let open = line.firstIndex(of: 0x5B), let close = line.firstIndex(of: 0x5D, from: open), open > 0,
      Self.isTime(line.slice(open + 1, close))
    else { return nil }
    time = Self.time(line.slice(open + 1, close))
    let front = line.slice(0, open).words(limit: 8)
    guard front.count >= 3 else { return nil }
    remote = front[0]
    user = front[2]
    if front.count >= 4, IPAddress.normal(front[0]) == nil, IPAddress.normal(front[1]) != nil {
      virtualHost = front[0]
      remote = front[1]
      user = front[3]
    }
    var rest = line.slice(close + 1).trimmed
    guard let (request, isClosed) = Self.quoted(&rest) else { return nil }
    self.request = request
    guard isClosed else {
      self.rest = rest
      return
    }
    let numbers = rest.words(limit: 3)
    guard numbers.count >= 1, numbers[0].count == 3, let status = numbers[0].integer, status >= 100 else { return nil }
    self.status = status
    bytes = numbers.count > 1 ? numbers[1].integer : nil
    rest = numbers.count > 2 ? numbers[2] : rest.slice(rest.count)
    referrer = Self.quoted(&rest)?.text
    agent = Self.quoted(&rest)?.text
    self.rest = rest
  }

  /// `25/Nov/2026:05:20:30 +0000`
  private static func isTime(_ text: ByteView) -> Bool {
    text.count >= 20 && text[2] == 0x2F && text[6] == 0x2F && text[11] == 0x3A && text[14] == 0x3A
      && CivilTime.number(text.slice(0, 2)) != nil && CivilTime.month(text.slice(3, 6)) != nil
      && CivilTime.number(text.slice(7, 11)) != nil
  }

  private static func time(_ text: ByteView) -> Timestamp? {
    guard text.count >= 20, text[2] == 0x2F, text[6] == 0x2F, text[11] == 0x3A,
      let day = CivilTime.number(text.slice(0, 2)),
      let month = CivilTime.month(text.slice(3, 6)), let year = CivilTime.number(text.slice(7, 11)),
      let clock = CivilTime.timeOfDay(text.slice(12, text.slice(12).firstIndex(of: 0x20).map { $0 + 12 } ?? text.count))
    else { return nil }
    let zone = text.lastIndex(of: 0x20).flatMap { ZoneText(text.slice($0 + 1)) }
    return CivilTime(
      year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
      nanosecond: clock.nanosecond, precision: clock.precision
    ).timestamp(zone?.zone(else: .inferred(0)) ?? .inferred(0))
  }

  /// The text between quotes at the front; quotes inside are escaped by a backslash. Nil where there is no quote.
  private static func quoted(_ rest: inout ByteView) -> (text: ByteView, isClosed: Bool)? {
    guard rest[0] == 0x22 else { return nil }
    var place = 1
    while let quote = rest.firstIndex(of: 0x22, from: place) {
      var slashes = 0
      while quote - 1 - slashes > 0, rest[quote - 1 - slashes] == 0x5C { slashes += 1 }
      if slashes % 2 == 0 {
        let inner = rest.slice(1, quote)
        rest = rest.slice(quote + 1).trimmed
        return (inner, true)
      }
      place = quote + 1
    }
    // Tomcat does not escape: a line whose quotes do not pair ends the field at the line's end.
    let inner = rest.slice(1)
    rest = rest.slice(rest.count)
    return (inner, false)
  }

  /// Apache and nginx write `\x22`, `\"`, `\\`, `\n` for what would break the line.
  private static func unescaped(_ text: ByteView) -> String {
    guard text.firstIndex(of: 0x5C) != nil else { return text.string }
    var bytes: [UInt8] = []
    var place = 0
    while place < text.count {
      guard text[place] == 0x5C, place + 1 < text.count else {
        bytes.append(text[place])
        place += 1
        continue
      }
      if text[place + 1] == 0x78, let high = hexDigit(text[place + 2]), let low = hexDigit(text[place + 3]) {
        bytes.append(high << 4 | low)
        place += 4
      } else if text[place + 1] == 0x22 || text[place + 1] == 0x5C {
        bytes.append(text[place + 1])
        place += 2
      } else {
        bytes.append(0x5C)
        place += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isPresent(_ text: ByteView?) -> Bool { text.map { !$0.isEmpty && !($0 == "-") } ?? false }

  func event(_ locator: Locator) -> Event {
    var attributes: [Attribute] = []
    var entities: [Entity] = []
    let address = IPAddress.normal(remote)
    attributes.add("remote_address", address)
    if address == nil { attributes.add("remote_host", remote.string) }
    if let address, IPAddress.isSpecific(address) { entities.append(Entity(.address, address)) }
    attributes.add("virtual_host", virtualHost?.string)
    if Self.isPresent(user) {
      attributes.add("user", user.string)
      entities.append(Entity(.user, user.string))
    }
    let text = Self.unescaped(request)
    attributes.add("request", text)
    // METHOD TARGET HTTP/x.y; a request that is none of HTTP stays whole.
    if let (method, after) = request.cut(0x20), let blank = after.lastIndex(of: 0x20),
      after.slice(blank + 1).hasPrefix("HTTP/")
    {
      let target = after.slice(0, blank)
      attributes.add("method", method.string)
      attributes.add("uri", Self.unescaped(target))
      let mark = target.firstIndex(of: 0x3F)
      attributes.add("path", Self.unescaped(target.slice(0, mark ?? target.count)))
      attributes.add("query", mark.map { Self.unescaped(target.slice($0 + 1)) })
      attributes.add("http_version", after.slice(blank + 6).string)
    }
    attributes.add("status", status)
    attributes.add("response_bytes", bytes)
    if Self.isPresent(referrer) { attributes.add("referrer", referrer.map(Self.unescaped)) }
    if Self.isPresent(agent) { attributes.add("user_agent", agent.map(Self.unescaped)) }
    attributes.add("other_fields", Self.unescaped(rest))
    return Event(
      time: time, dataType: "web:access:request",
      message: "\(address ?? remote.string) asked for \(text)\(status.map { " and got \($0)" } ?? "").",
      entities: entities, attributes: attributes, locator: locator)
  }
}
