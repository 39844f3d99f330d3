import Bytes
import Evidence

/// udev's rules: what a device's arrival runs as root (`RUN+=`, `PROGRAM=`, `IMPORT{program}=`). Rules that run nothing give
/// no event.
struct UdevRulesFormat: LogFormat {
  let name = "linux.udev_rules"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let isNamed = sample.name.hasSuffix(".rules") && sample.path.contains("rules.d/")
    let lines = sample.lines(60).map(\.trimmed).filter { $0[0] != 0x23 }
    let rules = lines.filter { !Self.pairs($0).isEmpty }.count
    if isNamed, sample.path.contains("udev/") { return rules * 2 >= lines.count ? .high : nil }
    return rules > 0 && rules == lines.count
      && lines.contains { $0.contains("SUBSYSTEM==") || $0.contains("KERNEL==") || $0.contains("ACTION==") }
      ? .medium : nil
  }

  // ACTION=="add", SUBSYSTEM=="usb", RUN+="/usr/local/sbin/job $kernel"
  private static func pairs(_ text: ByteView) -> [(key: ByteView, sign: ByteView, value: ByteView)] {
    var found: [(key: ByteView, sign: ByteView, value: ByteView)] = []
    var place = 0
    while place < text.count, found.count < 256 {
      while text[place] == 0x20 || text[place] == 0x09 || text[place] == 0x2C { place += 1 }
      let start = place
      while place < text.count, Self.isKey(text[place]) { place += 1 }
      let key = text.slice(start, place)
      let signStart = place
      while ([0x3D, 0x21, 0x2B, 0x2D, 0x3A] as [UInt8]).contains(text[place]) { place += 1 }
      let sign = text.slice(signStart, place)
      // Newer rules put an `e` or `i` before the quote.
      if text[place] == 0x65 || text[place] == 0x69, text[place + 1] == 0x22 { place += 1 }
      guard !key.isEmpty, !sign.isEmpty, text[place] == 0x22 else { return found }
      let from = place + 1
      place = from
      while place < text.count, text[place] != 0x22 { place += text[place] == 0x5C ? 2 : 1 }
      guard place < text.count else { return found }
      found.append((key, sign, text.slice(from, place)))
      place += 1
    }
    return found
  }

  private static func isKey(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x5F, 0x7B, 0x7D, 0x2E, 0x2F, 0x2A, 0x24: true
    default: false
    }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var begun: (text: String, locator: Locator)?
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if begun == nil, text[0] == 0x23 { return .parsed }
      let goesOn = text[text.count - 1] == 0x5C
      var now = begun ?? ("", line.locator)
      begun = nil
      if now.text.utf8.count < 1 << 16 { now.text += (goesOn ? text.dropLast(1) : text).string }
      now.locator = now.locator.reaching(line.end)
      if goesOn {
        begun = now
        return .parsed
      }
      return now.text.withView { Self.take($0, now.locator, sink) }
        ? .parsed : .skipped("line is not a rule of udev")
    }
    if let begun { _ = begun.text.withView { Self.take($0, begun.locator, sink) } }
  }

  private static func take(_ text: ByteView, _ locator: Locator, _ sink: any ResultSink) -> Bool {
    let pairs = pairs(text)
    guard !pairs.isEmpty else { return false }
    let matches = pairs.filter { $0.sign == "==" || $0.sign == "!=" }
      .map { "\($0.key.string)\($0.sign.string)\"\($0.value.string)\"" }.joined(separator: ", ")
    for (place, pair) in pairs.enumerated() {
      let isProgram = pair.key == "PROGRAM" || pair.key == "IMPORT{program}"
      guard pair.key == "RUN" || pair.key == "RUN{program}" || isProgram, !pair.value.isEmpty else { continue }
      let command = pair.value.string
      var entry = PersistenceEntry(
        mechanism: .udev, command: command, user: "root",
        schedule: matches.isEmpty ? "at every event of a device" : "at an event of a device with \(matches)")
      entry.extra.add("udev_key", pair.key.string)
      var here = locator
      here.other["pair"] = String(place)
      sink.event(entry.event("udev runs as a device comes or goes: \(command)", here))
    }
    return true
  }
}
