import Bytes
import Evidence

/// The kernel's process accounting (acct(5): `/var/account/pacct`, `/var/log/account/pacct`): a record of 64 bytes for each process
/// that ended, with the name of its program but not its arguments. Versions 3 and 2; version 3 says its order of bytes.
struct AccountingFormat: LogFormat {
  let name = "linux.accounting"
  let version = 1

  private static let size = 64

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let records = min(sample.head.count / Self.size, 32)
    guard records > 0 else { return nil }
    let sane = (0..<records).count { index in
      AccountingRecord(sample.head.slice(index * Self.size, (index + 1) * Self.size)) != nil
    }
    // One record alone may be chance.
    let isNamed = sample.name.hasPrefix("pacct") || sample.name.hasPrefix("psacct") || sample.name.hasPrefix("acct")
    return sane * 4 >= records * 3 && (isNamed || sane > 3) ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try FixedRecords.read(stream, size: Self.size, into: sink) { bytes, locator in
      guard let record = AccountingRecord(bytes) else { return .skipped("bytes are not a record of accounting") }
      sink.event(record.event(locator))
      return .parsed
    }
  }
}

/// One record. Valid while its bytes are.
private struct AccountingRecord {
  private let flags: UInt8
  private let terminal: UInt16
  private let status: UInt32
  private let uid: UInt32
  private let gid: UInt32
  private let pid: UInt32?
  private let parent: UInt32?
  private let began: Timestamp
  /// Hundredths of a second.
  private let elapsed: Int64
  private let userTime: Int64
  private let systemTime: Int64
  private let program: ByteView

  init?(_ bytes: ByteView) {
    guard bytes.count == 64, bytes[0] < 0x40 else { return nil }
    let isSwapped = bytes[1] & 0x80 != 0
    func u16(_ place: Int) -> UInt16 {
      let number = bytes.u16(place) ?? 0
      return isSwapped ? number.byteSwapped : number
    }
    func u32(_ place: Int) -> UInt32 {
      let number = bytes.u32(place) ?? 0
      return isSwapped ? number.byteSwapped : number
    }
    flags = bytes[0]
    let seconds: UInt32
    let name: ByteView
    switch bytes[1] & 0x7F {
    case 3:
      terminal = u16(2)
      status = u32(4)
      uid = u32(8)
      gid = u32(12)
      pid = u32(16)
      parent = u32(20)
      seconds = u32(24)
      let ticks = Float(bitPattern: u32(28))
      guard ticks >= 0, ticks < 1e12 else { return nil }
      elapsed = Int64(ticks)
      userTime = Self.number(u16(32))
      systemTime = Self.number(u16(34))
      name = bytes.slice(48, 64)
    case 2:
      terminal = u16(6)
      seconds = u32(8)
      userTime = Self.number(u16(12))
      systemTime = Self.number(u16(14))
      elapsed = Self.number(u16(16))
      status = u32(32)
      name = bytes.slice(36, 53)
      uid = u32(56)
      gid = u32(60)
      pid = nil
      parent = nil
    default: return nil
    }
    guard (631_152_000...4_102_444_800).contains(seconds), let time = Timestamp(seconds: Int64(seconds)) else {
      return nil
    }
    began = time
    program = name.slice(0, name.firstIndex(of: 0) ?? name.count)
    guard !program.isEmpty, program.unsafeBytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
  }

  /// comp_t: 13 bits, and an exponent of eight.
  private static func number(_ packed: UInt16) -> Int64 { Int64(packed & 0x1FFF) << (3 * Int64(packed >> 13)) }

  func event(_ locator: Locator) -> Event {
    let text = program.string
    var attributes: [Attribute] = [Attribute("program", text)]
    attributes.add("pid", pid.map(Int64.init))
    attributes.add("ppid", parent.map(Int64.init))
    attributes.append(Attribute("uid", Int64(uid)))
    attributes.append(Attribute("gid", Int64(gid)))
    attributes.add("tty", tty)
    attributes.append(Attribute("elapsed_milliseconds", elapsed * 10))
    attributes.append(Attribute("cpu_milliseconds", (userTime &+ systemTime) * 10))
    let signal = status & 0x7F
    if signal == 0 {
      attributes.append(Attribute("exit_code", Int64(status >> 8 & 0xFF)))
    } else {
      attributes.append(Attribute("signal", Int64(signal)))
    }
    // AFORK, ASU, ACORE.
    if flags & 0x01 != 0 { attributes.append(Attribute("is_fork", .flag(true))) }
    if flags & 0x02 != 0 { attributes.append(Attribute("used_privileges", .flag(true))) }
    if flags & 0x08 != 0 { attributes.append(Attribute("dumped_core", .flag(true))) }
    return Event(
      time: began, .start, dataType: "linux:process:accounting",
      message: "\(text)\(pid.map { " (pid \($0))" } ?? "") ran as uid \(uid)\(tty.map { " on \($0)" } ?? "").",
      entities: pid.map { [Entity(.process, String($0))] } ?? [], attributes: attributes, locator: locator)
  }

  /// Major numbers 136 to 143 are those of pseudo terminals, 4 that of consoles and serial lines.
  private var tty: String? {
    let (major, minor) = (terminal >> 8, terminal & 0xFF)
    switch major {
    case 136...143: return "pts/\(Int(major - 136) * 256 + Int(minor))"
    case 4: return minor < 64 ? "tty\(minor)" : "ttyS\(minor - 64)"
    default: return nil
    }
  }
}
