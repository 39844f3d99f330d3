import Bytes
import Evidence

/// `/etc/timezone`: the host's zone by its name (`Asia/Seoul`).
struct ZoneNameFormat: LogFormat {
  let name = "linux.timezone"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isWhole, sample.head.count <= 128, sample.name == "timezone" || sample.name == "timezone.txt",
      let line = sample.lines(2).first, sample.lines(2).count == 1
    else { return nil }
    return Self.isName(line.trimmed) ? .high : nil
  }

  private static func isName(_ text: ByteView) -> Bool {
    guard (3...64).contains(text.count), (0x41...0x5A).contains(text[0]) else { return false }
    for index in 0..<text.count {
      switch text[index] {
      case 0x2B, 0x2D, 0x2F, 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: continue
      default: return false
      }
    }
    return true
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      guard Self.isName(text) else { return .skipped("line is not the name of a zone") }
      sink.event(HostZone.event(name: text.string, minutes: nil, line.locator))
      return .parsed
    }
  }
}

/// What the host says of its own zone: an event `linux:host:zone` with `zone`; `zone_minutes` east of UTC at the time of the
/// capture, where it is known; and `zone_rule`, as POSIX writes it, where the zone has summer time.
enum HostZone {
  /// - Parameters:
  ///   - minutes: nil where nobody says; of many zones the name tells.
  ///   - rule: its summer time, if it has one: `standard_minutes` then stands for the offset where nobody knows of when the
  ///     capture is.
  static func event(name: String, minutes: Int?, rule: PosixZoneRule? = nil, _ locator: Locator) -> Event {
    var attributes: [Attribute] = []
    let minutes = minutes ?? ZoneNames.minutes(named: name)
    attributes.add("zone", name)
    attributes.add("zone_minutes", minutes.map { Int64($0) })
    var message = "The host's zone is \(name)\(minutes.map { ", \($0) minutes east of UTC" } ?? "")."
    if let rule = rule ?? ZoneNames.rule(named: name), let summer = rule.summer {
      attributes.add("standard_minutes", Int64(rule.standard / 60))
      attributes.add("summer_minutes", Int64(summer.offset / 60))
      attributes.add("zone_rule", rule.text)
      message += " It has summer time."
    }
    return Event(
      time: nil, dataType: "linux:host:zone", message: message, attributes: attributes,
      locator: locator)
  }
}
