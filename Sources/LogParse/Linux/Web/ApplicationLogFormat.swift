import Bytes
import Evidence

/// Logs of applications whose lines begin with a time: log4j, logback and Tomcat's JULI (catalina.out), Apache's and
/// nginx's error logs, PHP's, MySQL's, Spring, Python's logging; and what containers print, as Kubernetes keeps it (CRI).
///
/// Lines that do not begin with a time (a stack trace, a printed text) belong to the entry above them. Times without zone
/// are local to the host.
struct ApplicationLogFormat: LogFormat {
  let name = "app.log"
  let version = 5

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
    return entries.contains { $0.level != nil || $0.stream != nil } ? .medium : .low
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var pending: (event: ApplicationEntry, locator: Locator)?
    func finish() {
      if let pending { sink.event(pending.event.event(pending.locator)) }
      pending = nil
    }
    try readLines(stream, into: sink) { line in
      if let found = ApplicationLine(line.bytes, context.zone) {
        if var now = pending, now.event.isPartial, now.event.stream == found.stream?.string {
          pending = nil
          if now.event.text.utf8.count + found.text.count < Self.textLimit { now.event.text += found.text.string }
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
  var stream: String?
  /// The next line of the stream goes on with the text.
  var isPartial = false
  var text: String
  var lines = 1

  init(text: String) { self.text = text }

  init(_ line: ApplicationLine) {
    time = line.time
    level = line.level?.string
    thread = line.thread?.string
    stream = line.stream?.string
    isPartial = line.isPartial
    text = line.text.string
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
    attributes.add("stream", stream)
    attributes.add("text", text)
    // Apache 2.4 names its process in front, and always writes the client's port.
    let client = text.withView { Self.client($0, hasPort: thread?.hasPrefix("pid ") ?? false) }
    if let client { attributes.addEndpoint("remote", client) }
    var entities = client.flatMap { $0.isSpecific ? [Entity(.address, $0.address ?? "")] : nil } ?? []
    if client == nil { text.withView { ServiceClient($0)?.add(to: &attributes, &entities) } }
    if lines > 1 { attributes.add("lines", Int64(lines)) }
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
    if let place = front.firstIndex(of: ByteView("[client ")) {
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
