import Bytes
import Evidence

/// The Sleuth Kit's bodyfile (version 3), as UAC and mactime write it: `MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime`.
///
/// One event for each distinct time of a file; `macb` says which of the four it is (mactime's letters).
struct BodyfileFormat: LogFormat {
  let name = "linux.bodyfile"
  let version = 5

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(10).filter { !Self.isRemark($0) }
    // Whoever names a file may break its line in two.
    let rows = lines.filter { Self.fields($0) != nil }.count
    return rows > 0 && rows * 4 >= lines.count * 3 ? .high : nil
  }

  /// A comment, or the names of the fields.
  private static func isRemark(_ line: ByteView) -> Bool { line[0] == 0x23 || line.hasPrefix("MD5|name|") }

  /// Names may hold the separator, so the nine fields behind are taken from the end.
  private static func fields(_ line: ByteView) -> (name: ByteView, rest: [ByteView])? {
    guard let (_, after) = line.cut(0x7C) else { return nil }
    var rest: [ByteView] = []
    var left = after
    while rest.count < 9 {
      guard let bar = left.lastIndex(of: 0x7C) else { return nil }
      rest.append(left.slice(bar + 1))
      left = left.slice(0, bar)
    }
    // The size and three times tell the row; where the file system has no time of creation, others leave out the fourth or write
    // a mark.
    for time in rest[1...4] where seconds(time) == nil { return nil }
    if !rest[0].isEmpty, !(rest[0] == "-"), !(rest[0] == "?"), seconds(rest[0]) == nil { return nil }
    return left.isEmpty ? nil : (left, rest.reversed())
  }

  /// Whole seconds and perhaps a fraction (UAC on newer systems).
  private static func seconds(_ text: ByteView) -> (seconds: Int64, nanoseconds: Int64, precision: Timestamp.Precision)?
  {
    if let whole = text.integer { return (whole, 0, .second) }
    // Beyond 64 bits: no time, but a row all the same.
    if text.count >= 19, text.count <= 64, (0..<text.count).allSatisfy({ (0x30...0x39).contains(text[$0]) }) {
      return (.max, 0, .second)
    }
    guard let (before, after) = text.cut(0x2E), let whole = before.integer, let part = CivilTime.fraction(after) else {
      return nil
    }
    // A minus is in front of the whole number.
    return (whole, text[0] == 0x2D ? -part.nanoseconds : part.nanoseconds, part.precision)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if Self.isRemark(line.bytes) { return .parsed }
      guard let (name, rest) = Self.fields(line.bytes) else { return .skipped("line is not of a bodyfile") }
      Self.emit(name, rest, line, sink)
      return .parsed
    }
  }

  /// fls marks a name that is no longer in its folder, with a word more where its inode went to another file since. Its modes
  /// have two types (`r/rrw-r--r--`); in a file made with stat a name may end so by itself.
  private static func withoutMark(_ name: ByteView, mode: ByteView) -> (name: ByteView, mark: StaticString?) {
    guard mode[1] == 0x2F, name[name.count - 1] == 0x29 else { return (name, nil) }
    for mark in [" (deleted)", " (deleted-realloc)"] as [StaticString]
    where name.hasSuffix(mark) && name.count > mark.utf8CodeUnitCount {
      return (name.dropLast(mark.utf8CodeUnitCount), mark)
    }
    return (name, nil)
  }

  /// A name as `stat -c %N` quotes it: for a shell (`'/tmp/a b'`, `'/tmp/a'$'\n''b'`), or as older ones do. Other tools' names begin
  /// with a slash.
  private static func unquoted(_ name: ByteView) -> String {
    if name.hasPrefix("‘"), name.hasSuffix("’") { return name.slice(3, name.count - 3).string }
    guard name.count > 2, name[name.count - 1] == 0x27 else { return name.string }
    if name[0] == 0x60 { return name.slice(1, name.count - 1).string }
    guard name[0] == 0x27 else { return name.string }
    var bytes: [UInt8] = []
    var rest = name
    while !rest.isEmpty {
      let isEscaped = rest[0] == 0x24
      guard rest[isEscaped ? 1 : 0] == 0x27 else {
        // Between two quoted parts there is an escaped quote.
        guard rest[0] == 0x5C, rest[1] == 0x27 else { return name.string }
        bytes.append(0x27)
        rest = rest.dropFirst(2)
        continue
      }
      let inner = rest.dropFirst(isEscaped ? 2 : 1)
      guard let close = inner.firstIndex(of: 0x27) else { return name.string }
      let part = inner.slice(0, close)
      bytes += isEscaped ? ShellEscapes.bytes(part) : part.array
      rest = inner.dropFirst(close + 1)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func emit(_ name: ByteView, _ rest: [ByteView], _ line: TextLine, _ sink: any ResultSink) {
    let (name, mark) = withoutMark(name, mode: rest[1])
    let arrow = name.firstIndex(of: ByteView(" -> "))
    let path = Self.unquoted(arrow.map { name.slice(0, $0) } ?? name)
    var common: [Attribute] = [Attribute("path", path)]
    common.add("link_target", arrow.map { Self.unquoted(name.slice($0 + 4)) })
    if let mark {
      common.append(Attribute("is_deleted", .flag(true)))
      // Times, mode and owner are then the other file's.
      if mark.utf8CodeUnitCount > 10 { common.append(Attribute("is_reallocated", .flag(true))) }
    }
    common.add("inode", rest[0].integer)
    common.add("mode", rest[1].string)
    common.add("uid", rest[2].integer)
    if rest[2].integer == nil { common.add("user", rest[2].string) }
    common.add("gid", rest[3].integer)
    if rest[3].integer == nil { common.add("group", rest[3].string) }
    common.add("size_bytes", rest[4].integer)
    if let hash = line.bytes.cut(0x7C)?.before, hash.count == 32 { common.add("md5", hash.string) }
    // atime, mtime, ctime, crtime.
    let times = rest.suffix(4).map { field in
      seconds(field).flatMap { time in
        // Zero is none, and so is minus one; before 1970 lies what somebody set so.
        time.seconds > 0 || time.seconds < -1
          ? Timestamp(seconds: time.seconds, nanoseconds: time.nanoseconds, precision: time.precision) : nil
      }
    }
    guard times.count == 4 else { return }
    let stat = FileStat(
      path: path, attributes: common, modified: times[1], accessed: times[0], changed: times[2], created: times[3])
    for event in stat.events(line.locator) { sink.event(event) }
  }
}
