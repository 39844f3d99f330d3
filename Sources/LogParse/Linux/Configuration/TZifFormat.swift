import Bytes
import Evidence

/// `/etc/localtime`, a compiled zone (TZif, RFC 8536): the host's offset at the time of the capture, and the rule of its summer time,
/// by which local times of the rest of the year are read.
struct TZifFormat: LogFormat {
  let name = "linux.localtime"
  let version = 3

  /// The largest compiled zone has a few KiB.
  private static let limit = 1 << 17

  func recognizes(_ sample: FormatSample) -> Confidence? { sample.head.hasPrefix("TZif") ? .high : nil }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let feed = ByteFeed(stream, capacity: Self.limit)
    var ledger = CoverageLedger(sink, encodings: stream.encodings)
    let bytes = try feed.peek(Self.limit)
    let locator = Locator(offset: 0, length: UInt64(bytes.count), encodings: stream.encodings)
    if let zone = Self.zone(bytes, at: context.collected.map { $0.nanoseconds / 1_000_000_000 }) {
      sink.event(HostZone.event(name: zone.name, minutes: zone.minutes, rule: zone.rule, locator))
      feed.take(bytes.count)
      ledger.parsed(upTo: feed.offset)
    }
    _ = try feed.skip(.max)
    ledger.skipped(upTo: feed.offset, feed.offset > UInt64(Self.limit) ? "longer than any zone" : "is not a whole zone")
    ledger.finish(damage: stream.damage)
  }

  private struct Header {
    var version: UInt8
    var transitions: Int
    var types: Int
    var names: Int
    /// Bytes of the block behind the header.
    var byteCount: Int

    init?(_ view: ByteView, timeSize: Int) {
      guard view.hasPrefix("TZif"), view.count >= 44 else { return nil }
      func number(_ offset: Int) -> Int { TZifFormat.big(view, offset, 4).map { Int($0) } ?? 0 }
      version = view[4]
      transitions = number(32)
      types = number(36)
      names = number(40)
      // Counts of 32 bits times a few bytes stay far below 63 bits.
      byteCount =
        transitions * timeSize + transitions + types * 6 + names + number(28) * (timeSize + 4) + number(24) + number(20)
      guard types > 0 else { return nil }
    }
  }

  /// A big-endian number with sign.
  private static func big(_ view: ByteView, _ offset: Int, _ size: Int) -> Int64? {
    guard offset >= 0, view.count - offset >= size else { return nil }
    var value: UInt64 = view[offset] & 0x80 != 0 && size == 8 ? .max : 0
    for index in 0..<size { value = value << 8 | UInt64(view[offset + index]) }
    return Int64(bitPattern: value)
  }

  /// The zone's name and offset in force at a moment, or the last in the table where the moment is not known.
  private static func zone(
    _ view: ByteView, at seconds: Int64?
  ) -> (name: String, minutes: Int?, rule: PosixZoneRule?)? {
    guard let first = Header(view, timeSize: 4) else { return nil }
    var data = view
    var header = first
    var size = 4
    // The second block has the same with eight bytes a time.
    if first.version >= 0x32, let second = Header(view.slice(44 + first.byteCount), timeSize: 8) {
      data = view.slice(44 + first.byteCount)
      header = second
      size = 8
    }
    guard data.count >= 44 + header.byteCount else { return nil }
    var type = 0
    let moment = seconds ?? .max
    var isBehindTable = true
    for index in 0..<header.transitions {
      guard var time = big(data, 44 + index * size, size) else { return nil }
      if size == 4 { time = Int64(Int32(truncatingIfNeeded: time)) }
      if time > moment {
        isBehindTable = false
        break
      }
      type = Int(data[44 + header.transitions * size + index])
    }
    let place = 44 + header.transitions * (size + 1) + min(type, header.types - 1) * 6
    guard let raw = big(data, place, 4) else { return nil }
    let offset = Int(Int32(truncatingIfNeeded: raw))
    guard abs(offset) <= 86400 else { return nil }
    let names = data.slice(44 + header.transitions * (size + 1) + header.types * 6)
    let start = Int(data[place + 5])
    let name = names.slice(start, names.firstIndex(of: 0, from: start) ?? start).slice(0, 16)
    // Behind the table the rule in the footer holds.
    let footer = data.slice(44 + header.byteCount).trimmed
    let rule = PosixZoneRule(footer)
    guard isBehindTable, footer.firstIndex(of: 0x2C) != nil else { return (name.string, offset / 60, rule) }
    guard let rule, let seconds else { return (rule?.standardName ?? name.string, nil, rule) }
    let found = rule.zone(at: seconds)
    return (found.name, found.offset / 60, rule)
  }
}
