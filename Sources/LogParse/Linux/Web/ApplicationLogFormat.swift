import Bytes
import Evidence

/// Logs of applications whose lines begin with a time: log4j, logback and Tomcat's JULI (catalina.out), Apache's and
/// nginx's error logs, PHP's, MySQL's, Spring, Python's logging; and what containers print, as Kubernetes keeps it (CRI).
///
/// Lines that do not begin with a time (a stack trace, a printed text) belong to the entry above them, in as many events
/// as its length needs. Times without zone are local to the host; of a time of day alone the day is that of the entry above.
struct ApplicationLogFormat: LogFormat {
  let name = "app.log"
  let version = 7

  /// Of an event's text; what is longer goes on in another.
  private static let textLimit = 1 << 16

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(30)
    let entries = lines.compactMap { ApplicationLine($0, .utc) ?? ApplicationLine(clock: $0) }
    guard let first = lines.first,
      ApplicationLine(first, .utc) != nil || ApplicationLine(clock: first) != nil || entries.count * 4 >= lines.count
    else { return nil }
    guard !entries.isEmpty else { return nil }
    // A time alone could be any table; a level as well is a log.
    return entries.contains { $0.level != nil || $0.stream != nil } ? .medium : .low
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var pending: (event: ApplicationEntry, locator: Locator)?
    func finish() {
      if let pending { sink.event(pending.event.event(pending.locator)) }
      pending = nil
    }
    var days = DayOfClock(zone: context.zone)
    try readLines(stream, into: sink) { line in
      if var found = ApplicationLine(line.bytes, context.zone) ?? ApplicationLine(clock: line.bytes) {
        days.settle(&found)
        if var now = pending, now.event.isPartial, now.event.stream == found.stream?.string,
          now.event.text.utf8.count + found.text.count < Self.textLimit
        {
          pending = nil
          now.event.text += found.text.string
          now.event.isPartial = found.isPartial
          now.event.lines += 1
          now.locator = now.locator.reaching(line.end)
          pending = now
          return .parsed
        }
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
      guard now.event.text.utf8.count + line.bytes.count < Self.textLimit else {
        // Whoever prints without a time may do so for days; none of it may be lost.
        finish()
        pending = (now.event.goingOn(with: line.bytes), line.locator)
        return .parsed
      }
      pending = nil
      now.event.text += "\n" + line.bytes.string
      now.event.lines += 1
      now.locator = now.locator.reaching(line.end)
      pending = now
      return .parsed
    }
    finish()
  }
}

/// The day of lines that have the time of day alone: that of the line above with a date, and the next one where the clock goes
/// back by half a day.
private struct DayOfClock {
  let zone: Timestamp.Zone
  private var last: Timestamp?

  init(zone: Timestamp.Zone) { self.zone = zone }

  mutating func settle(_ line: inout ApplicationLine) {
    guard var clock = line.clock else {
      last = line.time
      return
    }
    guard let last else { return }
    let day = last.civil(in: zone)
    (clock.year, clock.month, clock.day) = (day.year, day.month, day.day)
    guard var time = clock.timestamp(zone) else { return }
    if time < last.adding(seconds: -43200) { time = time.adding(seconds: 86400) }
    line.time = time
    line.isDated = true
    self.last = time
  }
}

/// An entry of one or more lines.
struct ApplicationEntry {
  var time: Timestamp?
  /// The day is another line's.
  var isDayInferred = false
  /// It goes on with the text of the event before.
  var isContinued = false
  var level: String?
  var thread: String?
  var stream: String?
  var pid: Int64?
  /// The next line of the stream goes on with the text.
  var isPartial = false
  var text: String
  var lines = 1

  init(text: String) { self.text = text }

  init(_ line: ApplicationLine) {
    time = line.clock == nil || line.isDated ? line.time : nil
    isDayInferred = line.clock != nil && line.isDated
    level = line.level?.string
    thread = line.thread?.string
    stream = line.stream?.string
    pid = line.pid
    isPartial = line.isPartial
    text = line.text.string
  }

  /// What comes behind, where this is as long as an event may be.
  func goingOn(with text: ByteView) -> ApplicationEntry {
    var entry = self
    entry.text = text.string
    entry.lines = 1
    entry.isContinued = true
    return entry
  }

  func event(_ locator: Locator) -> Event {
    // A web server in a container writes its requests to its output.
    if let stream, var entry = text.withView({ Self.entry(inStream: $0, time, locator) }) {
      entry.attributes.add("stream", stream)
      return entry
    }
    var attributes: [Attribute] = []
    attributes.add("level", level)
    attributes.add("thread", thread)
    attributes.add("pid", pid)
    attributes.add("stream", stream)
    attributes.add("text", text)
    // Apache 2.4 names its process in front, and always writes the client's port.
    let client = text.withView { Self.client($0, hasPort: thread?.hasPrefix("pid ") ?? false) }
    if let client { attributes.addEndpoint("remote", client) }
    var entities = client.flatMap { $0.isSpecific ? [Entity(.address, $0.address ?? "")] : nil } ?? []
    if client == nil { text.withView { ServiceClient($0)?.add(to: &attributes, &entities) } }
    if lines > 1 { attributes.add("lines", Int64(lines)) }
    if isDayInferred { attributes.add("day", "inferred") }
    if isContinued { attributes.append(Attribute("continued", .flag(true))) }
    return Event(
      time: time, .recorded, dataType: "app:log:entry", message: (level.map { "\($0): " } ?? "") + text,
      entities: entities, attributes: attributes, locator: locator)
  }

  /// A request, or what an application writes as JSON.
  private static func entry(inStream text: ByteView, _ time: Timestamp?, _ locator: Locator) -> Event? {
    guard text[0] == 0x7B else { return AccessLine(text)?.event(locator) }
    var event = JSONLogFormat.event(JSONView(text), JSONLogNames(), .utc, locator)
    if event?.time == nil { event?.time = time }
    return event
  }

  /// Who asked, as the error logs of Apache (`[client 203.0.113.66:4444]`) and nginx (`client: 203.0.113.66,`) say it.
  static func client(_ text: ByteView, hasPort: Bool) -> Endpoint? {
    let front = text.slice(0, 1 << 12)
    let word: ByteView
    if let place = front.firstIndex(of: ByteView("[client "))
      ?? (hasPort ? front.slice(0, 128).firstIndex(of: ByteView("[remote ")) : nil)
    {
      let rest = front.slice(place + 8)
      word = rest.slice(0, rest.firstIndex(of: 0x5D) ?? 0)
    } else if let place = front.firstIndex(of: ByteView(", client: ")) {
      let rest = front.slice(place + 10)
      word = rest.slice(0, rest.firstIndex(of: 0x2C) ?? rest.count)
    } else {
      return nil
    }
    // An IPv6 address stands there without the brackets that would tell the port from its last part.
    if !hasPort || IPAddress.isDotted(word), IPAddress.normal(word) != nil {
      return Endpoint(host: word, port: ByteView(""))
    }
    if let end = Endpoint(word), end.address != nil, !hasPort || end.port != nil { return end }
    return IPAddress.normal(word) == nil ? nil : Endpoint(host: word, port: ByteView(""))
  }
}
