import Bytes
import Evidence

/// Lines of hosts' and applications' logs as Logs Insights and the console download them: a table of comma-separated values with the
/// lines in `@message` (`message`). Tables of AWS's own records have formats of their own.
struct CloudWatchTableFormat: LogFormat {
  let name = "aws.cloudwatch.lines"
  let version = 1

  private struct Columns {
    var message: Int
    var time: Int
    var stream, log: Int?
    var count: Int

    init?(_ names: [String]) {
      guard let message = MessageTableFormat.placeOfMessage(names),
        let time = names.firstIndex(where: { $0 == "@timestamp" || $0 == "timestamp" })
      else { return nil }
      self.message = message
      self.time = time
      stream = names.firstIndex { $0 == "@logStream" || $0 == "logStreamName" }
      log = names.firstIndex { $0 == "@log" }
      count = names.count
    }
  }

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.front.slice(0, 1 << 12).contains("message") else { return nil }
    let (rows, separator) = sample.rows(2)
    guard separator == 0x2C, rows.count == 2, let columns = Columns(rows[0].map(Self.plain)),
      rows[1].count == columns.count,
      rows[1][columns.time].withView({ Self.time($0) }) != nil
    else { return nil }
    return .medium
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let cuts = CutTexts(sink, encodings: stream.encodings)
    let rows = CSVRows(stream, coverage: cuts)
    let logs = CloudWatchLogs(context, cuts)
    var columns: Columns?
    while let row = try rows.next() {
      // Tables that were put together have their header again.
      if let found = Columns(row.cells.prefix(64).map { $0.raw.slice(0, 64).string }) {
        columns = found
        continue
      }
      guard let columns else {
        rows.reject("a row in front of the names of the columns")
        continue
      }
      guard row.cells.count == columns.count else {
        rows.reject("a row of \(row.cells.count) cells where the header names \(columns.count)")
        continue
      }
      let time = row.cells[columns.time].withBytes { Self.time($0) }
      let origin = CloudWatchLogs.Origin(
        group: CloudWatchFormat.group(columns.log.map { row.cells[$0].text }),
        stream: columns.stream.map { row.cells[$0].text })
      row.cells[columns.message].withBytes(limit: 4 << 20) { logs.take($0, at: time, of: origin, row.locator) }
    }
    logs.finish()
    rows.finish()
    cuts.finish()
  }

  private static func plain(_ name: String) -> String { name.hasPrefix("\u{FEFF}") ? String(name.dropFirst()) : name }

  /// `2026-11-25 05:20:12.123`, in UTC, or milliseconds since 1970.
  private static func time(_ text: ByteView) -> Timestamp? {
    if text[4] == 0x2D { return Timestamp(iso8601: text.trimmed) }
    guard let number = text.trimmed.integer, number > 100_000_000_000 else { return nil }
    return Timestamp(milliseconds: number)
  }
}
