import Bytes
import Evidence

/// `dmesg`: the kernel's ring buffer, with seconds since boot or the time of each line, as `-T` and `--time-format=iso` have it.
///
/// Seconds since boot give no time: when the host booted is not in this file, and it runs on through a suspend.
struct DmesgFormat: LogFormat {
  let name = "linux.dmesg"
  let version = 3

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard !lines.isEmpty else { return nil }
    let rows = lines.filter { Self.split($0, .utc) != nil }.count
    return rows * 4 >= lines.count * 3 ? .high : nil
  }

  // [    0.000000] Linux version …        <6>[    1.2] …        kern  :info  : [    1.2] …
  // [Wed Nov 25 05:20:12 2026] …        2026-11-25T05:20:12,345678+00:00 …
  private static func split(
    _ line: ByteView, _ zone: Timestamp.Zone
  ) -> (time: Timestamp?, sinceBoot: ByteView, text: ByteView)? {
    // A comma before the fraction, which syslog never has.
    if line[19] == 0x2C, line[10] == 0x54, let (stamp, text) = line.slice(0, 1 << 16).cut(0x20),
      let time = Timestamp(iso8601: stamp)
    {
      return (time, line.slice(0, 0), text.trimmed)
    }
    guard let open = line.slice(0, 24).firstIndex(of: 0x5B), let close = line.slice(0, open + 40).firstIndex(of: 0x5D),
      open < close,
      open == 0 || line[0] == 0x3C || line[open - 1] == 0x20 && line.slice(0, open).firstIndex(of: 0x3A) != nil
    else { return nil }
    let inner = line.slice(open + 1, close).trimmed
    let text = line.slice(close + 1).trimmed
    if let (whole, fraction) = inner.cut(0x2E), CivilTime.number(whole) != nil, CivilTime.number(fraction) != nil {
      return (nil, inner, text)
    }
    guard let (civil, _, used) = CivilTime.ctime(inner.words(limit: 6)), used >= 5, civil.precision == .second,
      !isOfServer(text), let time = civil.timestamp(zone)
    else { return nil }
    return (time, inner.slice(0, 0), text)
  }

  /// Apache's error log begins with the same time, then has `[error]`, `[core:error]`, `[pid 7]` or `[client …]`; that of
  /// PHP's own server an address. The kernel's marks (`[UFW BLOCK]`, `[drm]`, `[Firmware Bug]`) are others.
  private static func isOfServer(_ text: ByteView) -> Bool {
    if let word = text.slice(0, 64).cut(0x20)?.before, Endpoint(word)?.address != nil { return true }
    guard text[0] == 0x5B, let close = text.slice(0, 64).firstIndex(of: 0x5D) else { return false }
    let mark = text.slice(1, close)
    if mark.hasPrefix("pid ") || mark.hasPrefix("client ") { return true }
    let level = mark.lastIndex(of: 0x3A).map { mark.slice($0 + 1) } ?? mark
    if level.hasPrefix("trace"), level.count == 6 { return true }
    return serverLevels.contains { level == $0 }
  }

  private static let serverLevels: [StaticString] = [
    "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug",
  ]

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let (time, sinceBoot, text) = Self.split(line.bytes, context.zone) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of dmesg")
      }
      var attributes: [Attribute] = [Attribute("program", "kernel"), Attribute("text", text.string)]
      attributes.add("seconds_since_boot", sinceBoot.string)
      sink.event(
        Event(
          time: time, .recorded, dataType: "linux:kernel:entry", message: "kernel: \(text.string)",
          attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
