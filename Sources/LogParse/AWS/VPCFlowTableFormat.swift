import Bytes
import Evidence

/// VPC flow records as a table of comma-separated values: what Athena gives for a query, with the fields as columns, what
/// Logs Insights gives (`@timestamp,srcAddr,dstAddr,…`), and what CloudWatch downloads, with the record in `message` (`@message`).
/// Told as `VPCFlowFormat` tells them.
public struct VPCFlowTableFormat: LogFormat {
  public let name = "aws.vpcflow.table"
  public let version = 3

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    guard
      sample.head.contains("message") || sample.head.contains("addr") || sample.head.contains("Addr")
        || sample.head.contains("interface")
    else {
      return nil
    }
    let (rows, separator) = sample.rows(2)
    guard separator == 0x2C, let first = rows.first else { return nil }
    if let place = MessageTableFormat.placeOfMessage(first) {
      guard rows.count > 1, place < rows[1].count else { return nil }
      return rows[1][place].withView { VPCFlowReader.isStandard($0.words(limit: 300)) } ? .high : nil
    }
    return VPCFlowColumns(first) == nil ? nil : .high
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let rows = CSVRows(stream, limit: 1 << 16, coverage: sink)
    var reader = VPCFlowReader()
    var place: Int?
    var columns: VPCFlowColumns?
    var count: Int?
    while let row = try rows.next() {
      if let place, row.cells.count > place, count == row.cells.count {
        take(row.cells[place].withBytes { reader.read($0, row.locator) }, rows, sink)
        continue
      }
      // Tables that were put together have their header again.
      if VPCFlowColumns.mayBegin(row.cells.first) || columns == nil {
        let names = row.cells.prefix(300).map(\.text)
        place = MessageTableFormat.placeOfMessage(names)
        if place != nil {
          columns = nil
          count = names.count
          continue
        }
        if let found = VPCFlowColumns(names) {
          columns = found
          count = names.count
          continue
        }
      }
      guard let columns, count == row.cells.count else {
        rows.reject(count == nil ? "a row in front of the names of the columns" : "a row of \(row.cells.count) cells")
        continue
      }
      take(columns.read(row), rows, sink)
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
