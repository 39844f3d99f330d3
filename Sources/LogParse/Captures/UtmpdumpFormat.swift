import Bytes
import Evidence

/// `utmpdump`: the login records of utmp, wtmp and btmp as text. They say what `UtmpFormat` reads of the records themselves.
struct UtmpdumpFormat: LogFormat {
  let name = "capture.utmpdump"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12).filter { !Self.isHeader($0) }
    let rows = lines.filter { Self.record($0, .inferred(0)) != nil }.count
    return rows > 0 && rows * 4 >= lines.count * 3 ? .high : nil
  }

  /// `Utmp dump of /var/log/wtmp`
  private static func isHeader(_ line: ByteView) -> Bool { line.hasPrefix("Utmp dump of ") }

  // [7] [01234] [ts/0] [ops     ] [pts/0       ] [203.0.113.9         ] [203.0.113.9    ] [2026-11-25T05:21:40,123456+00:00]
  private static func record(_ line: ByteView, _ zone: Timestamp.Zone) -> UtmpRecord? {
    guard line[0] == 0x5B, line[2] == 0x5D, line[line.count - 1] == 0x5D, let type = CivilTime.number(line.slice(1, 2))
    else { return nil }
    var fields: [ByteView] = []
    var rest = line.slice(1, line.count - 1)
    while fields.count < 32, let end = rest.firstIndex(of: ByteView("] [")) {
      fields.append(rest.slice(0, end).trimmed)
      rest = rest.slice(end + 3)
    }
    fields.append(rest.trimmed)
    // Whoever tries to log in chooses the name, which may hold brackets: four fields stand behind it.
    guard fields.count >= 8, let pid = fields[1].integer, pid >= 0 else { return nil }
    let tail = fields.suffix(4).map(\.self)
    let user = line.slice(line.offset(of: fields[3]), line.offset(of: tail[0])).trimmed
    guard let name = user.firstIndex(of: ByteView("] [")).map({ _ in user.dropLast(3).trimmed }),
      let time = time(tail[3], zone)
    else { return nil }
    let address =
      tail[2] == "0.0.0.0" || tail[2] == "::" || tail[2].isEmpty
      ? nil : Endpoint(host: tail[2], port: ByteView("")).address
    return UtmpRecord(
      type: type, pid: pid, line: tail[0].string, user: name.string, host: tail[1].string, time: time, address: address)
  }

  /// `2026-11-25T05:21:40,123456+00:00`; older: `Wed Nov 25 05:21:40 2026 KST`.
  private static func time(_ text: ByteView, _ zone: Timestamp.Zone) -> Timestamp? {
    if let time = Timestamp(iso8601: text, assuming: zone) { return time }
    guard let (civil, zoneText, _) = CivilTime.ctime(text.words(limit: 8)) else { return nil }
    return civil.timestamp(zoneText?.zone(else: zone) ?? zone)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var isFailure = context.path.contains("btmp") || context.path.contains("lastb")
    var open: [String: UtmpRecord] = [:]
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        if line.bytes.contains("btmp") { isFailure = true }
        return .parsed
      }
      guard let record = Self.record(line.bytes, context.zone) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of utmpdump")
      }
      // An empty slot.
      if record.type == 0 { return .parsed }
      for event in UtmpFormat.events(record, &open, isFailure: isFailure, line.locator) { sink.event(event) }
      return .parsed
    }
  }
}
