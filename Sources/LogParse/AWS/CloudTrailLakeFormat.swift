import Bytes
import Evidence

/// Pages of `aws cloudtrail get-query-results`: rows of cells, each an object of one member. Told as the log itself is,
/// `aws:cloudtrail:entry`, as far as the query's columns go.
public struct CloudTrailLakeFormat: LogFormat {
  public let name = "aws.cloudtrail.lake"
  public let version = 1

  public init() {}

  /// Bytes within which the rows begin.
  private static let front = 1 << 12

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    let front = sample.front.slice(0, Self.front)
    return front.trimmed[0] == 0x7B && front.contains("\"QueryResultRows\"") && front.contains("\"QueryStatus\"")
      ? .high : nil
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let records = JSONRecords(stream, coverage: sink)
    var reader = CloudTrailLakeReader(encodings: stream.encodings)
    while let record = try records.next() {
      if !reader.read(record, into: sink) { records.reject(record, "a JSON record that is no page of query results") }
    }
    records.finish()
  }
}

private struct CloudTrailLakeReader: ~Copyable {
  private static let maximumCells = 256

  private let encodings: [String]
  private var reader = CloudTrailReader()
  /// The columns of the row before, which are mostly those of all.
  private var names: [String] = []
  private var table: CloudTrailTable?

  init(encodings: [String]) { self.encodings = encodings }

  /// - Returns: false where there are no rows, or none of them is an event.
  mutating func read(_ page: JSONRecords.Record, into sink: any ResultSink) -> Bool {
    guard let rows = page.json["QueryResultRows"], rows.kind == .array else { return false }
    var (isEmpty, isUnderstood) = (true, false)
    rows.forEachElement { row in
      let place = UInt64(page.bytes.offset(of: row.bytes))
      let locator = Locator(
        offset: page.offset + place, length: UInt64(row.bytes.count), line: page.line, encodings: encodings)
      isEmpty = false
      if readRow(row, locator, into: sink) {
        isUnderstood = true
      } else if let event = SkippedLine.event(row.bytes, locator) {
        sink.event(event)
      }
      return true
    }
    return isUnderstood || isEmpty
  }

  private mutating func readRow(_ row: JSONView, _ locator: Locator, into sink: any ResultSink) -> Bool {
    var found: [String] = []
    var bytes: [UInt8] = []
    var ends: [Int] = []
    row.forEachElement { cell in
      cell.forEachMember { key, value in
        found.append(key.string)
        if let text = value.text { bytes += Array(text.utf8) }
        ends.append(bytes.count)
        return found.count < Self.maximumCells
      }
      return found.count < Self.maximumCells
    }
    if found.count == 1, found[0] == "eventJson" {
      return bytes.withView { reader.read(JSONView($0), locator, into: sink) }
    }
    if found != names {
      names = found
      table = CloudTrailTable(found)
    }
    guard let table else { return false }
    return bytes.withView { whole in
      var start = 0
      let cells = ends.map { end in
        defer { start = end }
        return CSVCell(raw: whole.slice(start, end), isDoubled: false)
      }
      return table.record(cells).withView { reader.read(JSONView($0), locator, isRow: true, into: sink) }
    }
  }
}
