import Bytes
import Evidence

/// `dmesg`: the kernel's ring buffer, with seconds since boot or the time of each line, as `-T` and `--time-format=iso` have it, or
/// that of each minute (`-H`); and the records of /dev/kmsg as they are.
///
/// Seconds since boot give no time: when the host booted is not in this file, and it runs on through a suspend.
struct DmesgFormat: LogFormat {
  let name = "linux.dmesg"
  let version = 7

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard !lines.isEmpty else { return nil }
    let rows = lines.count { Self.split(KernelRank.cut($0).rest, .utc) != nil }
    // Behind an entry, lines without a time go on with it: of a short file they may be a third.
    let isFirst = lines.first.map { Self.split(KernelRank.cut($0).rest, .utc) != nil } ?? false
    return rows * 4 >= lines.count * 3 || isFirst && rows >= 2 && rows * 3 >= lines.count * 2 ? .high : nil
  }

  /// A line's parts. Valid while the line is.
  private struct Line {
    var time: Timestamp?
    var sinceBoot = ByteView("")
    /// The minute that `dmesg -H` writes as it begins, without its year, and what it writes until the next: seconds since the line
    /// before.
    var minute: CivilTime?
    var sinceLast: ByteView?
    var text: ByteView
  }

  // [    0.000000] Linux version …        <6>[    1.2] …        kern  :info  : [    1.2] …
  // [Wed Nov 25 05:20:12 2026] …        2026-11-25T05:20:12,345678+00:00 …
  // [Nov25 05:20] …        [  +0.000010] …        6,339,5140900,-;… (/dev/kmsg, behind whose first number it is cut)
  private static func split(_ line: ByteView, _ zone: Timestamp.Zone) -> Line? {
    // A comma before the fraction, which syslog never has, and an offset behind its digits, which log4j never writes.
    if line[19] == 0x2C, line[10] == 0x54, line[26] == 0x2B || line[26] == 0x2D,
      let (stamp, text) = line.slice(0, 1 << 16).cut(0x20),
      let time = Timestamp(iso8601: stamp)
    {
      return Line(time: time, text: text.trimmed)
    }
    if line[0] == 0x2C { return record(line) }
    guard let open = line.slice(0, 24).firstIndex(of: 0x5B), let close = line.slice(0, open + 40).firstIndex(of: 0x5D),
      open < close,
      open == 0 || line[0] == 0x3C || line[open - 1] == 0x20 && line.slice(0, open).firstIndex(of: 0x3A) != nil
    else { return nil }
    let inner = line.slice(open + 1, close).trimmed
    let text = line.slice(close + 1).trimmed
    if let (whole, fraction) = inner.cut(0x2E), CivilTime.number(fraction) != nil {
      if CivilTime.number(whole) != nil { return Line(sinceBoot: inner, text: text) }
      if whole[0] == 0x2B, CivilTime.number(whole.slice(1)) != nil {
        return Line(sinceLast: inner.slice(1), text: text)
      }
    }
    if let minute = minute(inner) { return Line(minute: minute, text: text) }
    guard let (civil, _, used) = CivilTime.ctime(inner.words(limit: 6)), used >= 5, civil.precision == .second,
      !isOfServer(text), let time = civil.timestamp(zone)
    else { return nil }
    return Line(time: time, text: text)
  }

  // Nov25 05:20        Nov 5 05:20
  private static func minute(_ inner: ByteView) -> CivilTime? {
    guard let month = CivilTime.month(inner.slice(0, 3)) else { return nil }
    let words = inner.slice(3).words(limit: 3)
    guard words.count == 2, words[0].count <= 2, let day = CivilTime.number(words[0]), (1...31).contains(day),
      words[1].count == 5, let clock = CivilTime.timeOfDay(words[1])
    else { return nil }
    return CivilTime(month: month, day: day, hour: clock.hour, minute: clock.minute, precision: .minute)
  }

  // ,339,5140900,-;NET: Registered protocol family 10
  private static func record(_ line: ByteView) -> Line? {
    guard let (head, text) = line.slice(1).cut(0x3B), head.count <= 96 else { return nil }
    let parts = head.split(0x2C, limit: 4)
    guard parts.count >= 3, parts[0].integer ?? -1 >= 0, parts[1].integer ?? -1 >= 0, parts[2].count == 1 else {
      return nil
    }
    // Microseconds, told as they stand.
    return Line(sinceBoot: parts[1], text: text)
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
    var entry: Entry?
    let relative = RelativeTime(context)
    var minute: Timestamp?
    try readLines(stream, into: sink) { line in
      let (rank, bytes) = KernelRank.cut(line.bytes)
      if let found = Self.split(bytes, context.zone) {
        if let entry { sink.event(entry.event) }
        if let begun = found.minute { minute = relative?.withoutYear(begun) }
        let isOfMinute = found.minute != nil || found.sinceLast != nil
        let isRecord = bytes[0] == 0x2C
        entry = Entry(
          time: isOfMinute ? minute : found.time,
          sinceBoot: isRecord ? Self.seconds(found.sinceBoot) : found.sinceBoot.string,
          sinceLast: found.sinceLast?.string, text: Self.withoutCaller(found.text).string, rank: rank,
          locator: line.locator)
        return .parsed
      }
      if let reason = CommandMessage.reason(line.bytes) { return .skipped(reason) }
      guard entry != nil else { return .skipped("line is not of dmesg") }
      return entry?.goOn(line) == true ? .parsed : .skipped("more than is kept of an entry of dmesg")
    }
    if let entry { sink.event(entry.event) }
  }

  /// Kernels may be built to name the thread or the processor that speaks: `[    T1] `, `[   C0] `.
  private static func withoutCaller(_ text: ByteView) -> ByteView {
    guard text[0] == 0x5B, let close = text.slice(0, 16).firstIndex(of: 0x5D) else { return text }
    let mark = text.slice(1, close).trimmed
    guard mark[0] == UInt8(ascii: "T") || mark[0] == UInt8(ascii: "C"), CivilTime.number(mark.dropFirst(1)) != nil
    else { return text }
    return text.slice(close + 1).trimmed
  }

  /// `5.140900` of a number of microseconds.
  private static func seconds(_ microseconds: ByteView) -> String {
    let value = microseconds.integer ?? 0
    let part = String(value % 1_000_000)
    return "\(value / 1_000_000).\(String(repeating: "0", count: max(0, 6 - part.utf8.count)))\(part)"
  }

  private struct Entry {
    let time: Timestamp?
    let sinceBoot: String
    let sinceLast: String?
    var text: String
    let rank: KernelRank?
    var locator: Locator

    /// Takes a line that has no time: what the kernel wrote had several lines.
    mutating func goOn(_ line: TextLine) -> Bool {
      guard text.utf8.count < 1 << 16 else { return false }
      text += "\n" + line.bytes.trimmed.slice(0, 1 << 16).string
      locator = locator.reaching(line.end)
      return true
    }

    var event: Event {
      var attributes: [Attribute] = [Attribute("program", "kernel"), Attribute("text", text)]
      attributes.add("seconds_since_boot", sinceBoot)
      attributes.add("seconds_since_last", sinceLast)
      if let rank {
        attributes.add("facility", rank.facility)
        attributes.add("severity", rank.severity)
      }
      let packet = text.withView { FirewallMessage($0) }
      attributes += packet?.attributes ?? []
      return Event(
        time: time, .recorded, dataType: "linux:kernel:entry", message: "kernel: \(text)",
        entities: packet?.entities ?? [], attributes: attributes, locator: locator)
    }
  }

  /// Facility and severity in syslog's numbers, as `dmesg -r` prints them in one and `dmesg -x` by name.
  private struct KernelRank {
    let facility, severity: Int64

    // <4>[    1.0] …        kern  :warn  : [    1.0] …
    static func cut(_ line: ByteView) -> (rank: KernelRank?, rest: ByteView) {
      if line[0] == 0x3C, let (number, rest) = line.slice(0, 8).cut(0x3E), let value = number.slice(1).integer,
        (0..<192).contains(value)
      {
        return (KernelRank(facility: value >> 3, severity: value & 7), line.slice(line.offset(of: rest)))
      }
      if (0x30...0x39).contains(line[0]), let comma = line.slice(0, 5).firstIndex(of: 0x2C),
        let value = line.slice(0, comma).integer, (0..<192).contains(value)
      {
        return (KernelRank(facility: value >> 3, severity: value & 7), line.slice(comma))
      }
      guard let (first, behind) = line.slice(0, 32).cut(0x3A), let (second, rest) = behind.cut(0x3A) else {
        return (nil, line)
      }
      let names = (first.trimmed, second.trimmed)
      guard let facility = facilities.firstIndex(where: { names.0 == $0 }),
        let severity = severities.firstIndex(where: { names.1 == $0 })
      else { return (nil, line) }
      return (
        KernelRank(facility: Int64(facility), severity: Int64(severity)), line.slice(line.offset(of: rest)).trimmed
      )
    }

    private static let severities: [StaticString] = [
      "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
    ]

    private static let facilities: [StaticString] = [
      "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "res0",
      "res1", "res2", "res3", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ]
  }
}
