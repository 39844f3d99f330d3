import Bytes
import Evidence

/// A table of all files that Cat-Scale makes with `stat --printf` (`full-timeline.csv`): what it says is what a bodyfile says.
///
/// Nothing is quoted, and a name may hold the separator: the fields in front and behind are counted from both ends.
struct StatTableFormat: LogFormat {
  let name = "capture.stat_table"
  let version = 1

  private static let header: StaticString = "Inode,Hard link Count,Full Path,Last Access,Last Modification,"

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, let first = sample.lines(1).first else { return nil }
    return first.hasPrefix(Self.header) ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if line.bytes.hasPrefix(Self.header) { return .parsed }
      guard let stat = Self.row(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of stat")
      }
      for event in stat.events(line.locator) { sink.event(event) }
      return .parsed
    }
  }

  // 131999,1,/tmp/.x,2026-11-25 05:22:30.123456789 +0000,2026-…,2026-…,-,root,root,-rwsr-xr-x,1234
  private static func row(_ line: ByteView) -> FileStat? {
    guard let (inode, rest) = line.cut(0x2C), let number = inode.integer, number >= 0,
      let (links, named) = rest.cut(0x2C), links.integer != nil
    else { return nil }
    var left = named
    var behind: [ByteView] = []
    while behind.count < 8 {
      guard let comma = left.lastIndex(of: 0x2C) else { return nil }
      behind.append(left.slice(comma + 1))
      left = left.slice(0, comma)
    }
    let mode = behind[1]
    guard !left.isEmpty, let size = behind[0].integer, mode.count >= 10, mode[1] == 0x2D || mode[1] == 0x72 else {
      return nil
    }
    let path = left.string
    var stat = FileStat(path: path, attributes: [Attribute("path", path)])
    stat.attributes.add("inode", number)
    stat.attributes.add("mode", mode.string)
    if !(behind[3] == "UNKNOWN") { stat.attributes.add("user", behind[3].string) }
    if !(behind[2] == "UNKNOWN") { stat.attributes.add("group", behind[2].string) }
    stat.attributes.add("size_bytes", size)
    stat.accessed = time(behind[7])
    stat.modified = time(behind[6])
    stat.changed = time(behind[5])
    stat.created = time(behind[4])
    return stat.modified == nil && stat.changed == nil ? nil : stat
  }

  /// `2026-11-25 05:20:12.123456789 +0900`; a dash or the first of 1970 where the file system does not know.
  private static func time(_ text: ByteView) -> Timestamp? {
    guard text.count >= 25, text.count <= 35, text[10] == 0x20, let blank = text.lastIndex(of: 0x20), blank > 18 else {
      return nil
    }
    let time = "\(text.slice(0, 10).string)T\(text.slice(11, blank).string)\(text.slice(blank + 1).string)".withView {
      Timestamp(iso8601: $0)
    }
    return time?.nanoseconds == 0 ? nil : time
  }
}
