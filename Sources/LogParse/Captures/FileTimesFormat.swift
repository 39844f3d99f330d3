import Bytes
import Evidence

/// `find -printf '%T+ %p\n'` and its like: when files were last written to, and their paths. find writes ten digits of a second
/// (nine and a zero), which nothing else does.
struct FileTimesFormat: LogFormat {
  let name = "capture.file_times"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    let rows = lines.count { Self.row($0, .utc) != nil }
    return rows > 0 && rows + lines.count(where: { CommandMessage.reason($0) != nil }) == lines.count ? .high : nil
  }

  // 2025-11-25+04:10:01.1234567890 /tmp/.x        2025-11-25 04:10:01.1234567890 ./x        1764043801.1234567890 /tmp/.x
  private static func row(_ line: ByteView, _ zone: Timestamp.Zone) -> (time: Timestamp?, path: ByteView)? {
    let isCivil = line[4] == 0x2D && line[7] == 0x2D && (line[10] == 0x2B || line[10] == 0x20)
    let start = isCivil ? 11 : 0
    let clock = line.slice(start, start + 24)
    guard let blank = clock.firstIndex(of: 0x20), let (whole, part) = clock.slice(0, blank).cut(0x2E), part.count == 10,
      part[9] == 0x30, let fraction = CivilTime.fraction(part)
    else { return nil }
    let path = line.slice(start + blank + 1)
    guard path[0] == 0x2F || path[0] == 0x2E else { return nil }
    if isCivil {
      guard whole.count == 8, let time = CivilTime.timeOfDay(clock.slice(0, blank)),
        let year = CivilTime.number(line.slice(0, 4)), let month = CivilTime.number(line.slice(5, 7)),
        let day = CivilTime.number(line.slice(8, 10))
      else { return nil }
      let civil = CivilTime(
        year: year, month: month, day: day, hour: time.hour, minute: time.minute, second: time.second,
        nanosecond: fraction.nanoseconds, precision: fraction.precision)
      return (civil.timestamp(zone), path)
    }
    guard whole.count >= 9, let seconds = whole.integer else { return nil }
    return (Timestamp(seconds: seconds, nanoseconds: fraction.nanoseconds, precision: fraction.precision), path)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let (time, path) = Self.row(line.bytes, context.zone) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a time and a path")
      }
      var stat = FileStat(path: path.string, attributes: [Attribute("path", path.string)])
      stat.modified = time
      for event in stat.events(line.locator) { sink.event(event) }
      return .parsed
    }
  }
}
