import Bytes
import Evidence

/// Hands out the JSON records of a stream one by one, in constant memory, whatever holds them together: lines, nothing at
/// all, an array, or an object with an array of a known name (`JSONContainer`).
///
/// Damage is passed over and told: text between records, a record that is broken, cut at the end of the stream or longer
/// than `limit` becomes a gap in the coverage, and reading goes on at the next place where a record begins. What lies in a gap
/// is searched line by line all the same (`SkippedLine`), as what a line format skips is. Linear in the length of the stream;
/// about 1 GB/s.
public final class JSONRecords {
  public struct Record {
    /// The object's text. Valid until the next record is asked for.
    public var bytes: ByteView
    /// Of the first byte, in the (decoded) stream.
    public var offset: UInt64
    /// Of the first byte, from 1.
    public var line: Int
    /// The array that it is an element of; nil for a record on its own or in a plain array.
    public var container: JSONContainer?
    fileprivate var ends: JSONEnds?

    /// The object, and where brackets close in it. Valid as long as `bytes`.
    public var json: JSONView { JSONView(whole: bytes, ends: ends) }
  }

  private enum Level { case array(JSONContainer?), wrapper }

  /// Bytes of the longest record that is handed out.
  public let limit: Int
  /// The members in front of the latest array of log events, as an object: of which log they are.
  @exclusivity(unchecked) private(set) var wrapper: [UInt8] = []
  private let stream: any ByteStream
  private let sink: any ResultSink
  private var buffer: UnsafeMutableRawBufferPointer
  // Touched by this class's own methods alone, none of which calls back; the checks at run time cost 3 % of reading a log.
  /// The bytes not yet dealt with are `start..<end` of the buffer; `position` is the stream offset of the first.
  @exclusivity(unchecked) private var start = 0
  @exclusivity(unchecked) private var end = 0
  @exclusivity(unchecked) private var position: UInt64 = 0
  @exclusivity(unchecked) private var atEnd = false
  @exclusivity(unchecked) private var lineBreaks = 0
  @exclusivity(unchecked) private var levels: [Level] = []
  private let ends = JSONEnds()
  @exclusivity(unchecked) private var scanner: JSONRecordScanner
  /// Stream offset of the scanner's first byte.
  @exclusivity(unchecked) private var lastScanStart: UInt64 = 0
  @exclusivity(unchecked) private var coverage: CoverageLedger
  /// How the first whole record began (`{"timestamp":`): where others begin when the text around them is damaged.
  @exclusivity(unchecked) private var signature: [UInt8] = []
  /// Stream offset of that record.
  @exclusivity(unchecked) private var signatureOffset: UInt64 = 0
  /// Bytes that may still be read a second time after damage. Grows with what is read, so that the whole stays linear.
  @exclusivity(unchecked) private var allowance = 1 << 25
  /// Lines of gaps that became events.
  @exclusivity(unchecked) private var handedOn = 0

  private static let chunk = 1 << 18
  private static let maximumLevels = 16

  /// - Parameter sink: takes the coverage of the stream, and what in its gaps may hold an attack.
  public init(_ stream: any ByteStream, coverage sink: any ResultSink, limit: Int = 16 << 20) {
    self.stream = stream
    self.sink = sink
    self.limit = max(limit, 64)
    coverage = CoverageLedger(sink, encodings: stream.encodings)
    buffer = .allocate(byteCount: 2 * Self.chunk, alignment: 64)
    scanner = JSONRecordScanner(ends: ends)
  }

  deinit { buffer.deallocate() }

  private var pending: ByteView { ByteView(UnsafeRawBufferPointer(rebasing: buffer[start..<end])) }

  /// The next record; nil at the end of the stream.
  public func next() throws(BytesError) -> Record? {
    while true {
      if case .wrapper = levels.last, !(atEnd && start == end) {
        try passWrapper()
        continue
      }
      passFiller()
      let byte = pending[0]
      if start == end || byte == 0xEF && end - start < 3 && !atEnd
        || (0x30...0x39).contains(byte) && end - start < Self.exportTimeCount && !atEnd
      {
        if try !fill(), start == end { return nil }
      } else if byte == 0x7B {
        scanner.restart(after: scannedBefore())
        if let record = try scanRecord() { return record }
      } else if byte == 0x5B, levels.count < Self.maximumLevels {
        enter(.array(nil), 1)
      } else if byte == 0x5D, case .array = levels.last {
        levels.removeLast()
        consume(1)
      } else {
        try passGarbage(from: 0, "text that is no JSON record")
      }
    }
  }

  /// Marks a record that was handed out as not understood.
  public func reject(_ record: Record, _ reason: String) {
    // What is left of a cut record at the start of a file may be whole objects; others begin otherwise.
    if record.offset == signatureOffset { signature = [] }
    handOn(record.bytes, record.offset, record.line)
    gap(record.offset, record.offset + UInt64(record.bytes.count), reason)
  }

  /// Ends the coverage. To be called after `next` has returned nil.
  public func finish() {
    coverage.parsed(upTo: position)
    let open = levels.isEmpty ? nil : "the stream ends inside an array or object that is not closed"
    coverage.finish(
      damage: stream.damage.map { "the stream ends early, what followed is lost: \($0)" },
      note: stream.damage == nil ? open ?? (position == 0 ? "empty file" : nil) : nil)
  }

  private func gap(_ start: UInt64, _ end: UInt64, _ reason: String) {
    coverage.parsed(upTo: start)
    coverage.skipped(upTo: end, reason)
  }

  // MARK: Records

  /// How far the scanner's origin lies behind the current place.
  private func scannedBefore() -> Int {
    let distance = position - min(lastScanStart, position)
    lastScanStart = position
    return Int(min(distance, 1 << 40))
  }

  private func scanRecord() throws(BytesError) -> Record? {
    while true {
      let bytes = pending
      switch scanner.advance(bytes) {
      case .whole(let count) where count <= limit: return handOut(count)
      case .whole(let count):
        skip(count, tooLong)
        return nil
      case .container(let name, let place):
        guard levels.count + 1 < Self.maximumLevels else {
          try passGarbage(from: place + 1, "arrays nested too deep")
          return nil
        }
        levels.append(.wrapper)
        if name == .logEvents { keepWrapper(bytes.slice(0, place)) }
        enter(.array(name), place + 1)
        return nil
      case .broken(let place):
        try passBroken(place, "a record that is not whole JSON")
        return nil
      case .next(let place):
        passUnclosed(upTo: place)
        return nil
      case .more:
        if bytes.count > limit {
          try passLongRecord()
          return nil
        }
        if try !fill() {
          passCutRecord()
          return nil
        }
      }
    }
  }

  private func handOut(_ count: Int) -> Record {
    let bytes = pending.slice(0, count)
    if signature.isEmpty, let colon = bytes.slice(0, 64).firstIndex(of: 0x3A) {
      signature = bytes.slice(0, colon + 1).array
      signatureOffset = position
    }
    var container: JSONContainer?
    if case .array(let name) = levels.last { container = name }
    let record = Record(bytes: bytes, offset: position, line: lineBreaks + 1, container: container, ends: ends)
    consume(count)
    return record
  }

  /// What says of which log the records are is of some hundred bytes.
  private func keepWrapper(_ bytes: ByteView) {
    wrapper = bytes.count <= 1 << 16 ? bytes.array + Array("[]}".utf8) : []
  }

  private var tooLong: String { "a record longer than \(limit) bytes" }

  /// Follows a record that is too long to keep to its end.
  private func passLongRecord() throws(BytesError) {
    let first = position
    while true {
      switch scanner.advance(pending) {
      case .whole(let count): pass(count)
      case .broken(let place), .next(let place): pass(place)
      case .container(let name, let place):
        gap(first, position + UInt64(place), tooLong)
        wrapper = []
        levels.append(.wrapper)
        enter(.array(name), place + 1)
        return
      case .more:
        pass(scanner.forget(pending))
        lastScanStart = position
        if try fill() { continue }
        pass(end - start)
      }
      gap(first, position, tooLong)
      return
    }
  }

  /// Goes through the members around an array of records.
  private func passWrapper() throws(BytesError) {
    scanner.restart(after: scannedBefore(), insideObject: true)
    while true {
      switch scanner.advance(pending) {
      case .whole(let count):
        levels.removeLast()
        consume(count)
        return
      case .container(let name, let place) where levels.count < Self.maximumLevels:
        enter(.array(name), place + 1)
        return
      case .container(_, let place), .broken(let place), .next(let place):
        levels.removeLast()
        try passGarbage(from: place, "an object that is not whole JSON")
        return
      case .more:
        consume(scanner.forget(pending))
        lastScanStart = position
        if try fill() { continue }
        consume(end - start)
        return
      }
    }
  }

  // MARK: Damage

  /// A record broken at `place`: what it swallowed is read again from the next place where a record may begin.
  private func passBroken(_ place: Int, _ reason: String) throws(BytesError) {
    try passGarbage(from: allowance > 0 ? 1 : max(place, 1), brokenAt: place, reason)
  }

  /// A record without its end: the next one begins at `place`, unless others before it were swallowed too.
  private func passUnclosed(upTo place: Int) {
    let found = allowance > 0 ? beginning(in: pending.slice(0, place), from: 1, guessingFrom: .max) ?? place : place
    allowance -= place - found
    skip(found, "a record that is not whole JSON")
  }

  private func passCutRecord() {
    let reason = stream.damage.map { "a record that is cut off: \($0)" } ?? "a record that is cut off at the end"
    let bytes = pending
    let found = allowance > 0 ? beginning(in: bytes, from: 1, guessingFrom: .max) ?? bytes.count : bytes.count
    allowance -= bytes.count - found
    skip(found, reason)
  }

  /// Skips to the next place, `place` or later, where a record seems to begin.
  private func passGarbage(from place: Int, brokenAt: Int = 0, _ reason: String) throws(BytesError) {
    let first = position
    var place = place
    var broken = brokenAt
    while true {
      let bytes = pending
      if let found = beginning(in: bytes, from: place, guessingFrom: signature.isEmpty ? broken : .max) {
        allowance -= max(broken - found, 0)
        pass(found)
        break
      }
      if !atEnd, bytes.count > 128 {
        // The last bytes stay: a beginning may lie across the border.
        let dropped = bytes.count - 96
        pass(dropped)
        place = max(32, place - dropped)
        broken = max(0, broken - dropped)
      }
      if try !fill() {
        pass(end - start)
        break
      }
    }
    gap(first, position, reason)
  }

  /// The next brace at the start of a line, right behind another record, or followed by what the first record began with;
  /// from `guess` on any that a key follows.
  private func beginning(in bytes: ByteView, from start: Int, guessingFrom guess: Int) -> Int? {
    var from = start
    while let brace = bytes.firstIndex(of: 0x7B, from: from) {
      let before = bytes[brace - 1]
      let key = bytes[brace + 1] == 0x22
      if before == 0x0A || key && (before == 0x7D || brace >= guess) { return brace }
      if !signature.isEmpty, signature.withView({ bytes.slice(brace, brace + 64).hasPrefix($0) }) { return brace }
      from = brace + 1
    }
    return nil
  }

  // MARK: Bytes

  private func enter(_ level: Level, _ count: Int) {
    levels.append(level)
    consume(count)
  }

  private func skip(_ count: Int, _ reason: String) {
    let first = position
    pass(count)
    gap(first, position, reason)
  }

  /// Consumes what is no record, and searches it.
  private func pass(_ count: Int) {
    handOn(pending.slice(0, count), position, lineBreaks + 1)
    consume(count)
  }

  /// Bytes that are searched at a time, and how far a piece reaches into the next, so that no word is cut in two.
  private static let piece = 1 << 16
  private static let overlap = 512

  private func handOn(_ bytes: ByteView, _ offset: UInt64, _ line: Int) {
    var place = 0
    var number = line
    while place < bytes.count, handedOn < SkippedLine.limit {
      let lineEnd = bytes.firstIndex(of: 0x0A, from: place) ?? bytes.count
      let end = min(lineEnd, place + Self.piece)
      let text = bytes.slice(place, min(lineEnd, end + Self.overlap))
      let locator = Locator(
        offset: offset + UInt64(place), length: UInt64(text.count), line: number, encodings: stream.encodings)
      if let event = SkippedLine.event(text, locator) {
        handedOn += 1
        sink.event(event)
      }
      if end == lineEnd { number += 1 }
      place = end == lineEnd ? end + 1 : end
    }
  }

  /// Blanks, commas, NUL, record separators (RFC 7464) and byte order marks between records.
  private func passFiller() {
    let bytes = pending
    var place = 0
    loop: while place < bytes.count {
      switch bytes[place] {
      case 0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x00, 0x1E: place += 1
      case 0xEF where bytes[place + 1] == 0xBB && bytes[place + 2] == 0xBF: place += 3
      case 0x30...0x39:
        let count = Self.exportTime(bytes.slice(place, place + Self.exportTimeCount))
        if count == 0 { break loop }
        place += count
      default: break loop
      }
    }
    if place > 0 { consume(place) }
  }

  private static let exportTimeCount = 40

  /// Bytes of a time and a blank before a record, as CloudWatch Logs writes them when it exports (`2026-11-25T05:20:12.123Z {`);
  /// 0 where there is none.
  static func exportTime(_ bytes: ByteView) -> Int {
    guard bytes[4] == 0x2D, bytes[10] == 0x54, let (time, rest) = bytes.cut(0x20), rest[0] == 0x7B,
      time[time.count - 1] == 0x5A
    else { return 0 }
    return time.count + 1
  }

  private func consume(_ count: Int) {
    let bytes = pending.slice(0, count)
    var place = 0
    while let found = bytes.firstIndex(of: 0x0A, from: place) {
      lineBreaks += 1
      place = found + 1
    }
    start += bytes.count
    position += UInt64(bytes.count)
  }

  private func fill() throws(BytesError) -> Bool {
    if atEnd { return false }
    if start > 0 {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
      end -= start
      start = 0
    }
    if buffer.count - end < Self.chunk { grow() }
    let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
    atEnd = count == 0
    end += count
    allowance = min(allowance + count, 1 << 30)
    return count > 0
  }

  private func grow() {
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * buffer.count, alignment: 64)
    larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[0..<end]))
    buffer.deallocate()
    buffer = larger
  }
}
