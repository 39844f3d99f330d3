import Bytes
import Evidence

/// `systemctl list-units`, `list-unit-files`, `list-timers` and `list-sockets` with `--output=json`. The events are those of the
/// tables.
struct SystemctlJSONFormat: LogFormat {
  let name = "capture.systemctl_json"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let head = sample.front.trimmed
    guard head[0] == 0x5B else { return nil }
    let first = head.slice(0, 4096)
    if first.contains("\"unit_file\"") { return first.contains("\"state\"") ? .high : nil }
    guard first.contains("\"unit\"") else { return nil }
    return first.contains("\"activates\"") || first.contains("\"load\"") && first.contains("\"sub\"") ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try JSONTable.read(stream, into: sink, named: nil, title: "unit", "a record of no unit") { row in
      guard let event = Self.unit(row) ?? Self.file(row) ?? Self.timer(row) ?? Self.socket(row) else { return false }
      sink.event(event)
      return true
    }
  }

  // {"unit":"ssh.service","load":"loaded","active":"active","sub":"running","description":"OpenBSD Secure Shell server"}
  private static func unit(_ row: JSONTable.Row) -> Event? {
    guard let unit = row.text("unit"), let active = row.text("active") else { return nil }
    let (sub, said) = (row.text("sub"), row.text("description"))
    var attributes: [Attribute] = [Attribute("unit", unit)]
    attributes.add("load_state", row.text("load"))
    attributes.add("active_state", active)
    attributes.add("sub_state", sub)
    attributes.add("description", said)
    return Event(
      time: nil, dataType: "linux:capture:unit",
      message: "Unit \(unit) was \(active) (\(sub ?? "?"))\(said.map { ": \($0)" } ?? ".")", attributes: attributes,
      locator: row.locator)
  }

  // {"unit_file":"ssh.service","state":"enabled","preset":"enabled"}; older: vendor_preset
  private static func file(_ row: JSONTable.Row) -> Event? {
    guard let unit = row.text("unit_file"), let state = row.text("state") else { return nil }
    var attributes: [Attribute] = [Attribute("unit", unit), Attribute("file_state", state)]
    attributes.add("preset", row.text("preset") ?? row.text("vendor_preset"))
    return Event(
      time: nil, dataType: "linux:capture:unit", message: "Unit \(unit) was \(state).", attributes: attributes,
      locator: row.locator)
  }

  // {"next":1796090000000000,"left":…,"last":1796086400000000,"passed":…,"unit":"apt-daily.timer","activates":"apt-daily.service"}
  private static func timer(_ row: JSONTable.Row) -> Event? {
    guard let unit = row.text("unit"), row["last"] != nil || row["next"] != nil else { return nil }
    let starts = row.text("activates")
    let next = time(row["next"])
    var attributes: [Attribute] = [Attribute("unit", unit)]
    attributes.add("starts_unit", starts)
    attributes.add("next_run", next.map { "\($0)" })
    let when = next.map { "will start \(starts ?? "its unit") at \($0)" } ?? "is not going to start anything"
    return Event(
      time: time(row["last"]), .executed, dataType: "linux:capture:timer", message: "\(unit) \(when).",
      attributes: attributes, locator: row.locator)
  }

  /// Microseconds since 1970; 0 and null where there is none.
  private static func time(_ json: JSONView?) -> Timestamp? {
    guard let value = json?.integer, value > 0, value < 1 << 53 else { return nil }
    return Timestamp(
      seconds: value / 1_000_000, nanoseconds: Int64(value % 1_000_000) * 1000, precision: .microsecond)
  }

  // {"listen":"0.0.0.0:22","unit":"ssh.socket","activates":"ssh.service"}
  private static func socket(_ row: JSONTable.Row) -> Event? {
    guard let unit = row.text("unit"), let place = row.text("listen") else { return nil }
    var attributes: [Attribute] = [Attribute("unit", unit)]
    attributes.add("listens_on", place)
    attributes.add("starts_unit", row.text("activates"))
    return Event(
      time: nil, dataType: "linux:capture:unit", message: "Unit \(unit) listens on \(place).",
      entities: place.hasPrefix("/") ? [Entity(.file, place)] : [], attributes: attributes, locator: row.locator)
  }
}
