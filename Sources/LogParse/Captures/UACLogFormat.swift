import Bytes
import Evidence

/// UAC's own log (`uac.log`): what the collector ran, when, and what the commands said on standard error.
///
/// UAC removes empty outputs, so this log alone tells whether a command gave nothing or failed: commands that wrote to
/// standard error have it in `stderr`, and lines of the level ERR are told too.
struct UACLogFormat: LogFormat {
  let name = "capture.uac_log"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    let rows = lines.filter { Self.row($0) != nil }.count
    return rows > 0 && rows * 2 > lines.count ? .high : nil
  }

  // 2026-11-25 14:25:31 +0900 CMD  ps auxwww 2> error: …        20261125 14:25:31 +0900 INFO …
  private static func row(_ line: ByteView) -> (time: Timestamp, level: String, text: ByteView)? {
    guard line.count > 30, line[19] == 0x20, line[20] == 0x2B || line[20] == 0x2D, line[25] == 0x20,
      let zone = ZoneText(line.slice(20, 25)),
      let time = Timestamp(iso8601: line.slice(0, 19), assuming: zone.zone(else: .inferred(0)))
    else { return nil }
    let words = line.slice(26).words(limit: 2)
    guard let level = words.first,
      (["DBG", "INF", "ERR", "CMD", "WRN"] as [StaticString]).contains(where: { level == $0 })
    else { return nil }
    return (time, level.string, words.count > 1 ? words[1] : line.slice(line.count))
  }

  /// The log's own times say the host's zone.
  private static func clock(_ time: Timestamp, _ line: TextLine) -> Event {
    var attributes: [Attribute] = [Attribute("text", line.bytes.slice(0, 25).string)]
    attributes.add("zone_minutes", Int64(time.zone.minutes))
    return Event(
      time: time, .recorded, dataType: "linux:host:clock",
      message: "The host's clock showed \(line.bytes.slice(0, 25).string) as the collection began.",
      attributes: attributes, locator: line.locator)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var isFirst = true
    try readLines(stream, into: sink) { line in
      guard let (time, level, text) = Self.row(line.bytes) else { return .skipped("line is not of UAC's log") }
      if isFirst {
        isFirst = false
        sink.event(Self.clock(time, line))
      }
      var attributes: [Attribute] = [Attribute("level", level)]
      var message = "UAC: \(text.string)"
      if level == "CMD" {
        let mark = text.firstIndex(of: ByteView(" 2> "))
        let command = (mark.map { text.slice(0, $0) } ?? text).trimmed
        let said = mark.map { text.slice($0 + 4).trimmed.string }
        // Not `command`: the collector's own commands are no suspect's.
        attributes.add("collector_command", command.string)
        attributes.add("stderr", said)
        message = "UAC ran \(command.string)\(said.map { ", which said: \($0)" } ?? "")"
      } else {
        attributes.add("text", text.string)
      }
      sink.event(
        Event(
          time: time, .recorded, dataType: level == "CMD" ? "uac:log:command" : "uac:log:entry", message: message,
          attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
