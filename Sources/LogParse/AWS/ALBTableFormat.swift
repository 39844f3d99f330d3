import Bytes
import Evidence

/// Access logs of Application Load Balancers as Athena gives them for a query: a table of comma-separated values with the columns
/// of AWS's own table definition. Told as the log itself is.
///
/// Columns: Athena User Guide, "Query Application Load Balancer logs".
public struct ALBTableFormat: LogFormat {
  public let name = "aws.alb.table"
  public let version = 2

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.head.contains("elb_status_code") else { return nil }
    let (rows, separator) = sample.rows(1)
    return separator == 0x2C && rows.first.flatMap({ Columns($0) }) != nil ? .high : nil
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let rows = CSVRows(stream, coverage: sink)
    var columns: Columns?
    var line: [UInt8] = []
    var beginning: [UInt8] = []
    while let row = try rows.next() {
      // Tables that were put together have their header again: a row that begins as the first did.
      let isHeader = columns == nil || row.cells.first.map { $0.raw.slice(0, 64).array == beginning } ?? false
      if isHeader, let found = Columns(row.cells.prefix(128).map(\.text)) {
        columns = found
        beginning = row.cells.first?.raw.slice(0, 64).array ?? []
        continue
      }
      guard let columns, row.cells.count == columns.count else {
        rows.reject(columns == nil ? "a row in front of the names of the columns" : "a row of \(row.cells.count) cells")
        continue
      }
      line.removeAll(keepingCapacity: true)
      let ends = columns.write(row.cells, to: &line)
      line.withView { text in
        var start = 0
        let fields = ends.map { end in
          defer { start = end }
          return text.slice(start, end)
        }
        sink.event(ALBFormat.event(AccessLogFields(fields), row.locator))
      }
    }
    rows.finish()
  }

  /// Which column stands for which field of the log.
  private struct Columns {
    let count: Int
    /// For each field of the log the columns that it is put together of, and what stands between them.
    private let places: [(columns: [Int], separator: UInt8)]

    init?(_ names: [String]) {
      let names = names.map { $0.lowercased() }
      let known = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
      guard known["elb_status_code"] != nil, known["time"] != nil, known["client_ip"] != nil,
        known["request_url"] != nil
      else { return nil }
      count = names.count
      places = Self.fields.map { field in (field.compactMap { known[$0] }, field.first == "request_verb" ? 0x20 : 0x3A)
      }
    }

    /// - Returns: where each field ends.
    func write(_ cells: [CSVCell], to line: inout [UInt8]) -> [Int] {
      places.map { columns, separator in
        let start = line.count
        for column in columns where column < cells.count {
          cells[column].withBytes { cell in
            let cell = cell.trimmed
            if line.count > start { line.append(separator) }
            line.append(contentsOf: cell.array)
          }
        }
        if line.count == start || line.count == start + 1 && line[start] == separator {
          line.removeSubrange(start...)
          line.append(0x2D)
        }
        return line.count
      }
    }

    /// The log's fields, in its order.
    private static let fields: [[String]] = [
      ["type"], ["time"], ["elb"], ["client_ip", "client_port"], ["target_ip", "target_port"],
      ["request_processing_time"], ["target_processing_time"], ["response_processing_time"], ["elb_status_code"],
      ["target_status_code"], ["received_bytes"], ["sent_bytes"], ["request_verb", "request_url", "request_proto"],
      ["user_agent"], ["ssl_cipher"], ["ssl_protocol"], ["target_group_arn"], ["trace_id"], ["domain_name"],
      ["chosen_cert_arn"], ["matched_rule_priority"], ["request_creation_time"], ["actions_executed"],
      ["redirect_url"], ["lambda_error_reason"], ["target_port_list"], ["target_status_code_list"],
      ["classification"], ["classification_reason"], ["conn_trace_id"],
    ]
  }
}
