import Bytes
import Evidence

/// Hands out the rows of a table of comma-separated values (RFC 4180) one by one, in constant memory: cells may stand in quotes, and
/// in them hold commas, line ends and quotes written twice.
///
/// A quote that is not closed would take all that follows into one cell: where a row with one does not end within `limit` bytes or
/// before the stream does, its lines are read each as a row. Linear in the length of the stream, for no byte is looked at more
/// than twice.
final class CSVRows {
  struct Row {
    /// Valid until the next row is asked for.
    let cells: [CSVCell]
    let locator: Locator
  }

  static let maximumCells = 1024

  private let stream: any ByteStream
  private let limit: Int
  private let separator: UInt8
  private var buffer: UnsafeMutableRawBufferPointer
  /// The bytes not yet dealt with are `start..<end` of the buffer; `position` is the stream offset of the first.
  private var start = 0
  private var end = 0
  private var position: UInt64 = 0
  private var atEnd = false
  private var line = 1
  /// Stream offset up to which a line's end is a row's, whatever stands in quotes.
  private var plainUntil: UInt64 = 0
  private var coverage: CoverageLedger
  private let sink: any ResultSink
  /// The row that was handed out last, valid until the next is asked for, and how many rejected ones became events.
  private var last = ByteView("")
  private var lastLocator = Locator.whole
  private var handedOn = 0

  /// - Parameter sink: takes the coverage of the stream, and rejected rows that may hold an attack (`SkippedLine`).
  init(_ stream: any ByteStream, separator: UInt8 = 0x2C, limit: Int = 4 << 20, coverage sink: any ResultSink) {
    self.stream = stream
    self.sink = sink
    self.separator = separator
    self.limit = max(limit, 64)
    buffer = .allocate(byteCount: 1 << 18, alignment: 64)
    coverage = CoverageLedger(sink, encodings: stream.encodings)
  }

  deinit { buffer.deallocate() }

  private var pending: ByteView { ByteView(UnsafeRawBufferPointer(rebasing: buffer[start..<end])) }

  private enum Found {
    /// Bytes of the row, and of it with its line end.
    case row(Int, Int)
    case tooLong, nothing
  }

  /// The next row that is not blank; nil at the end of the stream.
  func next() throws(BytesError) -> Row? {
    if position == 0 {
      while end - start < 3, try fill() {}
      if pending.hasPrefix("\u{FEFF}") { take(3) }
    }
    while true {
      switch try find() {
      case .nothing: return nil
      case .tooLong:
        let first = position
        try passLine()
        coverage.parsed(upTo: first)
        coverage.skipped(upTo: position, "a row longer than \(limit) bytes")
      case .row(let count, let whole):
        var bytes = pending.slice(0, count)
        if bytes[bytes.count - 1] == 0x0D { bytes = bytes.dropLast(1) }
        let locator = Locator(offset: position, length: UInt64(bytes.count), line: line, encodings: stream.encodings)
        let cells = bytes.trimmed.isEmpty ? [] : CSVCell.cells(of: bytes, separator)
        coverage.parsed(upTo: position)
        take(whole)
        if !cells.isEmpty {
          last = bytes
          lastLocator = locator
          return Row(cells: cells, locator: locator)
        }
      }
    }
  }

  /// Marks the row that was handed out last as not understood.
  func reject(_ reason: String) {
    if handedOn < SkippedLine.limit, let event = SkippedLine.event(last, lastLocator) {
      handedOn += 1
      sink.event(event)
    }
    coverage.skipped(upTo: position, reason)
  }

  /// Ends the coverage. To be called after `next` has returned nil.
  func finish() {
    coverage.parsed(upTo: position)
    coverage.finish(damage: stream.damage, note: position == 0 && stream.damage == nil ? "empty file" : nil)
  }

  private func find() throws(BytesError) -> Found {
    var place = 0
    var isQuoted = false
    var isAtCell = true
    while true {
      let bytes = pending
      let isPlain = position < plainUntil
      while place < bytes.count {
        let byte = bytes[place]
        if isQuoted {
          if byte == 0x22 {
            // Whether it is written twice, the next byte tells.
            if place + 1 >= bytes.count, !atEnd { break }
            if bytes[place + 1] == 0x22 {
              place += 2
              continue
            }
            isQuoted = false
          } else if byte == 0x0A, isPlain {
            return .row(place, place + 1)
          } else if !isPlain {
            place = bytes.firstIndex(of: 0x22, from: place) ?? bytes.count
            continue
          }
        } else if byte == 0x0A {
          return .row(place, place + 1)
        } else {
          isQuoted = byte == 0x22 && isAtCell
          isAtCell = byte == separator
        }
        place += 1
      }
      let isLong = bytes.count > limit
      if !isLong, try fill() { continue }
      if isQuoted, !isPlain, !bytes.isEmpty {
        plainUntil = position + UInt64(bytes.count)
        place = 0
        isQuoted = false
        isAtCell = true
        continue
      }
      if isLong { return .tooLong }
      return bytes.isEmpty ? .nothing : .row(bytes.count, bytes.count)
    }
  }

  /// Goes on behind the next line end.
  private func passLine() throws(BytesError) {
    while true {
      if let place = pending.firstIndex(of: 0x0A) { return take(place + 1) }
      take(end - start)
      if try !fill() { return }
    }
  }

  private func take(_ count: Int) {
    var rest = pending.slice(0, count)
    while let place = rest.firstIndex(of: 0x0A) {
      line += 1
      rest = rest.slice(place + 1)
    }
    start += count
    position += UInt64(count)
  }

  /// - Returns: false at the end of the stream.
  private func fill() throws(BytesError) -> Bool {
    if atEnd { return false }
    if start > 0 {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
      end -= start
      start = 0
    }
    if end == buffer.count {
      let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 64)
      larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
      buffer.deallocate()
      buffer = larger
    }
    let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
    if count <= 0 { atEnd = true }
    end += max(count, 0)
    return count > 0
  }
}

/// A cell where it lies. Valid while the row is.
struct CSVCell {
  /// Without the quotes around it.
  let raw: ByteView
  /// Whether quotes in it are written twice.
  let isDoubled: Bool

  /// - Parameter separator: what stands between cells.
  static func cells(of row: ByteView, _ separator: UInt8) -> [CSVCell] {
    var cells: [CSVCell] = []
    var place = 0
    while cells.count < CSVRows.maximumCells {
      let first = place
      var isDoubled = false
      if row[place] == 0x22 {
        place += 1
        var close: Int?
        while let quote = row.firstIndex(of: 0x22, from: place) {
          place = quote + 1
          if row[place] == 0x22, place < row.count {
            isDoubled = true
            place += 1
          } else {
            close = quote
            break
          }
        }
        if let close, place == row.count || row[place] == separator {
          cells.append(CSVCell(raw: row.slice(first + 1, close), isDoubled: isDoubled))
          if place == row.count { return cells }
          place += 1
          continue
        }
        // Not closed, or text behind it: as it stands.
        place = first
      }
      let end = row.firstIndex(of: separator, from: place) ?? row.count
      cells.append(CSVCell(raw: row.slice(first, end), isDoubled: false))
      if end == row.count { return cells }
      place = end + 1
    }
    return cells
  }

  /// The first so many bytes as they stand, quotes made single.
  func withBytes<Result>(limit: Int = 1 << 20, _ body: (ByteView) -> Result) -> Result {
    let raw = raw.slice(0, limit)
    guard isDoubled else { return body(raw) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(raw.count)
    var place = 0
    while place < raw.count {
      bytes.append(raw[place])
      place += raw[place] == 0x22 && raw[place + 1] == 0x22 ? 2 : 1
    }
    return bytes.withView(body)
  }

  var text: String { withBytes(limit: 1 << 16) { $0.trimmed.string } }
}

extension FormatSample {
  /// The first rows of a table, without one that may be cut, and what stands between its cells: a comma, or a tab.
  func rows(_ number: Int) -> (rows: [[String]], separator: UInt8) {
    var start = head
    while start[0] == 0, !start.isEmpty { start = start.dropFirst(1) }
    let line = start.slice(0, 1 << 14).cut(0x0A)?.before ?? start.slice(0, 1 << 14)
    let separator: UInt8 = line.firstIndex(of: 0x2C) == nil && line.firstIndex(of: 0x09) != nil ? 0x09 : 0x2C
    guard line.firstIndex(of: separator) != nil else { return ([], separator) }
    let rows = CSVRows(MemoryStream(start.array), separator: separator, coverage: CollectingSink())
    var found: [[String]] = []
    while found.count < number, let row = try? rows.next() { found.append(row.cells.map(\.text)) }
    return (found, separator)
  }
}
