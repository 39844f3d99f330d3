import Bytes
import Evidence

/// Lines that CloudWatch Logs wrote with its own time in front: what is exported to S3 (`2026-11-25T05:20:12.123Z type=SYSCALL …`), and
/// what `aws logs tail` prints, with the name of the stream between.
///
/// Other formats pass over the time of an export where they know it. Here is what they do not: logs of the audit daemon, of syslog
/// with times of its own in ISO's form, and all that has a stream's name in front.
struct CloudWatchTextFormat: LogFormat {
  let name = "aws.cloudwatch.text"
  let version = 1

  private static let sampled = 40

  func recognizes(_ sample: FormatSample) -> Confidence? { Self.hasStreams(sample) == nil ? nil : .high }

  /// Whether names of streams stand between; nil for lines that are something else.
  private static func hasStreams(_ sample: FormatSample) -> Bool? {
    let lines = sample.lines(sampled)
    guard let first = lines.first, split(first, hasStream: false) != nil else { return nil }
    for hasStream in [false, true] {
      let inner = lines.compactMap { split($0, hasStream: hasStream)?.text }
      guard inner.count * 4 >= lines.count, let front = inner.first else { continue }
      // A record of JSON behind its time is known to those who read it.
      if !hasStream, front[0] == 0x7B { return nil }
      var text = ByteBuilder()
      for line in inner {
        text.append(line)
        text.append(0x0A)
      }
      let found = text.withView { view -> (format: any LogFormat, isHigh: Bool)? in
        guard let format = CloudWatchLogs.format(of: view, path: sample.path) else { return nil }
        let whole = FormatSample(head: view, path: sample.path, isWhole: true)
        return (format, format.recognizes(whole) == .high)
      }
      guard let found else { continue }
      if hasStream { return isBehindStream(found.format, found.isHigh, front) ? true : nil }
      guard found.isHigh else { continue }
      if found.format is AuditFormat { return false }
      if found.format is SyslogFormat, startsWithTime(front) { return false }
    }
    return nil
  }

  /// What is told for sure from the words of a line of syslog behind its host: a time, an address or JSON stands in front.
  private static func isBehindStream(_ format: any LogFormat, _ isHigh: Bool, _ front: ByteView) -> Bool {
    switch format {
    case is AuditFormat, is SyslogFormat: isHigh
    case is AccessLogFormat, is VPCFlowFormat: isHigh && (0x30...0x39).contains(front[0])
    case is ApplicationLogFormat: ((0x30...0x39).contains(front[0]) || front[0] == 0x5B) && startsWithTime(front)
    default: front[0] == 0x7B
    }
  }

  private static func startsWithTime(_ text: ByteView) -> Bool {
    text.cut(0x20).map { Timestamp(iso8601: $0.before) != nil } ?? false || ApplicationLine(text, .utc)?.time != nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let stream = try FrontStream(stream)
    let hasStream = stream.front.withView {
      Self.hasStreams(FormatSample(head: $0, path: context.path, isWhole: stream.isWhole)) ?? false
    }
    let cuts = CutTexts(sink, encodings: stream.encodings)
    let logs = CloudWatchLogs(context, cuts)
    var last: (time: Timestamp, origin: CloudWatchLogs.Origin)?
    try readLines(stream, into: cuts) { line in
      if let found = Self.split(line.bytes, hasStream: hasStream) {
        let now = (time: found.time, origin: CloudWatchLogs.Origin(group: nil, stream: found.stream?.string))
        last = now
        logs.take(found.text, at: now.time, of: now.origin, line.locator)
      } else if let last {
        // Of a message of several lines the first alone has a time in front.
        logs.take(line.bytes, at: last.time, of: last.origin, line.locator)
      } else {
        return .skipped("a line in front of the first message")
      }
      return .parsed
    }
    logs.finish()
    cuts.finish()
  }

  // 2026-11-25T05:20:12.123000+00:00 i-0b7c4e19d2f35a86e Nov 25 05:20:12 …
  private static func split(
    _ line: ByteView, hasStream: Bool
  ) -> (time: Timestamp, stream: ByteView?, text: ByteView)? {
    guard line[4] == 0x2D, line[10] == 0x54, let (word, rest) = line.cut(0x20), (20...35).contains(word.count),
      word[word.count - 1] == 0x5A || word.hasSuffix("+00:00"), let time = Timestamp(iso8601: word)
    else { return nil }
    guard hasStream else { return (time, nil, rest) }
    guard let (stream, text) = rest.cut(0x20), !stream.isEmpty else { return nil }
    return (time, stream, text)
  }
}
