import Bytes
import Evidence

/// The login records of `utmp`, `wtmp` and `btmp` (utmp(5)): 384 bytes each with glibc on x86-64, 400 on AArch64, where
/// session and time are 64 bits wide.
///
/// Little-endian. Times are UTC. A logout is a record of its own (type 8) that names the line only, so it is joined with
/// the login seen before it on that line; one whose login is not in the file says that a session ended there.
struct UtmpFormat: LogFormat {
  let name = "linux.utmp"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let head = sample.head
    guard head.count >= 384, UtmpRecord.size(in: head) != nil else { return nil }
    return .high
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let feed = ByteFeed(stream)
    let encodings = stream.encodings
    var ledger = CoverageLedger(sink, encodings: encodings)
    let size = UtmpRecord.size(in: try feed.peek(1 << 16)) ?? 384
    let isFailure = context.path.contains("btmp")
    var open: [String: UtmpRecord] = [:]
    while true {
      let bytes = try feed.peek(size)
      if bytes.isEmpty { break }
      let place = feed.offset
      guard bytes.count == size else {
        feed.take(bytes.count)
        ledger.skipped(upTo: feed.offset, "record is cut short")
        break
      }
      let record = UtmpRecord(bytes, size)
      feed.take(size)
      guard record.isSane else {
        ledger.skipped(upTo: feed.offset, "bytes are not a login record")
        continue
      }
      ledger.parsed(upTo: feed.offset)
      // An empty slot.
      if record.type == 0 { continue }
      let locator = Locator(offset: place, length: UInt64(size), encodings: encodings)
      for event in Self.events(record, &open, isFailure: isFailure, locator) { sink.event(event) }
    }
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

/// One record.
struct UtmpRecord {
  var type: Int
  var pid: Int64
  var line: String
  var user: String
  var host: String
  var time: Timestamp?
  var address: String?
  private let hasText: Bool

  /// 384 or 400, whichever makes more of the records sensible; nil where neither does.
  static func size(in head: ByteView) -> Int? {
    var best: (size: Int, sane: Int)?
    for size in [384, 400] {
      var sane = 0
      var filled = 0
      let records = min(head.count / size, 32)
      for index in 0..<records {
        let record = UtmpRecord(head.slice(index * size, (index + 1) * size), size)
        if record.isSane { sane += 1 }
        if record.isSane, record.type != 0 { filled += 1 }
      }
      guard records > 0, sane * 10 >= records * 8, filled > 0 else { continue }
      if best.map({ sane > $0.sane }) ?? true { best = (size, sane) }
    }
    return best?.size
  }

  init(_ bytes: ByteView, _ size: Int) {
    type = Int(Int16(bitPattern: bytes.u16(0) ?? 0))
    pid = Int64(Int32(bitPattern: bytes.u32(4) ?? 0))
    let (line, lineIsText) = Self.text(bytes.slice(8, 40))
    let (user, userIsText) = Self.text(bytes.slice(44, 76))
    let (host, hostIsText) = Self.text(bytes.slice(76, 332))
    self.line = line
    self.user = user
    self.host = host
    hasText = lineIsText && userIsText && hostIsText
    let seconds: Int64
    let microseconds: Int64
    let place: Int
    if size == 400 {
      seconds = Int64(bitPattern: bytes.u64(344) ?? 0)
      microseconds = Int64(bitPattern: bytes.u64(352) ?? 0)
      place = 360
    } else {
      // Unsigned until 2106, as the newer libraries read it.
      seconds = Int64(bytes.u32(340) ?? 0)
      microseconds = Int64(Int32(bitPattern: bytes.u32(344) ?? 0))
      place = 348
    }
    if seconds > 0, (0..<1_000_000).contains(microseconds) {
      time = Timestamp(seconds: seconds, nanoseconds: microseconds * 1000, precision: .microsecond)
    }
    address = Self.address(bytes.slice(place, place + 16))
  }

  /// As `utmpdump` writes it.
  init(type: Int, pid: Int64, line: String, user: String, host: String, time: Timestamp?, address: String?) {
    self.type = type
    self.pid = pid
    self.line = line
    self.user = user
    self.host = host
    self.time = time
    self.address = address
    hasText = true
  }

  var isSane: Bool {
    (0...9).contains(type) && hasText && pid >= 0
      && (type == 0 || time.map { $0.nanoseconds < 4_102_444_800_000_000_000 } ?? false)
  }

  var endpoint: Endpoint? {
    if let address { return Endpoint(host: ByteView(""), port: ByteView("")).with(address) }
    guard type == 7 || type == 6 else { return nil }
    return host.withView { LoginSession.host($0) }
  }

  /// Up to the first NUL; text means printable and nothing but NUL behind (the tail may keep what was there before).
  private static func text(_ bytes: ByteView) -> (String, Bool) {
    let end = bytes.firstIndex(of: 0) ?? bytes.count
    let text = bytes.slice(0, end)
    for index in 0..<text.count where text[index] < 0x20 || text[index] == 0x7F { return (text.string, false) }
    return (text.string, true)
  }

  /// Four bytes for IPv4, sixteen for IPv6, zero for none.
  private static func address(_ bytes: ByteView) -> String? {
    guard bytes.count == 16, (0..<16).contains(where: { bytes[$0] != 0 }) else { return nil }
    if !(4..<16).contains(where: { bytes[$0] != 0 }) { return (0..<4).map { String(bytes[$0]) }.joined(separator: ".") }
    let groups = stride(from: 0, to: 16, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
    return groups.joined(separator: ":").withView { IPAddress.normal($0) }
  }
}

extension Endpoint {
  /// The same end with an address that is already in its usual form.
  func with(_ address: String) -> Endpoint {
    var end = self
    end.address = address
    return end
  }
}
