import Bytes
import Evidence

/// `dmesg -J`: the kernel's ring buffer. The events are those of `dmesg` without `-J`.
struct DmesgJSONFormat: LogFormat {
  let name = "capture.dmesg_json"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let head = sample.front.trimmed
    return head[0] == 0x7B && head.slice(0, 64).contains("\"dmesg\"") && head.contains("\"msg\"") ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try JSONTable.read(stream, into: sink, named: "dmesg", title: "msg", "a record of no message of the kernel") {
      row in
      guard let event = Self.event(row, context.zone) else { return false }
      sink.event(event)
      return true
    }
  }

  // {"pri": 6, "time": 0.000000, "msg": "…"} — {"fac": "kern", "pri": "info", "time": "Wed Nov 25 05:20:12 2026", "msg": "…"}
  private static func event(_ row: JSONTable.Row, _ zone: Timestamp.Zone) -> Event? {
    guard let text = row["msg"]?.said, row["pri"] != nil || row["time"] != nil else { return nil }
    var attributes: [Attribute] = [Attribute("program", "kernel"), Attribute("text", text)]
    var time: Timestamp?
    if let stamp = row["time"] {
      if stamp.kind == .number {
        attributes.add("seconds_since_boot", stamp.text)
      } else {
        time = stamp.rawString.flatMap { self.time($0, zone) }
        if time == nil { attributes.add("time_text", stamp.kept) }
      }
    }
    let packet = text.withView { FirewallMessage($0) }
    if let rank = row["pri"]?.integer, rank >= 0 {
      attributes.add("facility", rank >> 3)
      attributes.add("severity", rank & 7)
    } else if let name = row["pri"]?.rawString, let severity = severities.firstIndex(where: { name == $0 }) {
      attributes.add("facility", row["fac"]?.rawString.flatMap { $0 == "kern" ? Int64(0) : nil })
      attributes.add("severity", Int64(severity))
    }
    attributes += packet?.attributes ?? []
    return Event(
      time: time, .recorded, dataType: "linux:kernel:entry", message: "kernel: \(text)",
      entities: packet?.entities ?? [], attributes: attributes, locator: row.locator)
  }

  private static func time(_ text: ByteView, _ zone: Timestamp.Zone) -> Timestamp? {
    // `2026-11-25T05:20:12,345678+00:00`
    if text[10] == 0x54 {
      let point = text.string.replacing(",", with: ".")
      return point.withView { Timestamp(iso8601: $0, assuming: zone) }
    }
    return CivilTime.ctime(text.trimmed.words(limit: 6))?.time.timestamp(zone)
  }

  private static let severities: [StaticString] = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"]
}
