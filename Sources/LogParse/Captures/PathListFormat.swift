import Bytes
import Evidence

/// Lists of files: `find -print` (a path a line) and `find -ls`.
struct PathListFormat: LogFormat {
  let name = "capture.paths"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12)
    guard !lines.isEmpty else { return nil }
    if lines.allSatisfy({ Self.listing($0) != nil }) { return .high }
    let paths = lines.filter { Self.isPath($0) }.count
    // A script may begin with a path too: every line has to be one, and none may hold a blank with an option behind it.
    return paths == lines.count && !lines.contains { $0.contains(" -") } ? .medium : nil
  }

  private static func isPath(_ line: ByteView) -> Bool {
    (line[0] == 0x2F || line.hasPrefix("./")) && line.count < 4096 && line[1] != 0x2F && line[1] != 0x2A
      && CommandMessage.reason(line) == nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let relative = RelativeTime(context)
    try readLines(stream, into: sink) { line in
      if let file = Self.listing(line.bytes) {
        sink.event(Self.event(file, relative, context.zone, line.locator))
        return .parsed
      }
      if line.bytes.hasPrefix("find: ") { return .skipped("the command's own message") }
      guard Self.isPath(line.bytes) else { return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a path") }
      let path = line.bytes.string
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:path", message: "\(path) is in the list of files.",
          entities: [Entity(.file, path)], attributes: [Attribute("path", path)], locator: line.locator))
      return .parsed
    }
  }

  // 1234567      4 drwxr-xr-x   2 root     root         4096 Nov 25 05:20 /tmp/.x
  private static func listing(_ line: ByteView) -> [ByteView]? {
    let words = line.words(limit: 11)
    guard words.count == 11, words[0].integer != nil, words[1].integer != nil, words[2].count >= 10,
      words[3].integer != nil, words[7].count == 3, CivilTime.month(words[7]) != nil,
      CivilTime.number(words[8]) != nil
    else { return nil }
    return words
  }

  private static func event(
    _ words: [ByteView], _ relative: RelativeTime?, _ zone: Timestamp.Zone, _ locator: Locator
  ) -> Event {
    var civil = CivilTime(
      month: CivilTime.month(words[7]) ?? 1, day: CivilTime.number(words[8]) ?? 1, precision: .day)
    var time: Timestamp?
    if let clock = CivilTime.timeOfDay(words[9]) {
      civil.hour = clock.hour
      civil.minute = clock.minute
      civil.precision = .minute
      time = relative?.withoutYear(civil)
    } else {
      civil.year = CivilTime.number(words[9])
      time = civil.timestamp(zone)
    }
    let name = words[10]
    let arrow = words[2][0] == 0x6C ? name.firstIndex(of: ByteView(" -> ")) : nil
    let path = arrow.map { name.slice(0, $0) } ?? name
    var attributes: [Attribute] = [Attribute("path", path.string)]
    attributes.add("link_target", arrow.map { name.slice($0 + 4).string })
    attributes.add("mode", words[2].string)
    attributes.add("inode", words[0].integer)
    attributes.add("user", words[4].string)
    attributes.add("group", words[5].string)
    attributes.add("size_bytes", words[6].integer)
    return Event(
      time: time, .modification, dataType: "linux:capture:path",
      message: "\(path.string) of \(words[4].string) was last written to.",
      entities: [Entity(.file, path.string), Entity(.user, words[4].string)], attributes: attributes, locator: locator)
  }
}
