import Bytes
import Evidence

/// `date`: the host's clock and zone at the capture.
struct DateFormat: LogFormat {
  let name = "capture.date"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isWhole, sample.head.count < 400, let line = sample.lines(1).first else { return nil }
    return Self.read(line, .inferred(0)) == nil ? nil : .high
  }

  // Wed Nov 25 05:27:49 UTC 2026 — Wed 25 Nov 2026 05:27:49 AM KST — 2026-11-25T05:27:49+00:00
  private static func read(_ line: ByteView, _ zone: Timestamp.Zone) -> (time: Timestamp, zone: ZoneText?)? {
    if let time = Timestamp(iso8601: line.trimmed, assuming: zone) {
      let text = line.trimmed
      let tail = text.lastIndex(of: 0x2B).map { text.slice($0) } ?? text.slice(max(text.count - 6, 0))
      return (time, ZoneText(tail) ?? (text[text.count - 1] == 0x5A ? ZoneText(ByteView("Z")) : nil))
    }
    let words = line.words(limit: 9)
    if let (time, zoneText, used) = CivilTime.ctime(words), used == words.count, CivilTime.weekday(words[0]) != nil {
      return time.timestamp(zoneText?.zone(else: zone) ?? zone).map { ($0, zoneText) }
    }
    // Day before month, as en_GB and newer en_US have it, perhaps with AM or PM.
    guard words.count >= 5, CivilTime.weekday(words[0]) != nil, let day = CivilTime.number(words[1]),
      let month = CivilTime.month(words[2]), let year = CivilTime.number(words[3]),
      let clock = CivilTime.timeOfDay(words[4])
    else { return nil }
    var hour = clock.hour
    var rest = words.dropFirst(5)
    if let half = rest.first, half == "AM" || half == "PM", (1...12).contains(hour) {
      hour = hour % 12 + (half == "PM" ? 12 : 0)
      rest = rest.dropFirst()
    }
    let zoneText = rest.first.flatMap { ZoneText($0) }
    let time = CivilTime(
      year: year, month: month, day: day, hour: hour, minute: clock.minute, second: clock.second)
    return time.timestamp(zoneText?.zone(else: zone) ?? zone).map { ($0, zoneText) }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let (time, zone) = Self.read(line.bytes, context.zone) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a date")
      }
      var attributes: [Attribute] = [Attribute("text", line.bytes.trimmed.string)]
      attributes.add("zone", zone?.text)
      attributes.add("zone_minutes", zone?.minutes.map { Int64($0) })
      sink.event(
        Event(
          time: time, .recorded, dataType: "linux:host:clock",
          message: "The host's clock showed \(line.bytes.trimmed.string).", attributes: attributes,
          locator: line.locator))
      return .parsed
    }
  }
}
