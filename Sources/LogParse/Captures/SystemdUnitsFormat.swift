import Bytes
import Evidence

/// `systemctl list-units` and `list-unit-files`: units in memory with their state, or on disk with whether they start by themselves.
struct SystemdUnitsFormat: LogFormat {
  let name = "capture.systemd_units"
  let version = 1

  private enum Table { case units, files }

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    if lines.prefix(3).contains(where: { Self.header($0) != nil }) { return .high }
    // --no-legend leaves the header out.
    guard !lines.isEmpty else { return nil }
    return lines.allSatisfy { Self.unit($0) != nil } || lines.allSatisfy { Self.file($0) != nil } ? .high : nil
  }

  private static func header(_ line: ByteView) -> Table? {
    let words = line.words(limit: 8)
    guard let first = words.first, first == "UNIT", words.count >= 3 else { return nil }
    if words[1] == "LOAD", words[2] == "ACTIVE" { return .units }
    return words[1] == "FILE" && words[2] == "STATE" ? .files : nil
  }

  private static let suffixes: [StaticString] = [
    ".service", ".timer", ".socket", ".path", ".mount", ".automount", ".swap", ".target", ".slice", ".scope", ".device",
  ]

  private static func isUnit(_ word: ByteView) -> Bool {
    guard let dot = word.lastIndex(of: 0x2E) else { return false }
    return suffixes.contains { word.slice(dot) == $0 }
  }

  private static let loads: [StaticString] = [
    "loaded", "not-found", "masked", "error", "bad-setting", "merged", "stub",
  ]
  private static let actives: [StaticString] = [
    "active", "inactive", "failed", "activating", "deactivating", "reloading", "maintenance", "refreshing",
  ]
  private static let states: [StaticString] = [
    "enabled", "enabled-runtime", "disabled", "static", "masked", "masked-runtime", "linked", "linked-runtime", "alias",
    "indirect", "generated", "transient", "bad",
  ]

  // ● x.service     loaded failed failed    A thing that failed
  private static func unit(_ line: ByteView) -> [ByteView]? {
    var words = line.words(limit: 6)
    // The sign before a unit that is not well.
    if let first = words.first, first == "●" || first == "*" || first == "○" || first == "×" || first == "↻" {
      words.removeFirst()
    } else {
      words = line.words(limit: 5)
    }
    guard words.count >= 4, isUnit(words[0]), loads.contains(where: { words[1] == $0 }),
      actives.contains(where: { words[2] == $0 })
    else { return nil }
    return words
  }

  // cron.service      enabled   enabled
  private static func file(_ line: ByteView) -> [ByteView]? {
    let words = line.words(limit: 4)
    guard words.count == 2 || words.count == 3, isUnit(words[0]), states.contains(where: { words[1] == $0 }) else {
      return nil
    }
    return words
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if Self.header(line.bytes) != nil || Self.isLegend(line.bytes) { return .parsed }
      if let words = Self.unit(line.bytes) {
        var attributes: [Attribute] = [
          Attribute("unit", words[0].string), Attribute("load_state", words[1].string),
          Attribute("active_state", words[2].string), Attribute("sub_state", words[3].string),
        ]
        let said = words.count > 4 ? words[4].string : nil
        attributes.add("description", said)
        sink.event(
          Event(
            time: nil, dataType: "linux:capture:unit",
            message:
              "Unit \(words[0].string) was \(words[2].string) (\(words[3].string))\(said.map { ": \($0)" } ?? ".")",
            attributes: attributes, locator: line.locator))
        return .parsed
      }
      guard let words = Self.file(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a unit")
      }
      var attributes: [Attribute] = [Attribute("unit", words[0].string), Attribute("file_state", words[1].string)]
      if words.count > 2, !(words[2] == "-") { attributes.add("preset", words[2].string) }
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:unit", message: "Unit \(words[0].string) was \(words[1].string).",
          attributes: attributes, locator: line.locator))
      return .parsed
    }
  }

  /// What stands below the table.
  private static func isLegend(_ line: ByteView) -> Bool {
    line.hasPrefix("LOAD ") || line.hasPrefix("ACTIVE ") || line.hasPrefix("SUB ") || line.hasPrefix("Legend: ")
      || line.trimmed.hasPrefix("ACTIVE -> ") || line.trimmed.hasPrefix("SUB ") && line.contains("->")
      || line.contains(" loaded units listed") || line.contains(" unit files listed") || line.hasPrefix("To show all ")
  }
}
