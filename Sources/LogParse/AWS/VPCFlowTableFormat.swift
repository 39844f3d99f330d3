import Bytes
import Evidence

/// VPC flow records as a table of comma-separated values: what Athena gives for a query, with the fields as columns, and what
/// CloudWatch downloads, with the record in `message` (`@message`). Told as `VPCFlowFormat` tells them.
public struct VPCFlowTableFormat: LogFormat {
  public let name = "aws.vpcflow.table"
  public let version = 1

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.head.contains("message") || sample.head.contains("addr") || sample.head.contains("interface") else {
      return nil
    }
    let (rows, separator) = sample.rows(2)
    guard separator == 0x2C, let first = rows.first else { return nil }
    if let place = Self.message(first) {
      guard rows.count > 1, place < rows[1].count else { return nil }
      return rows[1][place].withView { VPCFlowReader.isStandard($0.words(limit: 300)) } ? .high : nil
    }
    return Self.isHeader(first) ? .high : nil
  }

  private static func message(_ names: [String]) -> Int? {
    guard names.contains(where: { $0 == "timestamp" || $0 == "@timestamp" || $0 == "ingestionTime" }) else {
      return nil
    }
    return names.firstIndex { $0 == "message" || $0 == "@message" }
  }

  private static func isHeader(_ names: [String]) -> Bool {
    guard names.count >= 4, names.count <= 256 else { return false }
    return line(names).withView { line in
      guard let fields = VPCFlowField.header(line.words(limit: 300)) else { return false }
      return fields.contains(.source) || fields.contains(.interface) || fields.contains(.packetSource)
    }
  }

  /// Cells as words: none of these fields holds a blank.
  private static func line(_ cells: some Sequence<String>) -> String {
    cells.map { $0.isEmpty || $0 == "null" ? "-" : $0.replacing(" ", with: "_") }.joined(separator: " ")
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let rows = CSVRows(stream, limit: 1 << 16, coverage: sink)
    var reader = VPCFlowReader()
    var place: Int?
    var count: Int?
    while let row = try rows.next() {
      if let place, row.cells.count > place, count == row.cells.count {
        take(row.cells[place].withBytes { reader.read($0, row.locator) }, rows, sink)
        continue
      }
      let cells = row.cells.prefix(300).map(\.text)
      if let found = Self.message(cells) {
        place = found
        count = cells.count
        continue
      }
      if Self.isHeader(cells) {
        count = cells.count
        place = nil
      } else if count != cells.count {
        rows.reject(count == nil ? "a row in front of the names of the columns" : "a row of \(cells.count) cells")
        continue
      }
      take(Self.line(cells).withView { reader.read($0, row.locator) }, rows, sink)
    }
    rows.finish()
  }

  private func take(_ outcome: VPCFlowReader.Outcome, _ rows: CSVRows, _ sink: any ResultSink) {
    switch outcome {
    case .event(let event): sink.event(event)
    case .nothing: break
    case .unknown(let reason): rows.reject(reason)
    }
  }
}
