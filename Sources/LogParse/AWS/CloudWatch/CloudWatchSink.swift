import Bytes
import Evidence

/// A message where it lies in its log, and the envelope that it came in.
struct CloudWatchMessage {
  /// First byte in the log that was put together.
  var start: Int
  var time: Timestamp?
  var locator: Locator
}

/// Takes what the parser of a log says that came as messages, and locates it in their envelopes.
final class CloudWatchSink: ResultSink {
  /// Nil to see the times alone.
  private let sink: CutTexts?
  private let messages: [CloudWatchMessage]
  private let origin: CloudWatchLogs.Origin
  private let instance: String?
  /// Messages that became events, and those that the parser left.
  private var told: [Bool]
  private var left: [Bool]
  private var lag = Lag()

  /// - Parameter messages: of one log, in its order.
  init(_ sink: CutTexts?, _ messages: [CloudWatchMessage], _ origin: CloudWatchLogs.Origin) {
    self.sink = sink
    self.messages = messages
    self.origin = origin
    instance = origin.stream.flatMap { $0.withView(Self.instance) }
    told = Array(repeating: false, count: messages.count)
    left = told
  }

  /// Minutes by which the messages' own times, whose zone nobody said, are ahead of the envelopes'.
  var minutes: Int? { lag.minutes }

  func event(_ event: Event) {
    let range = range(of: event.locator)
    if let time = event.time, case .inferred = time.zone, let first = range.first, first < messages.count {
      lag.see(time, messages[first].time)
    }
    // Of what a parser left all is told below.
    guard let sink, event.dataType != "text:line" else { return }
    var event = event
    for place in range { told[place] = true }
    place(&event, range)
    sink.event(event)
  }

  func finding(_ finding: Finding) {
    var finding = finding
    for index in finding.evidence.indices {
      let range = range(of: finding.evidence[index].locator)
      if let locator = locator(range) { finding.evidence[index].locator = locator }
    }
    sink?.finding(finding)
  }

  func coverage(_ coverage: Coverage) {
    guard let sink, coverage.state != .parsed else { return }
    for place in range(coverage.start, coverage.end) {
      let start = UInt64(messages[place].start)
      // Of a line that is cut in the middle the front was read.
      if start < coverage.start, coverage.state == .skipped {
        let offset = messages[place].locator.offset ?? 0
        sink.tell("in the message at byte \(offset): \(coverage.reason ?? "")")
        continue
      }
      left[place] = left[place] || coverage.state == .skipped || !told[place]
    }
  }

  func row(view: String, json: [UInt8]) { sink?.row(view: view, json: json) }

  /// Tells messages that the parser left as what an application said.
  func tellSkipped(_ bytes: [UInt8]) {
    guard let sink else { return }
    bytes.withView { bytes in
      for place in messages.indices where left[place] {
        let end = place + 1 < messages.count ? messages[place + 1].start : bytes.count
        let text = bytes.slice(messages[place].start, end).trimmed
        var entry = ApplicationEntry(text: text.slice(0, AWSRecords.maximumText).string)
        entry.time = messages[place].time
        var event = entry.event(messages[place].locator)
        self.place(&event, place..<place + 1)
        sink.event(event)
        if text.count > AWSRecords.maximumText { sink.tell(text.count, at: messages[place].locator.offset ?? 0) }
      }
    }
  }

  // MARK: Places

  private func place(_ event: inout Event, _ range: Range<Int>) {
    if let locator = locator(range) { event.locator = locator }
    if event.time == nil, let first = range.first { event.time = messages[first].time }
    event.attributes.add("log_group", origin.group)
    event.attributes.add("log_stream", origin.stream)
    if let instance, !event.entities.contains(where: { $0.kind == .instance }) {
      event.entities.append(Entity(.instance, instance))
    }
  }

  private func locator(_ range: Range<Int>) -> Locator? {
    guard let first = range.first, let last = range.last else { return messages.first?.locator }
    let end = messages[last].locator
    return messages[first].locator.reaching((end.offset ?? 0) &+ (end.length ?? 0))
  }

  private func range(of locator: Locator) -> Range<Int> {
    guard let start = locator.offset else { return 0..<0 }
    return range(start, start &+ max(locator.length ?? 0, 1))
  }

  /// The messages that the bytes are of.
  private func range(_ start: UInt64, _ end: UInt64) -> Range<Int> {
    guard !messages.isEmpty, end > start else { return 0..<0 }
    let first = max(before(start), 0)
    return first..<max(before(end - 1) + 1, first)
  }

  /// The last message that begins at or before a byte.
  private func before(_ byte: UInt64) -> Int {
    var (low, high) = (0, messages.count)
    while low < high {
      let middle = (low + high) / 2
      if UInt64(messages[middle].start) <= byte { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  /// `i-0b7c4e19d2f35a86e`, as the agent names a host's streams, and what else is put around it.
  static func instance(_ stream: ByteView) -> String? {
    var from = 0
    while let place = stream.firstIndex(of: ByteView("i-"), from: from) {
      let rest = stream.slice(place + 2)
      var count = 0
      while count < rest.count, count < 18, hexDigit(rest[count]) != nil { count += 1 }
      let before = place == 0 ? 0x2F : stream[place - 1]
      if count == 17 || count == 8, before < 0x30 || before == 0x3A || before == 0x5F {
        return stream.slice(place, place + 2 + count).string
      }
      from = place + 2
    }
    return nil
  }
}

/// By how much the clocks that messages were written by are off from the envelopes': the same whole quarters of an hour in all of them
/// are a zone that nobody said.
private struct Lag {
  private static let quarter: Int64 = 900
  /// How late the agent may be where it does not read the messages' times; and where there are few of them, which may all be as late.
  private static let tolerance: Int64 = 120
  private static let toleranceOfFew: Int64 = 5
  private static let few = 4

  private var quarters: Int64?
  private var count = 0
  private var latest: Int64 = 0
  private var isMixed = false

  mutating func see(_ time: Timestamp, _ envelope: Timestamp?) {
    guard let envelope, !isMixed else { return }
    let (difference, over) = time.nanoseconds.subtractingReportingOverflow(envelope.nanoseconds)
    let seconds = difference / 1_000_000_000
    let nearest = (seconds + (seconds < 0 ? -Self.quarter : Self.quarter) / 2) / Self.quarter
    guard !over, abs(nearest) <= 14 * 4, abs(seconds - nearest * Self.quarter) <= Self.tolerance,
      quarters == nil || quarters == nearest
    else {
      isMixed = true
      return
    }
    quarters = nearest
    count += 1
    latest = max(latest, abs(seconds - nearest * Self.quarter))
  }

  var minutes: Int? {
    guard !isMixed, let quarters, quarters != 0, count >= Self.few || latest <= Self.toleranceOfFew else { return nil }
    return Int(quarters) * 15
  }
}
