import Bytes
import Evidence

/// The acquisition log that UAC leaves beside its archive: case, host, when it began and ended, and the archive's checksums.
/// The password of an encrypted archive stands in it in clear and is not repeated.
struct UACAcquisitionFormat: LogFormat {
  let name = "capture.uac_acquisition"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(40)
    return lines.contains { $0.trimmed == "[Acquisition Information]" }
      && lines.contains { $0.trimmed == "[System Information]" || $0.trimmed == "[Case Information]" } ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var section = ""
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      if text[0] == 0x5B, text[text.count - 1] == 0x5D {
        section = text.slice(1, text.count - 1).string
        return .parsed
      }
      if section.isEmpty, text.hasPrefix("Created by UAC") {
        sink.event(
          Event(
            time: nil, dataType: "uac:acquisition:entry", message: "The acquisition log says: \(text.string)",
            attributes: [Attribute("name", "Created by"), Attribute("text", text.slice(11).string)],
            locator: line.locator))
        return .parsed
      }
      guard let (left, right) = text.cut(0x3A) else {
        return section.isEmpty ? .skipped("line is not of an acquisition log") : .parsed
      }
      let name = left.trimmed.string
      let value = right.trimmed
      guard !value.isEmpty else { return .parsed }
      let isSecret = name.lowercased().contains("password")
      var attributes: [Attribute] = []
      attributes.add("section", section)
      attributes.add("name", name)
      attributes.add("text", isSecret ? "(not repeated)" : value.string)
      var time: Timestamp?
      var meaning = TimeMeaning.event
      // Wed Nov 25 14:25:31 2026 +0900
      if name.hasPrefix("Acquisition "), let (civil, zone, _) = CivilTime.ctime(value.words(limit: 7)) {
        time = civil.timestamp(zone?.zone(else: context.zone) ?? context.zone)
        meaning = name.hasSuffix("Started") ? .start : .end
        attributes.add("zone", zone?.text)
        attributes.add("zone_minutes", zone?.minutes.map { Int64($0) })
      }
      sink.event(
        Event(
          time: time, meaning, dataType: time == nil ? "uac:acquisition:entry" : "linux:host:clock",
          message: "The acquisition log says, \(name): \(isSecret ? "(not repeated)" : value.string)",
          entities: name == "Hostname" ? [Entity(.host, value.string)] : [], attributes: attributes,
          locator: line.locator))
      return .parsed
    }
  }
}
