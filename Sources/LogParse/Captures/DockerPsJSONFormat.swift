import Bytes
import Evidence

/// `docker ps --format '{{json .}}'` and `podman ps --format json`: containers. The events are those of the table.
struct DockerPsJSONFormat: LogFormat {
  let name = "capture.docker_ps_json"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let head = sample.front.trimmed
    guard head[0] == 0x7B || head[0] == 0x5B else { return nil }
    let first = head.slice(0, 1 << 14)
    return first.contains("\"Image\"") && first.contains("\"Names\"") && first.contains("\"Status\"")
      && first.contains("\"Command\"") && (first.contains("\"CreatedAt\"") || first.contains("\"Created\""))
      ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try JSONTable.read(stream, into: sink, named: nil, title: "Names", "a record of no container") { row in
      guard let event = Self.event(row) else { return false }
      sink.event(event)
      return true
    }
  }

  // {"Command":"\"nginx\"","CreatedAt":"2026-11-30 07:07:10 +0000 UTC","ID":"4c01db0b339c","Image":"nginx","Names":"web"}
  private static func event(_ row: JSONTable.Row) -> Event? {
    guard let identifier = row.text("ID") ?? row.text("Id"), (12...64).contains(identifier.utf8.count),
      identifier.utf8.allSatisfy({ hexDigit($0) != nil })
    else { return nil }
    let image = row.text("Image")
    let status = row.text("Status") ?? row.text("State")
    let name = text(row["Names"])
    var attributes: [Attribute] = [Attribute("container_id", identifier)]
    attributes.add("image", image)
    attributes.add("command", text(row["Command"]))
    attributes.add("created", row.text("CreatedAt"))
    attributes.add("status", status)
    attributes.add("ports", row["Ports"]?.kind == .string ? row.text("Ports") : nil)
    attributes.add("names", name)
    attributes.add("mounts", text(row["Mounts"]))
    attributes.add("networks", text(row["Networks"]))
    return Event(
      time: time(row), .creation, dataType: "linux:capture:container",
      message: "Container \(name ?? identifier) of \(image ?? "an unknown image"): \(status ?? "state unknown").",
      entities: [Entity(.container, identifier)], attributes: attributes, locator: row.locator)
  }

  /// A text without the quotes that docker puts around it, or the texts of an array.
  private static func text(_ json: JSONView?) -> String? {
    guard let json else { return nil }
    if json.kind == .array {
      let texts = json.elements.prefix(256).compactMap(\.kept)
      return texts.isEmpty ? nil : texts.joined(separator: " ")
    }
    guard let text = json.kept else { return nil }
    return text.hasPrefix("\"") && text.hasSuffix("\"") && text.count > 1 ? String(text.dropFirst().dropLast()) : text
  }

  /// `2026-11-30 07:07:10 +0000 UTC`, or podman's seconds.
  private static func time(_ row: JSONTable.Row) -> Timestamp? {
    if let seconds = row["Created"]?.integer { return Timestamp(seconds: seconds) }
    return row["CreatedAt"]?.rawString.flatMap { text in
      let words = text.words(limit: 4)
      guard words.count >= 3 else { return Timestamp(iso8601: text) }
      return "\(words[0].string)T\(words[1].string)\(words[2].string)".withView { Timestamp(iso8601: $0) }
    }
  }
}
