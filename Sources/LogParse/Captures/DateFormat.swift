import Bytes
import Evidence

/// `date`: the host's clock and zone at the capture, also as `+%s` and `-u +%Y%m%dT%H%M%SZ` print it; and `uptime -s`, which
/// prints the moment of the boot alike and is known by its name.
struct DateFormat: LogFormat {
  let name = "capture.date"
  let version = 6

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isWhole, sample.head.count < 400, !CapturePlace.isOnDisk(sample.path) else { return nil }
    let lines = sample.lines(3)
    guard let first = lines.first else { return nil }
    let name = sample.name.lowercased()
    // A number may be anything, so the name has to say that it is a clock's.
    if lines.contains(where: {
      Self.epoch($0) != nil || $0.trimmed[8] != 0x54 && CivilTime.number($0.trimmed.slice(0, 8)) != nil
    }) {
      guard ["date", "epoch", "clock", "time"].contains(where: { name.contains($0) }) else { return nil }
    }
    // Logs begin with a date too: where the name does not say what it is, there is nothing but one or two.
    let isNamed = name.hasPrefix("date")
    guard isNamed || lines.count < 3 else { return nil }
    return (isNamed ? [first] : lines).allSatisfy { Self.read($0, .inferred(0)) != nil } ? .high : nil
  }

  /// `1795584329` and `1795584329.123456789`: seconds since 1970, which say nothing of the host's zone.
  private static func epoch(_ line: ByteView) -> Timestamp? {
    let text = line.trimmed
    let (whole, part) = text.cut(0x2E) ?? (text, text.slice(text.count))
    guard whole.count == 10, let time = ShellCommand.epoch(whole) else { return nil }
    if part.isEmpty { return whole.count == text.count ? time : nil }
    guard part.count <= 9, let (nanoseconds, precision) = CivilTime.fraction(part) else { return nil }
    return Timestamp(
      seconds: time.nanoseconds / 1_000_000_000, nanoseconds: nanoseconds, precision: precision)
  }

  /// `20261125T052529Z`, ISO 8601's basic form.
  private static func basic(_ text: ByteView) -> Timestamp? {
    guard text.count == 16, text[8] == 0x54, text[15] == 0x5A, let year = CivilTime.number(text.slice(0, 4)),
      let month = CivilTime.number(text.slice(4, 6)), let day = CivilTime.number(text.slice(6, 8)),
      let hour = CivilTime.number(text.slice(9, 11)), let minute = CivilTime.number(text.slice(11, 13)),
      let second = CivilTime.number(text.slice(13, 15)), hour < 24, minute < 60, second <= 60
    else { return nil }
    return CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second).timestamp(.utc)
  }

  /// As scripts ask for it, to name files by: `2026-11-25_14:25:29`, with a zone behind it or not, `2026/11/25 14:25:29`,
  /// `20261125142529`, `20261125_142529`; and without seconds, `-Iminutes`.
  private static func joined(_ text: ByteView, _ zone: Timestamp.Zone) -> (time: Timestamp, zone: ZoneText?)? {
    guard (14...32).contains(text.count), text[0] == 0x31 || text[0] == 0x32 else { return nil }
    var rest = text.slice(0, 0)
    var day = (text.slice(0, 4), text.slice(5, 7), text.slice(8, 10))
    var clock = ""
    if CivilTime.number(text.slice(0, 8)) != nil {
      let isSplit = text[8] == 0x5F || text[8] == 0x2D || text[8] == 0x54 || text[8] == 0x20
      let place = isSplit ? 9 : 8
      guard CivilTime.number(text.slice(place, place + 6)) != nil, text.count >= place + 6 else { return nil }
      day = (text.slice(0, 4), text.slice(4, 6), text.slice(6, 8))
      clock =
        "\(text.slice(place, place + 2).string):\(text.slice(place + 2, place + 4).string):\(text.slice(place + 4, place + 6).string)"
      rest = text.slice(place + 6)
    } else {
      guard text[4] == text[7], text[4] == 0x2D || text[4] == 0x2F || text[4] == 0x2E,
        text[10] == 0x5F || text[10] == 0x54 || text[10] == 0x20 || text[10] == 0x2D
      else { return nil }
      if text[16] == text[13], text[13] == 0x3A || text[13] == 0x2D || text[13] == 0x2E, text.count >= 19 {
        clock = "\(text.slice(11, 13).string):\(text.slice(14, 16).string):\(text.slice(17, 19).string)"
        rest = text.slice(19)
      } else if text[13] == 0x3A, text.count >= 16 {
        clock = "\(text.slice(11, 13).string):\(text.slice(14, 16).string)"
        rest = text.slice(16)
      }
    }
    let name = rest[0] == 0x5F || rest[0] == 0x20 ? rest.dropFirst(1) : rest
    let zoneText = ZoneText(name)
    guard name.isEmpty || zoneText != nil else { return nil }
    guard let year = CivilTime.number(day.0), let month = CivilTime.number(day.1), let date = CivilTime.number(day.2),
      let (hour, minute, second, _, precision) = clock.withView({ CivilTime.timeOfDay($0) })
    else { return nil }
    let civil = CivilTime(
      year: year, month: month, day: date, hour: hour, minute: minute, second: second, precision: precision)
    return civil.timestamp(zoneText?.zone(else: zone) ?? zone).map { ($0, zoneText) }
  }

  // Wed Nov 25 05:27:49 UTC 2026 — Wed Nov 25 05:27:49 AM UTC 2026 — Wed 25 Nov 2026 05:27:49 AM KST — 2026-11-25T05:27:49+00:00
  // Wed, 25 Nov 2026 05:27:49 +0000 — Mo 30. Nov 14:27:00 CET 2026 — 2026-11-25 14:27:49 KST — 2026. 11. 25. (수) 14:27:49 KST
  private static func read(_ line: ByteView, _ zone: Timestamp.Zone) -> (time: Timestamp, zone: ZoneText?)? {
    // `Date : Wed Nov 25 05:27:49 2026 +00:00`: Cat-Scale asks for UTC, so it says nothing of the host's zone.
    if let (name, rest) = line.cut(0x3A), name.trimmed.equalsIgnoringCase("date"), rest[0] == 0x20 {
      return plain(rest.trimmed, zone).map { ($0.time, $0.zone?.minutes == 0 ? nil : $0.zone) }
    }
    return plain(line, zone)
  }

  private static func plain(_ line: ByteView, _ zone: Timestamp.Zone) -> (time: Timestamp, zone: ZoneText?)? {
    if let time = epoch(line) { return (time, nil) }
    if let time = basic(line.trimmed) { return (time, ZoneText(ByteView("Z"))) }
    if let found = joined(line.trimmed, zone) { return found }
    if let time = Timestamp(iso8601: line.trimmed, assuming: zone) {
      let text = line.trimmed
      let tail = text.lastIndex(of: 0x2B).map { text.slice($0) } ?? text.slice(max(text.count - 6, 0))
      return (time, ZoneText(tail) ?? (text[text.count - 1] == 0x5A ? ZoneText(ByteView("Z")) : nil))
    }
    let words = line.words(limit: 9)
    if words.count == 3, words[0].count == 10, let zoneText = ZoneText(words[2]),
      let time = Timestamp(iso8601: line.trimmed.slice(0, 19), assuming: zoneText.zone(else: zone))
    {
      return (time, zoneText)
    }
    if let found = inNumbers(line, zone) { return found }
    if let (time, zoneText, used) = CivilTime.ctime(words), used == words.count, CivilTime.weekday(words[0]) != nil {
      return time.timestamp(zoneText?.zone(else: zone) ?? zone).map { ($0, zoneText) }
    }
    guard let (time, zoneText, used) = LocaleDate.read(words), used == words.count else { return nil }
    return time.timestamp(zoneText?.zone(else: zone) ?? zone).map { ($0, zoneText) }
  }

  /// Korean, Japanese and Chinese: year, month, day, hour, minute and second in this order, with words between that say no
  /// more but for the half of the day.
  // 2026년 11월 25일 수요일 14시 27분 49초 KST — 2026. 11. 25. (수) 오후 02:27:49 KST — 2026年 11月 25日 星期三 14:27:49 CST
  private static func inNumbers(
    _ line: ByteView, _ zone: Timestamp.Zone
  ) -> (time: Timestamp, zone: ZoneText?)? {
    guard (0..<line.count).contains(where: { line[$0] >= 0x80 }) else { return nil }
    var numbers: [Int] = []
    var place = 0
    var behind = 0
    while place < line.count, numbers.count < 7 {
      var end = place
      while (0x30...0x39).contains(line[end]) { end += 1 }
      if end > place {
        guard let number = CivilTime.number(line.slice(place, end)) else { return nil }
        numbers.append(number)
        behind = end
      }
      place = max(end, place + 1)
    }
    guard numbers.count == 6, (1970...2261).contains(numbers[0]) else { return nil }
    var hour = numbers[3]
    if line.contains("오후") || line.contains("下午") || line.contains("午後") {
      hour = CivilTime.hour(of: hour, half: ByteView("PM")) ?? hour
    } else if line.contains("오전") || line.contains("上午") || line.contains("午前") {
      hour = CivilTime.hour(of: hour, half: ByteView("AM")) ?? hour
    }
    guard hour < 24, numbers[4] < 60, numbers[5] <= 60 else { return nil }
    // Behind the seconds stand their sign and the zone; a log has its message there.
    var rest = line.slice(behind).trimmed
    if rest.hasPrefix("초") || rest.hasPrefix("秒") { rest = rest.dropFirst(3).trimmed }
    let zoneText = ZoneText(rest)
    guard rest.isEmpty || zoneText != nil else { return nil }
    return CivilTime(
      year: numbers[0], month: numbers[1], day: numbers[2], hour: hour, minute: numbers[4], second: numbers[5]
    ).timestamp(zoneText?.zone(else: zone) ?? zone).map { ($0, zoneText) }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let isBoot = context.path.split(separator: "/").last?.contains("uptime") ?? false
    try readLines(stream, into: sink) { line in
      guard let (time, zone) = Self.read(line.bytes, context.zone) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a date")
      }
      var attributes: [Attribute] = [Attribute("text", line.bytes.trimmed.string)]
      if isBoot {
        sink.event(
          Event(
            time: time, .event, dataType: "linux:host:boot",
            message: "The host was started at \(line.bytes.trimmed.string).", attributes: attributes,
            locator: line.locator))
        return .parsed
      }
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
