import Bytes
import Evidence

/// Failed logins as PAM counts them: pam_faillock's file for each user (`/run/faillock/USER`), which keeps every attempt, and
/// pam_tally2's table by uid (`/var/log/tallylog`), which keeps the last. Both have records of 64 bytes.
///
/// `struct tally`: the source (52 bytes), a filler, status, time of 64 bits; `struct tallylog`: the terminal or host, a filler,
/// how many, time. `/var/log/faillog` (32 bytes: count, most, terminal, time, lock) is the older table.
struct FailureRecords: LogFormat {
  let name = "linux.login_failures"
  let version = 1

  private enum Layout {
    case faillock, tallylog, faillog
    var size: Int { self == .faillog ? 32 : 64 }
  }

  /// Nothing in the bytes tells what they are, so the place does.
  private static func layout(_ path: String) -> Layout? {
    let parts = path.split(separator: "/")
    guard let name = parts.last else { return nil }
    if name.hasPrefix("tallylog") { return .tallylog }
    if name.hasPrefix("faillog") { return .faillog }
    return parts.dropLast().last == "faillock" ? .faillock : nil
  }

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard let layout = Self.layout(sample.path), sample.head.count >= layout.size else { return nil }
    let records = min(sample.head.count / layout.size, 64)
    for index in 0..<records {
      let bytes = sample.head.slice(index * layout.size, (index + 1) * layout.size)
      guard FixedRecords.isZero(bytes) || FailureRecord(bytes, isOld: layout == .faillog) != nil else { return nil }
    }
    return .high
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let layout = Self.layout(context.path) ?? .tallylog
    let user = layout == .faillock ? context.path.split(separator: "/").last.map(String.init) : nil
    try FixedRecords.read(stream, size: layout.size, skipsZeros: true, into: sink) { bytes, locator in
      guard let record = FailureRecord(bytes, isOld: layout == .faillog) else {
        return .skipped("bytes are not a record of failed logins")
      }
      let uid = Int64(clamping: (locator.offset ?? 0) / UInt64(layout.size))
      sink.event(user.map { record.attempt(of: $0, locator) } ?? record.count(ofUid: uid, locator))
      return .parsed
    }
  }
}

/// One record. Valid while its bytes are.
private struct FailureRecord {
  private let source: ByteView
  /// faillock's status, or how many logins failed.
  private let number: UInt16
  private let time: Timestamp?

  init?(_ bytes: ByteView, isOld: Bool) {
    guard let source = FixedRecords.text(isOld ? bytes.slice(4, 16) : bytes.slice(0, 52)) else { return nil }
    self.source = source
    number = bytes.u16(isOld ? 0 : 54) ?? 0
    let seconds = bytes.u64(isOld ? 16 : 56) ?? 0
    guard seconds == 0 || (631_152_000...4_102_444_800).contains(seconds) else { return nil }
    time = seconds == 0 ? nil : Timestamp(seconds: Int64(seconds))
  }

  /// faillock: bit 0 says that the attempt still counts, bit 1 that the source is a host, bit 2 that it is a terminal; else it is
  /// a service.
  func attempt(of user: String, _ locator: Locator) -> Event {
    var session = LoginSession(user: user)
    session.isFailure = true
    session.start = time
    if number & 2 != 0 {
      session.host = LoginSession.host(source)
    } else if !source.isEmpty {
      session.tty = source.string
    }
    if number & 1 == 0 { session.status = "no longer counted" }
    return session.events(locator)[0]
  }

  func count(ofUid uid: Int64, _ locator: Locator) -> Event {
    var attributes: [Attribute] = [Attribute("uid", uid), Attribute("count", Int64(number))]
    var entities: [Entity] = []
    var from = ""
    if !source.isEmpty {
      from = " from \(source.string)"
      if let address = IPAddress.normal(source) {
        attributes.add("remote_address", address)
        if IPAddress.isSpecific(address) { entities.append(Entity(.address, address)) }
      } else {
        attributes.add("tty", source.string)
      }
    }
    attributes.append(Attribute("is_failure", .flag(true)))
    let times = number == 1 ? "once" : "\(number) times"
    return Event(
      time: time, dataType: "linux:login:failure",
      message: "Logins of the account with uid \(uid) failed \(times), the last\(from).", entities: entities,
      attributes: attributes, locator: locator)
  }
}
