import Bytes
import Evidence

/// The systemd journal's own files (`system.journal`, `user-1000@….journal`), regular and compact, with data compressed by
/// xz, lz4 or zstd.
///
/// Objects are walked from front to back, so a file that was cut or never closed gives everything before its damage. Entries
/// name their data by its place; the data of the fields that events are made of is kept until the limit of `memory` is
/// reached, and then the oldest goes: an entry that names it says so.
struct JournalFileFormat: LogFormat {
  let name = "linux.journal"
  let version = 6

  /// Bytes of data that are kept. A journal file is 128 MiB at most by default, most of it tables and indexes.
  private static let memory = 128 << 20
  private static let window = 1 << 19
  /// Fields of one entry; journald refuses more than 1024.
  private static let itemLimit = 1024

  func recognizes(_ sample: FormatSample) -> Confidence? { sample.head.hasPrefix("LPKSHHRH") ? .high : nil }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let feed = ByteFeed(stream, capacity: Self.window)
    let encodings = stream.encodings
    var ledger = CoverageLedger(sink, encodings: encodings)
    var data = JournalData(limit: Self.memory)
    guard let header = JournalHeader(try feed.peek(JournalHeader.byteCount)) else {
      _ = try feed.skip(.max)
      ledger.skipped(upTo: feed.offset, "is not a journal file of systemd")
      return ledger.finish(damage: stream.damage)
    }
    var audits = SyslogAudit(encodings: encodings)
    var note = header.unknownFlags == 0 ? nil : "written by a newer systemd: some of it may not be read"
    _ = try feed.skip(header.headerSize)
    ledger.parsed(upTo: feed.offset)
    let (end, over) = header.headerSize.addingReportingOverflow(header.arenaSize)
    while true {
      let head = try feed.peek(JournalObject.headerSize)
      if head.isEmpty { break }
      guard let object = JournalObject(head),
        over || end.subtractingReportingOverflow(feed.offset).partialValue >= object.byteCount
      else {
        if try !Self.resume(feed, &ledger) { break }
        continue
      }
      let place = feed.offset
      let bytes = try feed.peek(Int(min(object.byteCount, UInt64(Self.window))))
      switch object.kind {
      case .data: data.take(bytes, object, header, at: place)
      case .entry:
        let locator = Locator(offset: place, length: object.byteCount, encodings: encodings)
        Self.read(bytes, header, &data, &audits, locator, into: sink)
      default: break
      }
      let taken = try feed.skip(object.span)
      // The last object of a file needs no padding.
      if taken < object.byteCount {
        ledger.skipped(upTo: feed.offset, "an object is longer than what is left of the file")
      } else {
        ledger.parsed(upTo: feed.offset)
      }
    }
    if !over, feed.offset < end { note = note ?? "the file is shorter than its header says" }
    if data.undecoded > 0 { note = "\(data.undecoded) fields could not be decompressed" }
    audits.finish(into: sink)
    ledger.finish(damage: stream.damage, note: note)
  }

  /// Behind the last object the file is zero up to its end; anything else is damage, and the next object is looked for.
  /// Returns false at the end.
  private static func resume(_ feed: ByteFeed, _ ledger: inout CoverageLedger) throws(BytesError) -> Bool {
    let bytes = try feed.peek(window)
    var zeros = 0
    while zeros < bytes.count, bytes[zeros] == 0 { zeros += 1 }
    let whole = zeros == bytes.count ? zeros : zeros & ~7
    if whole > 0 {
      feed.take(whole)
      ledger.parsed(upTo: feed.offset)
      return true
    }
    // Found within what is at hand, since every look further costs a move of it.
    var place = 8
    while place + JournalObject.headerSize <= bytes.count, JournalObject(bytes.slice(place)) == nil { place += 8 }
    feed.take(place + JournalObject.headerSize <= bytes.count ? place : bytes.count)
    ledger.skipped(upTo: feed.offset, "is not an object of the journal")
    return true
  }

  private static func read(
    _ bytes: ByteView, _ header: JournalHeader, _ data: inout JournalData, _ audits: inout SyslogAudit,
    _ locator: Locator, into sink: any ResultSink
  ) {
    guard let microseconds = bytes.u64(24), let realtime = Int64(exactly: microseconds) else { return }
    var entry = JournalEntry()
    entry.time = Timestamp(
      seconds: realtime / 1_000_000, nanoseconds: realtime % 1_000_000 * 1000, precision: .microsecond)
    var lost = 0
    var place = header.entryItems
    var items = 0
    while place + header.itemSize <= bytes.count, items < itemLimit {
      let offset = header.isCompact ? bytes.u32(place).map(UInt64.init) : bytes.u64(place)
      if let offset, offset > 0 {
        switch data.find(offset) {
        case .value(let value): value.withView { $0.cut(0x3D).map { entry.set($0.before, $0.after) } }
        case .lost: lost += 1
        case .unwanted: break
        }
      }
      place += header.itemSize
      items += 1
    }
    var extra: [Attribute] = []
    if let number = bytes.u64(16) { extra.add("sequence", Int64(exactly: number)) }
    if lost > 0 { extra.add("fields_lost", Int64(lost)) }
    if entry.joins(&audits, locator, extra: extra, into: sink) { return }
    guard var event = entry.event(locator) else { return }
    event.attributes += extra
    sink.event(event)
  }
}

/// Data objects by their place, as many as memory is granted for.
struct JournalData {
  enum Found {
    case value([UInt8])
    /// Never seen, or given up.
    case lost
    /// Of a field that no event holds.
    case unwanted
  }

  /// Not an array: entries name their data by any place in the file.
  private var values: [UInt64: [UInt8]] = [:]
  /// In the order of the file, so that the oldest goes first.
  private var order: [UInt64] = []
  private var oldest = 0
  private var byteCount = 0
  private let limit: Int
  /// Everything below was seen; what is not in `values` was not wanted or is gone.
  private var seen: UInt64 = 0
  private var gone: UInt64 = 0
  private(set) var undecoded = 0

  init(limit: Int) { self.limit = limit }

  mutating func take(_ bytes: ByteView, _ object: JournalObject, _ header: JournalHeader, at place: UInt64) {
    seen = place
    let payload = bytes.slice(header.dataPayload)
    let value: [UInt8]
    if object.flags & 7 == 0 {
      // Most fields are not wanted: no copy is made to learn it.
      guard let name = payload.slice(0, 64).cut(0x3D)?.before, JournalEntry.isWanted(name) else { return }
      value = payload.slice(0, JournalPayload.limit).array
    } else {
      guard let decoded = JournalPayload.decoded(payload, flags: object.flags) else {
        undecoded += 1
        return
      }
      guard decoded.withView({ $0.slice(0, 64).cut(0x3D).map { JournalEntry.isWanted($0.before) } ?? false }) else {
        return
      }
      value = decoded
    }
    values[place] = value
    order.append(place)
    byteCount += value.count + 96
    while byteCount > limit, oldest < order.count {
      let first = order[oldest]
      oldest += 1
      if let dropped = values.removeValue(forKey: first) { byteCount -= dropped.count + 96 }
      gone = first
    }
    if oldest > 1 << 16 {
      order.removeFirst(oldest)
      oldest = 0
    }
  }

  func find(_ place: UInt64) -> Found {
    if let value = values[place] { return .value(value) }
    return place > seen || place <= gone ? .lost : .unwanted
  }
}
