import Bytes
import Evidence

/// Puts the messages of each log stream together again as the log that they were, and has it read by the format that it has, as a
/// file of its own would be. What comes of it is located in the envelopes.
///
/// The envelope's time serves where a message has none, tells the year where it has no other, and the zone where all messages of a
/// log are off by the same quarters of an hour. Messages that no format knows are told as an application's.
final class CloudWatchLogs {
  /// What the envelope says of where a message is from.
  struct Origin: Hashable {
    var group: String?
    var stream: String?
  }

  private struct Batch {
    var bytes: [UInt8] = []
    var messages: [CloudWatchMessage] = []
    var latest: Timestamp?

    mutating func add(_ text: ByteView, at time: Timestamp?, _ locator: Locator) {
      messages.append(CloudWatchMessage(start: bytes.count, time: time, locator: locator))
      bytes.append(contentsOf: text.unsafeBytes)
      bytes.append(0x0A)
      if let time, latest.map({ time > $0 }) ?? true { latest = time }
    }
  }

  private static let maximumStreams = 256
  /// Bytes that wait at most, and bytes and messages after which a log is read: the number is below what a coverage tells one by one.
  private static let maximumBytes = 16 << 20
  private static let batchBytes = 4 << 20
  private static let batchMessages = 1500
  private static let maximumMessages = 1900

  private let context: ParseContext
  private let sink: CutTexts
  private var batches: [Origin: Batch] = [:]
  /// The streams that wait, by their first message.
  private var order: [Origin] = []
  private var waiting = 0

  init(_ context: ParseContext, _ sink: CutTexts) {
    self.context = context
    self.sink = sink
  }

  func take(_ text: ByteView, at time: Timestamp?, of origin: Origin, _ locator: Locator) {
    var text = text
    while let last = text.count > 0 ? text[text.count - 1] : nil, last == 0x0A || last == 0x0D {
      text = text.dropLast(1)
    }
    guard !text.trimmed.isEmpty else { return }
    // Records of one event have one time, so that logs are cut between two times.
    let isFull = batches[origin].map { batch in
      batch.messages.count >= Self.maximumMessages
        || (batch.messages.count >= Self.batchMessages || batch.bytes.count >= Self.batchBytes)
          && batch.messages.last?.time != time && text[0] > 0x20
    }
    if isFull == true { flush(origin) }
    if waiting >= Self.maximumBytes || batches.count >= Self.maximumStreams && batches[origin] == nil { finish() }
    if batches[origin] == nil { order.append(origin) }
    batches[origin, default: Batch()].add(text, at: time, locator)
    waiting += text.count + MemoryLayout<CloudWatchMessage>.stride
  }

  /// Reads all that waits.
  func finish() {
    for origin in order { read(origin) }
    batches = [:]
    order = []
    waiting = 0
  }

  private func flush(_ origin: Origin) {
    waiting -= read(origin)
    batches[origin] = nil
    order.removeAll { $0 == origin }
  }

  /// - Returns: how much no longer waits.
  @discardableResult private func read(_ origin: Origin) -> Int {
    guard let batch = batches[origin] else { return 0 }
    var context = context
    context.path = origin.group ?? context.path
    context.collected = batch.latest ?? context.collected
    let format = batch.bytes.withView { Self.format(of: $0, path: context.path) }
    // Of what a command printed the times are of other things.
    if let format, !format.name.hasPrefix("capture."), case .inferred = context.zone, context.summerTime == nil {
      let probe = CloudWatchSink(nil, batch.messages, origin)
      let count = batch.messages.count > Self.probed ? batch.messages[Self.probed].start : batch.bytes.count
      try? format.parse(MemoryStream(Array(batch.bytes.prefix(count))), context, into: probe)
      if let minutes = probe.minutes, case let all = context.zone.minutes + minutes, Self.isZone(all) {
        context.zone = .inferred(all)
      }
    }
    let inner = CloudWatchSink(sink, batch.messages, origin)
    if let format {
      do throws(BytesError) {
        try format.parse(MemoryStream(batch.bytes), context, into: inner)
      } catch {
        inner.coverage(Coverage(.scanned, 0..<UInt64(batch.bytes.count), reason: "\(error)"))
      }
    } else {
      inner.coverage(Coverage(.skipped, 0..<UInt64(batch.bytes.count)))
    }
    inner.tellSkipped(batch.bytes)
    return batch.bytes.count + batch.messages.count * (MemoryLayout<CloudWatchMessage>.stride - 1)
  }

  private static let probed = 64

  /// Zones are whole hours from UTC but for a few.
  private static func isZone(_ minutes: Int) -> Bool {
    (-720...840).contains(minutes)
      && (minutes % 60 == 0 || [-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765].contains(minutes))
  }

  // MARK: Formats

  /// The format of a log that came as messages: that of a log alone, or of what a command printed where that is what was run.
  static func format(of text: ByteView, path: String) -> (any LogFormat)? {
    let sample = FormatSample(head: text.slice(0, 1 << 16), path: path, isWhole: text.count <= 1 << 16)
    let isOutput = path.hasPrefix("/aws/ssm/")
    return best(of: isOutput ? LogFormats.logs + LogFormats.captures : LogFormats.logs, sample)
  }

  private static func best(of formats: [any LogFormat], _ sample: FormatSample) -> (any LogFormat)? {
    var best: (format: any LogFormat, confidence: Confidence)?
    for format in formats where !(format is TranscriptFormat) {
      guard let confidence = format.recognizes(sample) else { continue }
      if confidence == .high { return format }
      // A time in front is enough of an application's log here, and little tells anything else.
      guard confidence > .low || format is ApplicationLogFormat else { continue }
      if best.map({ confidence > $0.confidence }) ?? true { best = (format, confidence) }
    }
    return best?.format
  }
}

extension LogFormats {
  /// What comes in the messages of a log stream.
  fileprivate static let logs: [any LogFormat] = [
    WAFFormat(), CloudTrailFormat(), GuardDutyFormat(), VPCFlowFormat(), NetworkFirewallFormat(), ResolverQueryFormat(),
    KubernetesAuditFormat(), ALBFormat(), CloudFrontFormat(), CloudFrontJSONFormat(), PackageLogFormat(), DmesgFormat(),
    SudoLogFormat(), SyslogFormat(), AuditFormat(), AuditInterpretedFormat(), JournalJSONFormat(), AccessLogFormat(),
    ContainerLogFormat(), JSONLogFormat(), FTPLogFormat(), ApplicationLogFormat(),
  ]
}
