import Bytes
import Evidence

/// Containers as `docker ps` (and podman's, nerdctl's) lists them, with `-a` also those that ended. When each was made is told
/// roughly, against the time of the capture.
struct DockerPsFormat: LogFormat {
  let name = "capture.docker_ps"
  let version = 1

  private static let names: [StaticString] = [
    "CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES", "SIZE",
  ]

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    return sample.lines(3).contains { Self.header($0) != nil } ? .high : nil
  }

  private static func header(_ line: ByteView) -> AlignedTable? {
    guard line.hasPrefix("CONTAINER ID "), let table = AlignedTable(line, names: names), table.contains("IMAGE"),
      table.contains("COMMAND") || table.contains("NAMES")
    else { return nil }
    return table
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let relative = RelativeTime(context)
    var table: AlignedTable?
    try readLines(stream, into: sink) { line in
      if let found = Self.header(line.bytes) {
        table = found
        return .parsed
      }
      guard let cells = table?.cells(line.bytes), let identifier = cells["CONTAINER ID"], Self.isIdentifier(identifier)
      else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a container")
      }
      let created = cells["CREATED"]
      var time: Timestamp?
      if let relative, let (seconds, precision) = created.flatMap(Self.age) {
        time = relative.ago(seconds: seconds, precision: precision)
      }
      var attributes: [Attribute] = [Attribute("container_id", identifier)]
      attributes.add("image", cells["IMAGE"])
      attributes.add("command", cells["COMMAND"].map(Self.unquoted))
      attributes.add("created", created)
      attributes.add("status", cells["STATUS"])
      attributes.add("ports", cells["PORTS"])
      attributes.add("names", cells["NAMES"])
      attributes.add("size", cells["SIZE"])
      let what = cells["NAMES"] ?? identifier
      sink.event(
        Event(
          time: time, .creation, dataType: "linux:capture:container",
          message:
            "Container \(what) of \(cells["IMAGE"] ?? "an unknown image"): \(cells["STATUS"] ?? "state unknown").",
          entities: [Entity(.container, identifier)], attributes: attributes, locator: line.locator))
      return .parsed
    }
  }

  /// Twelve hexadecimal digits, or all 64.
  private static func isIdentifier(_ text: String) -> Bool {
    (12...64).contains(text.utf8.count) && text.utf8.allSatisfy { hexDigit($0) != nil }
  }

  private static func unquoted(_ text: String) -> String {
    text.hasPrefix("\"") && text.hasSuffix("\"") && text.count > 1 ? String(text.dropFirst().dropLast()) : text
  }

  /// `About an hour ago`, `2 weeks ago` (docker/go-units).
  static func age(_ text: String) -> (seconds: Int64, precision: Timestamp.Precision)? {
    let words = text.lowercased().split(separator: " ")
    guard words.last == "ago", words.count >= 3 else { return nil }
    let number = words[0] == "about" ? 1 : Int64(words[0])
    guard let number, (0...1_000_000).contains(number) else { return nil }
    switch words[words.count - 2] {
    case "second", "seconds": return (number, .second)
    case "minute", "minutes": return (number * 60, .minute)
    case "hour", "hours": return (number * 3600, .minute)
    case "day", "days": return (number * 86400, .day)
    case "week", "weeks": return (number * 7 * 86400, .day)
    case "month", "months": return (number * 30 * 86400, .day)
    case "year", "years": return (number * 365 * 86400, .day)
    default: return nil
    }
  }
}
