import Bytes
import Evidence

/// `date`: the host's clock and zone at the capture.
struct DateFormat: LogFormat {
  let name = "capture.date"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isWhole, sample.head.count < 400, let line = sample.lines(1).first else { return nil }
    return Self.read(line, .inferred(0)) == nil ? nil : .high
  }

  // Wed Nov 25 05:27:49 UTC 2026 — Wed 25 Nov 2026 05:27:49 AM KST — 2026-11-25T05:27:49+00:00
  private static func read(_ line: ByteView, _ zone: Timestamp.Zone) -> (time: Timestamp, zone: ZoneText?)? {
    if let time = Timestamp(iso8601: line.trimmed, assuming: zone) {
      let text = line.trimmed
      let tail = text.lastIndex(of: 0x2B).map { text.slice($0) } ?? text.slice(max(text.count - 6, 0))
      return (time, ZoneText(tail) ?? (text[text.count - 1] == 0x5A ? ZoneText(ByteView("Z")) : nil))
    }
    let words = line.words(limit: 9)
    if let (time, zoneText, used) = CivilTime.ctime(words), used == words.count, CivilTime.weekday(words[0]) != nil {
      return time.timestamp(zoneText?.zone(else: zone) ?? zone).map { ($0, zoneText) }
    }
    // Day before month, as en_GB and newer en_US have it, perhaps with AM or PM.
    guard words.count >= 5, CivilTime.weekday(words[0]) != nil, let day = CivilTime.number(words[1]),
      let month = CivilTime.month(words[2]), let year = CivilTime.number(words[3]),
      let clock = CivilTime.timeOfDay(words[4])
    else { return nil }
    var hour = clock.hour
    var rest = words.dropFirst(5)
    if let half = rest.first, half == "AM" || half == "PM", (1...12).contains(hour) {
      hour = hour % 12 + (half == "PM" ? 12 : 0)
      rest = rest.dropFirst()
    }
    let zoneText = rest.first.flatMap { ZoneText($0) }
    let time = CivilTime(
      year: year, month: month, day: day, hour: hour, minute: clock.minute, second: clock.second)
    return time.timestamp(zoneText?.zone(else: zone) ?? zone).map { ($0, zoneText) }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let (time, zone) = Self.read(line.bytes, context.zone) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a date")
      }
      var attributes: [Attribute] = [Attribute("text", line.bytes.trimmed.string)]
      attributes.add("zone", zone?.text)
      attributes.add("zone_minutes", zone?.minutes.map { Int64($0) })
      sink.event(
        Event(
          time: time, .recorded, dataType: "linux:host:clock",
          message: "The host's clock showed \(line.bytes.trimmed.string).", attributes: attributes,
          locator: line.locator))
      return .parsed
    }
  }
}

/// `uname -a`, and the banner of `/proc/version`.
struct UnameFormat: LogFormat {
  let name = "capture.uname"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isWhole, sample.head.count < 1024, let line = sample.lines(1).first else { return nil }
    return Self.attributes(line) == nil ? nil : .high
  }

  // Linux web-1 6.1.0-50-cloud-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02) x86_64 GNU/Linux
  // Linux version 6.1.0-50-cloud-amd64 (build@host) (gcc …) #1 SMP …
  private static func attributes(_ line: ByteView) -> [Attribute]? {
    guard line.hasPrefix("Linux "), let hash = line.firstIndex(of: ByteView(" #")) else { return nil }
    let words = line.slice(0, hash).words(limit: 4)
    guard words.count >= 3 else { return nil }
    var attributes: [Attribute] = []
    if words[1] == "version" {
      attributes.add("kernel_release", words[2].string)
      attributes.add("kernel_version", line.slice(hash + 1).trimmed.string)
      return attributes
    }
    guard words.count == 3 else { return nil }
    attributes.add("hostname", words[1].string)
    attributes.add("kernel_release", words[2].string)
    let rest = line.slice(hash + 1).trimmed
    let tail = rest.words(limit: 64)
    let machine = tail.last(where: {
      $0 == "x86_64" || $0 == "aarch64" || $0 == "i686" || $0 == "armv7l" || $0 == "s390x" || $0 == "ppc64le"
        || $0 == "riscv64"
    })
    attributes.add("kernel_version", rest.string)
    attributes.add("machine", machine?.string)
    return attributes
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let attributes = Self.attributes(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of uname")
      }
      let host = attributes.first { $0.name == "hostname" }?.value.text
      let release = attributes.first { $0.name == "kernel_release" }?.value.text ?? ""
      sink.event(
        Event(
          time: nil, dataType: "linux:host:kernel",
          message: "\(host.map { "Host \($0)" } ?? "The host") runs Linux \(release).",
          entities: host.map { [Entity(.host, $0)] } ?? [], attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}

/// `free`: memory and swap.
struct FreeFormat: LogFormat {
  let name = "capture.free"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(3)
    return lines.count >= 2 && Self.isHeader(lines[0]) && lines[1].hasPrefix("Mem:") ? .high : nil
  }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.contains(" total ") && line.contains(" used ") && line.contains(" free")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var header: ColumnHeader?
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        header = ColumnHeader(line.bytes)
        return .parsed
      }
      let words = line.bytes.words(limit: 16)
      guard let header, words.count >= 4, words[0][words[0].count - 1] == 0x3A else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of free")
      }
      let kind = words[0].dropLast(1).string
      var attributes: [Attribute] = [Attribute("kind", kind)]
      // With -h the numbers carry units, so all are kept as text.
      for (column, word) in zip(header.columns, words.dropFirst()) {
        attributes.add(column.name == "buff/cache" ? "buffers_cache" : column.name, word.string)
      }
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:memory",
          message: "\(kind) had \(words[1].string) in all and \(words[3].string) free.", attributes: attributes,
          locator: line.locator))
      return .parsed
    }
  }
}
