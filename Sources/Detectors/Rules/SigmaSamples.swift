import Bytes
import Evidence

/// Samples of Sigma rules: one event a line, as JSON.
///
/// `data_type`, `time` (or `datetime`, as in a timeline) and `message` are the event's own, every other member an attribute. In a hit the rule must speak at
/// least once over all lines together, in a near miss never.
enum SigmaSamples {
  /// nil with the number of the line that cannot be read.
  static func events(_ text: ByteView) -> (events: [Event], brokenLine: Int?) {
    var events: [Event] = []
    for (index, line) in text.split(0x0A, limit: 1 << 20).enumerated() {
      let trimmed = line.trimmed
      if trimmed.isEmpty { continue }
      guard let event = event(JSONView(trimmed), line: index + 1) else { return (events, index + 1) }
      events.append(event)
    }
    return (events, nil)
  }

  private static func event(_ object: JSONView, line: Int) -> Event? {
    guard let type = object["data_type"]?.string else { return nil }
    let time = (object["time"] ?? object["datetime"])?.string
    let stamp = time.flatMap { Timestamp(iso8601: $0) }
    if time != nil, stamp == nil { return nil }
    var locator = Locator()
    locator.line = line
    var event = Event(time: stamp, dataType: type, message: object["message"]?.string ?? "", locator: locator)
    let isWhole = object.forEachMember { key, value in
      let name = key.string
      if ["data_type", "time", "datetime", "message"].contains(name) { return true }
      switch value.kind {
      case .number: event.attributes.add(name, value.integer)
      case .bool: event.attributes.append(Attribute(name, .flag(value.bool ?? false)))
      case .array: event.attributes.add(name, value.elements.compactMap(\.text))
      case .string, .object: event.attributes.keep(name, value.text)
      case .null, .none: break
      }
      return true
    }
    return isWhole ? event : nil
  }

  /// Whether a rule speaks of the events.
  static func speaks(_ rule: String, _ rules: SigmaRules, _ events: [Event]) -> Bool {
    let detector = SigmaDetector(rules, artifact: Digest(of: []))
    var found = false
    let note = { (finding: Finding) in if finding.rule == rule { found = true } }
    for event in events { detector.inspect(event, note) }
    detector.finish(note)
    return found
  }
}
