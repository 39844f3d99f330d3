import Bytes
import Evidence

/// What CloudWatch Logs Insights downloads of a log group of Network Firewall or of a Kubernetes control plane: a table of
/// comma-separated values with the records as JSON in `@message`. Told as `NetworkFirewallFormat` and `KubernetesAuditFormat`
/// tell them; tables of CloudTrail and of flow logs have formats of their own.
public struct MessageTableFormat: LogFormat {
  public let name = "aws.cloudwatch.table"
  public let version = 1

  private static let sampled = 8

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.head.contains("message"), sample.head.contains("audit.k8s.io") || sample.head.contains("firewall_name")
    else { return nil }
    // A control plane's group holds the lines of other parts between.
    let (rows, separator) = sample.rows(Self.sampled)
    guard separator == 0x2C, let first = rows.first, let place = Self.placeOfMessage(first) else { return nil }
    let isKnown = rows.dropFirst().contains { row in
      row.count == first.count && row[place].withView { Self.event(JSONView($0), .whole) } != nil
    }
    return isKnown ? .high : nil
  }

  /// The column that holds whole records, in what CloudWatch exports of a log group or Logs Insights downloads: `timestamp,message`,
  /// `@timestamp,@message`.
  static func placeOfMessage(_ names: [String]) -> Int? {
    guard names.contains(where: { $0 == "timestamp" || $0 == "@timestamp" || $0 == "ingestionTime" }) else {
      return nil
    }
    return names.firstIndex { $0 == "message" || $0 == "@message" }
  }

  private static func event(_ json: JSONView, _ locator: Locator) -> Event? {
    if let record = KubernetesAuditRecord(json) { return record.event(locator) }
    return FirewallRecord(json)?.event(locator)
  }

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let rows = CSVRows(stream, coverage: sink)
    var header: (place: Int, count: Int)?
    while let row = try rows.next() {
      // Tables that were put together have their header again.
      if let place = Self.placeOfMessage(row.cells.prefix(64).map { $0.raw.slice(0, 64).string }) {
        header = (place, row.cells.count)
        continue
      }
      guard let header else {
        rows.reject("a row in front of the names of the columns")
        continue
      }
      guard row.cells.count == header.count, header.place < row.cells.count else {
        rows.reject("a row of \(row.cells.count) cells where the header names \(header.count)")
        continue
      }
      let event = row.cells[header.place].withBytes(limit: 4 << 20) { Self.event(JSONView($0.trimmed), row.locator) }
      if let event {
        sink.event(event)
      } else {
        rows.reject("a row whose message is no record of Network Firewall or of Kubernetes' audit log")
      }
    }
    rows.finish()
  }
}
