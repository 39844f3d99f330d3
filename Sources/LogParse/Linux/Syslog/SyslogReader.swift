import Bytes
import Evidence

/// Reads a log line by line, with what earlier lines have shown: the year, the day, names that come again.
struct SyslogReader {
  private var years: YearSettler
  private var days: DayCache
  private var hosts = NameCache()
  private var programs = NameCache()
  private var words = WordCache()
  /// Made anew for every line in the same place (see `SyslogRecord.write`).
  private var event: Event

  init(_ context: ParseContext, encodings: [String]) {
    years = YearSettler(context)
    days = DayCache(context)
    event = Event(
      time: nil, .recorded, dataType: "", message: "", locator: Locator(offset: 0, length: 0, encodings: encodings))
  }

  /// Looks at the first lines for the years that they turn over; the stream that is returned is to be read.
  mutating func lookAhead(_ stream: any ByteStream) throws(BytesError) -> any ByteStream {
    try years.lookAhead(stream) { line in
      guard case .civil(let civil) = SyslogLine(line)?.time else { return nil }
      return civil
    }
  }

  /// Keeps the day where the settler would say the same again: in a log whose months go back and forth it may not.
  private mutating func keepDay(of bytes: ByteView, _ civil: CivilTime, _ time: Timestamp?) {
    var again = years
    if again.settle(civil) == time { days.keep(bytes, time) } else { days.forget() }
  }

  mutating func read(_ line: TextLine, into sink: any ResultSink) -> LineOutcome {
    var bytes = line.bytes
    // What a crash left of the file's last block stands in front of the first line that was written afterwards.
    while bytes[0] == 0, !bytes.isEmpty { bytes = bytes.dropFirst(1) }
    if bytes[0] == 0x2D, bytes.hasPrefix("-- ") { return .parsed }
    let known = days.time(bytes)
    let stamp = known.isKnown ? DayCache.byteCount : 0
    let hostCount = known.isKnown ? hosts.lastCount(startingIn: bytes.slice(stamp)) : 0
    guard let entry = SyslogLine(bytes, stamp: stamp, hostCount: hostCount) else {
      return .skipped(CommandMessage.reason(bytes) ?? "line is not of syslog")
    }
    var time: Timestamp?
    var isInferred = false
    switch entry.time {
    case .known:
      time = known.time
      isInferred = time != nil
    case .whole(let stamp): time = stamp
    case .beyond: break
    case .civil(let civil):
      time = years.settle(civil)
      isInferred = civil.year == nil && time != nil
      if civil.year == nil { keepDay(of: bytes, civil, time) }
    }
    var record = SyslogRecord(
      time: time, host: hostCount > 0 ? hosts.lastName : hosts.name(entry.host).text,
      program: programs.name(entry.program))
    record.pid = entry.pid
    record.priority = entry.priority
    record.isYearInferred = isInferred
    if record.program.isUnit { record.extra.add("unit", record.program.text) }
    record.write(entry.body, to: &event, &words)
    event.locator.line = line.number
    event.locator.offset = line.offset
    event.locator.length = line.byteCount
    sink.event(event)
    return .parsed
  }
}
