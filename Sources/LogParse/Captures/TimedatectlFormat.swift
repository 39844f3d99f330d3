import Bytes
import Evidence

/// `timedatectl` and `timedatectl show`: the host's clock, its zone, and whether the clock is synchronized.
struct TimedatectlFormat: LogFormat {
  let name = "capture.timedatectl"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, sample.isWhole else { return nil }
    if let first = sample.lines(1).first, first.hasPrefix("Timezone="), sample.head.contains("\nNTPSynchronized=") {
      return .high
    }
    let names = sample.lines(4).compactMap { $0.cut(0x3A)?.before.trimmed }
    return names.contains { $0 == "Local time" } && names.contains { $0 == "Universal time" } ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var shownZone: Timestamp.Zone?
    try readLines(stream, into: sink) { line in
      // Timezone=Asia/Seoul — TimeUSec=Wed 2026-11-25 14:27:49 KST
      if let (name, value) = line.bytes.cut(0x3D), name.firstIndex(of: 0x20) == nil, name.firstIndex(of: 0x3A) == nil {
        if name == "Timezone", !value.isEmpty {
          let event = HostZone.event(name: value.string, minutes: nil, line.locator)
          shownZone = event.attributes.first { $0.name == "zone_minutes" }.flatMap {
            if case .integer(let minutes) = $0.value { .stated(Int(clamping: minutes)) } else { nil }
          }
          sink.event(event)
          return .parsed
        }
        let time = name == "TimeUSec" ? JournalTime(value.trimmed)?.timestamp(shownZone ?? context.zone) : nil
        sink.event(
          Event(
            time: time, .recorded, dataType: time == nil ? "linux:host:clock_setting" : "linux:host:clock",
            message: line.bytes.trimmed.string,
            attributes: [Attribute("name", name.string), Attribute("text", value.trimmed.string)], locator: line.locator
          ))
        return .parsed
      }
      guard let (left, right) = line.bytes.cut(0x3A) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of timedatectl")
      }
      let value = right.trimmed
      switch left.trimmed {
      case let name where name == "Universal time":
        // Wed 2026-11-25 05:27:49 UTC
        let words = value.words(limit: 4)
        guard words.count >= 3, let day = words.dropFirst().first,
          let time = "\(day.string) \(words[2].string)".withView({ Timestamp(iso8601: $0) })
        else { return .skipped("line is not a time") }
        sink.event(
          Event(
            time: time, .recorded, dataType: "linux:host:clock",
            message: "The host's clock showed \(value.string).", attributes: [Attribute("text", value.string)],
            locator: line.locator))
      case let name where name == "Time zone":
        // Asia/Seoul (KST, +0900)
        let zone = value.words(limit: 2).first ?? value
        let offset = value.lastIndex(of: 0x2C).map { value.slice($0 + 1) }?.trimmed
        let digits = offset.map { $0[$0.count - 1] == 0x29 ? $0.dropLast(1) : $0 }
        let minutes = digits.flatMap { ZoneText($0)?.minutes }
        sink.event(HostZone.event(name: zone.string, minutes: minutes, line.locator))
      default:
        sink.event(
          Event(
            time: nil, dataType: "linux:host:clock_setting", message: line.bytes.trimmed.string,
            attributes: [Attribute("name", left.trimmed.string), Attribute("text", value.string)],
            locator: line.locator))
      }
      return .parsed
    }
  }
}
