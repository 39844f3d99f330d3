import Bytes
import Evidence

/// Logs of Kubernetes' own programs and others that use glog: `I1125 05:20:26.245678    1234 kubelet.go:99] text`. Level, month
/// and day, time of day, process or thread, where in the source. The year is missing, and the time is the host's own.
struct KlogFormat: LogFormat {
  let name = "app.klog"
  let version = 1

  /// Of an event's text.
  private static let textLimit = 1 << 16

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(20)
    let heads = lines.count { KlogLine($0) != nil }
    // Structured values go on over several lines.
    return heads > 0 && heads * 2 >= lines.count ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var years = YearSettler(context)
    let stream = try years.lookAhead(stream) { KlogLine($0)?.time }
    var pending: (entry: ApplicationEntry, isSettled: Bool, locator: Locator)?
    func finish() {
      if let now = pending {
        var event = now.entry.event(now.locator)
        if now.isSettled { event.attributes.add("year", "inferred") }
        sink.event(event)
      }
      pending = nil
    }
    try readLines(stream, into: sink) { line in
      if let found = KlogLine(line.bytes) {
        finish()
        var entry = ApplicationEntry(text: found.text.string)
        entry.time = years.settle(found.time)
        entry.level = found.level
        entry.thread = found.thread.string
        pending = (entry, entry.time != nil, line.locator)
        return .parsed
      }
      guard var now = pending, now.entry.text.utf8.count + line.bytes.count < Self.textLimit else {
        return .skipped("line is not of Kubernetes' programs")
      }
      pending = nil
      now.entry.text += "\n" + line.bytes.string
      now.entry.lines += 1
      now.locator = now.locator.reaching(line.end)
      pending = now
      return .parsed
    }
    finish()
  }
}

/// A line with its head. Valid while the line is.
private struct KlogLine {
  let level: String
  let time: CivilTime
  let thread: ByteView
  let text: ByteView

  init?(_ line: ByteView) {
    let level: String
    switch line[0] {
    case UInt8(ascii: "I"): level = "INFO"
    case UInt8(ascii: "W"): level = "WARNING"
    case UInt8(ascii: "E"): level = "ERROR"
    case UInt8(ascii: "F"): level = "FATAL"
    default: return nil
    }
    guard line[5] == 0x20, line[8] == 0x3A, line[14] == 0x2E, let month = CivilTime.number(line.slice(1, 3)),
      let day = CivilTime.number(line.slice(3, 5)), (1...12).contains(month), (1...31).contains(day),
      let clock = CivilTime.timeOfDay(line.slice(6, 21)), line[21] == 0x20,
      let (thread, text) = line.slice(22).trimmed.cut(0x20), CivilTime.number(thread) != nil,
      text.slice(0, 256).firstIndex(of: 0x5D) != nil
    else { return nil }
    self.level = level
    time = CivilTime(
      month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
      nanosecond: clock.nanosecond, precision: clock.precision)
    self.thread = thread
    self.text = text
  }
}
