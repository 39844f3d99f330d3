import Bytes
import Evidence

/// `systemctl list-timers`: when each timer ran last and will next, and what it starts. An event stands at the last run.
struct SystemdTimersFormat: LogFormat {
  let name = "capture.systemd_timers"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    return sample.lines(3).contains(where: Self.isHeader) ? .high : nil
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.hasPrefix("NEXT ") && line.contains("LEFT ") && line.contains(" LAST ") && line.contains("ACTIVATES")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) || line.bytes.contains(" timers listed.") || line.bytes.hasPrefix("Pass --all") {
        return .parsed
      }
      guard let event = Self.event(line.bytes, context.zone, line.locator) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a timer")
      }
      sink.event(event)
      return .parsed
    }
  }

  // Thu 2026-11-26 00:00:00 UTC 18h left   Wed 2026-11-25 00:00:10 UTC 5h ago  logrotate.timer logrotate.service
  // -                           -          Wed 2026-11-25 00:00:10 UTC 5h ago  x.timer         x.service
  private static func event(_ line: ByteView, _ zone: Timestamp.Zone, _ locator: Locator) -> Event? {
    let words = line.words(limit: 32)
    guard let place = words.firstIndex(where: { $0.hasSuffix(".timer") || $0.hasSuffix(".timer\"") }) else {
      return nil
    }
    var times: [(time: JournalTime, word: Int)] = []
    for index in 0..<place where CivilTime.weekday(words[index]) != nil {
      if let time = JournalTime(line.slice(line.offset(of: words[index]))) { times.append((time, index)) }
    }
    // Nothing in the first column: n/a, or a dash.
    let next = times.first?.word == 0 ? times.first?.time : nil
    let last = next == nil ? times.first?.time : times.count > 1 ? times[1].time : nil
    guard next != nil || last != nil || words[0] == "n/a" || words[0] == "-" else { return nil }
    let unit = words[place].string
    let starts = place + 1 < words.count ? words[place + 1].string : nil
    let nextTime = next?.timestamp(zone)
    var attributes: [Attribute] = [Attribute("unit", unit)]
    attributes.add("starts_unit", starts)
    attributes.add("next_run", nextTime.map { "\($0)" })
    let when = nextTime.map { "will start \(starts ?? "its unit") at \($0)" } ?? "is not going to start anything"
    return Event(
      time: last?.timestamp(zone), .executed, dataType: "linux:capture:timer", message: "\(unit) \(when).",
      attributes: attributes, locator: locator)
  }
}
