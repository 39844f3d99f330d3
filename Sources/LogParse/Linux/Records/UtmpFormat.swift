import Bytes
import Evidence

/// The login records of `utmp`, `wtmp` and `btmp` (utmp(5)): 384 bytes each with glibc on x86-64, 400 on AArch64, where
/// session and time are 64 bits wide, and either in the other order of bytes on big machines (POWER, s390x).
///
/// Times are UTC. A logout is a record of its own (type 8) that names the line only, so it is joined with
/// the login seen before it on that line; one whose login is not in the file says that a session ended there.
struct UtmpFormat: LogFormat {
  let name = "linux.utmp"
  let version = 3

  /// How often a file is searched for the next record behind bytes that are none.
  private static let searches = 1000

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let head = sample.head
    guard head.count >= 384, UtmpLayout(of: head) != nil else { return nil }
    return .high
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let feed = ByteFeed(stream)
    let encodings = stream.encodings
    var ledger = CoverageLedger(sink, encodings: encodings)
    let layout = UtmpLayout(of: try feed.peek(1 << 16)) ?? UtmpLayout()
    let size = layout.size
    let isFailure = context.path.contains("btmp")
    var open: [String: UtmpRecord] = [:]
    var erased = ErasedRecords(isLog: !(context.path.split(separator: "/").last ?? "").hasPrefix("utmp"))
    var searches = Self.searches
    while true {
      let bytes = try feed.peek(size)
      if bytes.isEmpty { break }
      let place = feed.offset
      guard bytes.count == size else {
        feed.take(bytes.count)
        ledger.skipped(upTo: feed.offset, "record is cut short")
        break
      }
      let record = UtmpRecord(bytes, layout)
      guard record.isSane else {
        // Where a write was cut short, or bytes were taken out, the next record begins within this one's length.
        var step = size
        if searches > 0 {
          searches -= 1
          let both = try feed.peek(size * 2)
          step =
            (1..<size).first { layout.mayBegin(both.slice($0)) && UtmpRecord(both.slice($0), layout).isSane } ?? size
        }
        feed.take(step)
        ledger.skipped(upTo: feed.offset, "bytes are not a login record")
        continue
      }
      feed.take(size)
      ledger.parsed(upTo: feed.offset)
      let locator = Locator(offset: place, length: UInt64(size), encodings: encodings)
      if let event = erased.see(record, locator) { sink.event(event) }
      // An empty slot.
      if record.type == 0 { continue }
      for event in Self.events(record, &open, isFailure: isFailure, locator) { sink.event(event) }
    }
    if let event = erased.event { sink.event(event) }
    ledger.finish(damage: stream.damage, note: feed.offset == 0 && stream.damage == nil ? "empty file" : nil)
  }

  static func events(
    _ record: UtmpRecord, _ open: inout [String: UtmpRecord], isFailure: Bool, _ locator: Locator
  ) -> [Event] {
    var session = LoginSession(user: record.user)
    session.tty = record.line
    session.host = record.endpoint
    session.pid = record.pid
    session.start = record.time
    session.isFailure = isFailure
    switch record.type {
    case 1: session.kind = "runlevel"
    case 2: session.kind = "boot"
    case 3, 4: session.kind = "clock"
    case 7:
      if !isFailure, open.count < 4096 { open[record.line] = record }
    case 8:
      if isFailure { break }
      guard let login = open.removeValue(forKey: record.line) else { return logout(record, locator) }
      session = LoginSession(user: login.user)
      session.tty = login.line
      session.host = login.endpoint
      session.pid = login.pid
      session.end = record.time
      session.start = login.time
      if let begun = login.time, let ended = record.time {
        session.seconds = (ended.microseconds &- begun.microseconds) / 1_000_000
      }
      return Array(session.events(locator).dropFirst())
    default:
      // 5 init, 6 login process: a getty waits. In btmp they are attempts like any other.
      if !isFailure { return [] }
    }
    guard let kind = session.kind else { return session.events(locator) }
    session.tty = nil
    session.host = nil
    session.pid = nil
    if kind == "clock" { session.status = record.type == 3 ? "as it was set" : "as it was before" }
    if kind == "boot" { session.status = "kernel \(record.host)" }
    if kind == "runlevel" {
      // The pid's low byte is the level's character.
      if record.user == "shutdown" { session.kind = "shutdown" }
      let level = UInt8(truncatingIfNeeded: record.pid)
      if (0x30...0x7A).contains(level) { session.status = "level \(Character(Unicode.Scalar(level)))" }
    }
    return session.events(locator)
  }

  /// Of a session that began before the file did; what init starts for itself has no line.
  private static func logout(_ record: UtmpRecord, _ locator: Locator) -> [Event] {
    guard !record.line.isEmpty, record.line != "~" else { return [] }
    var attributes: [Attribute] = []
    attributes.add("user", record.user)
    attributes.add("tty", record.line)
    if record.pid > 0 { attributes.add("pid", record.pid) }
    var entities = record.user.isEmpty ? [] : [Entity(.user, record.user)]
    if record.pid > 0 { entities.append(Entity(.process, String(record.pid))) }
    let message =
      record.user.isEmpty ? "A session on \(record.line) ended." : "\(record.user) logged out on \(record.line)."
    return [
      Event(
        time: record.time, .logout, dataType: "linux:login:session", message: message, entities: entities,
        attributes: attributes, locator: locator)
    ]
  }
}

/// Records that hold nothing among those of a log, which only ever grows: somebody overwrote them, as tools that clean up behind an
/// intruder do, or the machine lost its power. `utmp` is a table, whose free slots are empty.
private struct ErasedRecords {
  let isLog: Bool
  private var last: Timestamp?
  private var count: Int64 = 0
  private var place: Locator?

  init(isLog: Bool) { self.isLog = isLog }

  mutating func see(_ record: UtmpRecord, _ locator: Locator) -> Event? {
    guard isLog else { return nil }
    guard record.type == 0 else {
      defer {
        last = record.time
        count = 0
        place = nil
      }
      return event
    }
    if record.isEmpty, last != nil {
      count += 1
      place = place?.reaching((locator.offset ?? 0) + (locator.length ?? 0)) ?? locator
    }
    return nil
  }

  /// What was seen since the last record that holds something.
  var event: Event? {
    guard count > 0, last != nil, let place else { return nil }
    let records = count == 1 ? "One record" : "\(count) records"
    return Event(
      time: last, dataType: "linux:login:erased",
      message: "\(records) of logins behind this moment hold nothing: overwritten, or lost with the power.",
      attributes: [Attribute("count", count)], locator: place)
  }
}
