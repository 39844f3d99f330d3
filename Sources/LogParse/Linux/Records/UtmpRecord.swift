import Bytes
import Evidence

/// How records lie in a file.
struct UtmpLayout {
  var size = 384
  var isBigEndian = false

  init() {}

  /// The layout that makes most of the records sensible; nil where none does.
  init?(of head: ByteView) {
    var best = 0
    for size in [384, 400] {
      for isBigEndian in [false, true] {
        var layout = UtmpLayout()
        (layout.size, layout.isBigEndian) = (size, isBigEndian)
        var sane = 0
        var filled = 0
        let records = min(head.count / size, 32)
        for index in 0..<records {
          let record = UtmpRecord(head.slice(index * size, (index + 1) * size), layout)
          if record.isSane { sane += 1 }
          if record.isSane, record.type != 0 { filled += 1 }
        }
        guard records > 0, sane * 10 >= records * 8, filled > 0, sane > best else { continue }
        best = sane
        self = layout
      }
    }
    if best == 0 { return nil }
  }

  func u16(_ bytes: ByteView, _ place: Int) -> UInt16 {
    let number = bytes.u16(place) ?? 0
    return isBigEndian ? number.byteSwapped : number
  }

  func u32(_ bytes: ByteView, _ place: Int) -> UInt32 {
    let number = bytes.u32(place) ?? 0
    return isBigEndian ? number.byteSwapped : number
  }

  func u64(_ bytes: ByteView, _ place: Int) -> UInt64 {
    let number = bytes.u64(place) ?? 0
    return isBigEndian ? number.byteSwapped : number
  }

  /// Where its line's name stands, a cheap look at type, filler and time.
  func mayBegin(_ bytes: ByteView) -> Bool {
    guard bytes.count >= size, (1...9).contains(u16(bytes, 0)), bytes[2] == 0, bytes[3] == 0 else { return false }
    let seconds = size == 400 ? u64(bytes, 344) : UInt64(u32(bytes, 340))
    return (631_152_000...4_102_444_800).contains(seconds)
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
  /// Nothing but zeros where anything could be.
  var isEmpty: Bool { type == 0 && pid == 0 && line.isEmpty && user.isEmpty && host.isEmpty && time == nil }

  init(_ bytes: ByteView, _ layout: UtmpLayout) {
    type = Int(Int16(bitPattern: layout.u16(bytes, 0)))
    pid = Int64(Int32(bitPattern: layout.u32(bytes, 4)))
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
    if layout.size == 400 {
      seconds = Int64(bitPattern: layout.u64(bytes, 344))
      microseconds = Int64(bitPattern: layout.u64(bytes, 352))
      place = 360
    } else {
      // Unsigned until 2106, as the newer libraries read it.
      seconds = Int64(layout.u32(bytes, 340))
      microseconds = Int64(Int32(bitPattern: layout.u32(bytes, 344)))
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
