import Bytes
import Evidence

/// A table as util-linux and systemd print it in JSON: an array of rows, alone or under a name, in which a row may have further
/// ones below it (`children`).
enum JSONTable {
  struct Row {
    private(set) var cells: [(name: ByteView, value: JSONView)] = []
    fileprivate(set) var locator = Locator.whole
    /// The row that this one lies below.
    fileprivate(set) var above: String?

    subscript(_ name: StaticString) -> JSONView? { cells.first { $0.name == name }?.value }

    /// The text of a cell; nil where it is null or empty.
    func text(_ name: StaticString) -> String? { self[name]?.kept }

    fileprivate mutating func append(_ name: ByteView, _ value: JSONView) {
      if cells.count < 128 { cells.append((name, value)) }
    }
  }

  /// Bytes of a table that is read although it is cut.
  private static let cutLimit = 1 << 22
  private static let maximumDepth = 32
  private static let limit = 1 << 16

  /// Hands out the rows in the order in which they stand. Of a table that is cut, those that are whole.
  ///
  /// - Parameters:
  ///   - name: what the array is called.
  ///   - title: the cell that a row is known by.
  ///   - body: says whether it knew the row.
  static func read(
    _ stream: any ByteStream, into sink: any ResultSink, named name: StaticString?, title: StaticString,
    _ reason: String, _ body: (Row) -> Bool
  ) throws(BytesError) {
    let stream = try FrontStream(stream, count: cutLimit)
    if name != nil, stream.isWhole, let place = stream.front.withView(cutObject) {
      readCut(stream, from: place, into: sink, title, body)
      return
    }
    let records = JSONRecords(stream, coverage: sink)
    let encodings = stream.encodings
    while let record = try records.next() {
      var lines = Lines(record, encodings)
      var isKnown = false
      var number = 0
      var open: [(rest: ArraySlice<JSONView>, above: String?)] = []
      if let name, let table = record.json[name], table.kind == .array {
        open.append((table.elements[...], nil))
        isKnown = true
      } else {
        open.append(([record.json], nil))
      }
      while let (rest, above) = open.last, number < limit {
        guard let next = rest.first else {
          open.removeLast()
          continue
        }
        open[open.count - 1].rest = rest.dropFirst()
        var row = Row()
        var below: JSONView?
        next.forEachMember { key, value in
          if key == "children", value.kind == .array { below = value } else { row.append(key, value) }
          return true
        }
        number += 1
        row.above = above
        row.locator = lines.locator(of: next.bytes, upTo: below?.bytes)
        if body(row) { isKnown = true }
        if let below, open.count < maximumDepth { open.append((below.elements[...], row.text(title))) }
      }
      if !isKnown { records.reject(record, reason) }
    }
    records.finish()
  }

  /// Where the table begins, if it has no end.
  private static func cutObject(_ bytes: ByteView) -> Int? {
    guard let place = bytes.firstIndex(of: 0x7B), place < 16, JSONView.end(of: bytes, at: place) == nil else {
      return nil
    }
    return place
  }

  /// Of a table without its end the rows that are whole, and of the open ones what stands before those below them.
  private static func readCut(
    _ stream: FrontStream, from start: Int, into sink: any ResultSink, _ title: StaticString, _ body: (Row) -> Bool
  ) {
    var ledger = CoverageLedger(sink, encodings: stream.encodings)
    stream.front.withView { bytes in
      var (place, end, number, open) = (start, start, 0, 0)
      var (line, counted) = (1, 0)
      // Every open row is gone through to the end of the text, so they may not be many.
      while let brace = bytes.firstIndex(of: 0x7B, from: place), number < limit, open <= 2 * maximumDepth {
        let whole = JSONView.end(of: bytes, at: brace)
        var row = Row()
        var below: ByteView?
        JSONView(whole: bytes.slice(brace, whole ?? bytes.count)).forEachMember { key, value in
          if key == "children", value.kind == .array { below = value.bytes } else { row.append(key, value) }
          return true
        }
        while let found = bytes.firstIndex(of: 0x0A, from: counted), found < brace {
          line += 1
          counted = found + 1
        }
        let last =
          below.map { bytes.offset(of: $0) } ?? whole ?? row.cells.last.map { cell in
            bytes.offset(of: cell.value.bytes) + cell.value.bytes.count
          } ?? brace
        row.locator = Locator(
          offset: UInt64(brace), length: UInt64(max(last - brace, 0)), line: line, encodings: stream.encodings)
        if body(row) { end = max(end, last) }
        if whole == nil { open += 1 }
        number += 1
        place = below.map { bytes.offset(of: $0) } ?? whole ?? brace + 1
      }
      ledger.parsed(upTo: UInt64(end))
      ledger.skipped(upTo: UInt64(bytes.count), "a table that is cut off")
    }
    ledger.finish(damage: stream.damage, note: nil)
  }

  /// Counts the lines up to each row.
  private struct Lines {
    private let record: JSONRecords.Record
    private let encodings: [String]
    private var place = 0
    private var line: Int

    init(_ record: JSONRecords.Record, _ encodings: [String]) {
      self.record = record
      self.encodings = encodings
      line = record.line
    }

    /// - Parameter end: what a row ends before.
    mutating func locator(of row: ByteView, upTo end: ByteView?) -> Locator {
      let start = record.bytes.offset(of: row)
      while place < start, let found = record.bytes.firstIndex(of: 0x0A, from: place), found < start {
        line += 1
        place = found + 1
      }
      let length = end.map { max(row.offset(of: $0), 0) } ?? row.count
      return Locator(
        offset: record.offset + UInt64(max(start, 0)), length: UInt64(length), line: line, encodings: encodings)
    }
  }
}
