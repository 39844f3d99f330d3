import Bytes
import Evidence

/// Access logs in the common and combined formats: Apache, nginx, Tomcat's valve, and what imitates them; with Apache's
/// virtual host in front, and further fields behind.
struct AccessLogFormat: LogFormat {
  let name = "web.access"
  let version = 8

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard !lines.isEmpty else { return nil }
    let rows = lines.filter { AccessLine($0) != nil }.count
    return rows * 4 >= lines.count * 3 ? .high : rows > 0 && rows * 2 >= lines.count ? .medium : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let entry = AccessLine(line.bytes, context.zone) else { return .skipped("line is not of an access log") }
      sink.event(entry.event(line.locator))
      return .parsed
    }
  }
}
