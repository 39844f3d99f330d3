import Bytes
import Evidence

/// What CloudWatch Logs Insights downloads of a log group of WAF, GuardDuty, the resolver, Network Firewall or a Kubernetes control
/// plane: a table of comma-separated values with the records as JSON in `@message`. Told as the formats of these tell them; tables
/// of CloudTrail and of flow logs have formats of their own.
public struct MessageTableFormat: LogFormat {
  public let name = "aws.cloudwatch.table"
  public let version = 3

  private static let sampled = 8
  /// One of these is in every record.
  private static let marks: [StaticString] = [
    "audit.k8s.io", "firewall_name", "webaclId", "detectorId", "query_timestamp",
  ]

  public init() {}

  public func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.head.contains("message"), Self.marks.contains(where: { sample.head.contains($0) }) else { return nil }
    // A control plane's group holds the lines of other parts between.
    let (rows, separator) = sample.rows(Self.sampled)
    guard separator == 0x2C, let first = rows.first, let place = Self.placeOfMessage(first) else { return nil }
    var reader = MessageReader()
    let isKnown = rows.dropFirst().contains { row in
      row.count == first.count
        && row[place].withView { reader.read(JSONView($0.trimmed), .whole, into: CollectingSink()) }
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

  public func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let rows = CSVRows(stream, coverage: sink)
    var reader = MessageReader()
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
      let isRecord = row.cells[header.place].withBytes(limit: 4 << 20) {
        reader.read(JSONView($0.trimmed), row.locator, into: sink)
      }
      if !isRecord { rows.reject("a row whose message is no record that is known") }
    }
    reader.finish(into: sink)
    rows.finish()
  }
}

/// Tells records of several services, each as its own format does.
private struct MessageReader: ~Copyable {
  private var waf = WAFReader()
  private var findings = GuardDutyHistory()

  /// - Returns: false for a message that is no record of theirs.
  mutating func read(_ json: JSONView, _ locator: Locator, into sink: any ResultSink) -> Bool {
    guard json.kind == .object else { return false }
    if waf.read(json, locator, into: sink) { return true }
    let event =
      KubernetesAuditRecord(json)?.event(locator) ?? FirewallRecord(json)?.event(locator)
      ?? ResolverQuery(json)?.event(locator)
    if let event {
      sink.event(event)
      return true
    }
    // EventBridge has its envelope around them.
    return AWSRecords.open(json) {
      guard let finding = GuardDutyFinding($0) else { return false }
      findings.take(finding, locator, into: sink)
      return true
    }
  }

  func finish(into sink: any ResultSink) { findings.finish(into: sink) }
}
