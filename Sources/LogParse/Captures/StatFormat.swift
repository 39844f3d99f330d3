import Bytes
import Evidence

/// coreutils' and busybox's `stat`: permissions, owner, inode and all times of a file. What it says is what a bodyfile says.
struct StatFormat: LogFormat {
  let name = "capture.stat"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(4).drop { CommandMessage.reason($0) != nil }
    guard lines.count >= 2, let first = lines.first else { return nil }
    if Self.isTranslated(Array(lines)) { return .high }
    guard first.trimmed.hasPrefix("File: ") else { return nil }
    let second = lines[lines.startIndex + 1].trimmed
    return second.hasPrefix("Size: ") && second.contains("Blocks: ") ? .high : nil
  }

  /// In another language the lines stand in the same order.
  // Datei: /etc/passwd
  // Größe: 1347      	Blöcke: 8          EA Block: 4096   reguläre Datei
  // Gerät: 254/0	Inode: 1198528     Verknüpfungen: 1
  // Zugriff: (0644/-rw-r--r--)  Uid: (    0/    root)   Gid: (    0/    root)
  private static func isTranslated(_ lines: [ByteView]) -> Bool {
    guard lines.count >= 4, value(lines[0])?[0] == 0x2F, let size = value(lines[1]),
      size.words(limit: 2).first?.integer != nil, value(size) != nil, value(lines[2]).flatMap(value) != nil
    else { return false }
    return owners(lines[3]) != nil
  }

  /// What stands behind the first colon, which may be a wide one.
  private static func value(_ line: ByteView) -> ByteView? {
    let wide = line.firstIndex(of: ByteView("："))
    guard let colon = line.firstIndex(of: 0x3A).map({ min($0, wide ?? $0) }) ?? wide, colon > 0 else { return nil }
    return line.slice(colon + (line[colon] == 0x3A ? 1 : 3)).trimmed
  }

  /// `(0644/-rw-r--r--)`, and what stands behind it.
  private static func owners(_ line: ByteView) -> ByteView? {
    guard let value = value(line) else { return nil }
    return value[0] == 0x28 && value[1] == 0x30 && value[5] == 0x2F && value[6] != 0x20 ? value : nil
  }

  /// A line of another language as it is in English, told by its place below the file's name.
  private static func translated(_ text: ByteView, _ place: Int, _ stat: inout FileStat) -> Bool {
    guard let value = value(text) else { return false }
    switch place {
    case 1: stat.attributes.add("size_bytes", value.words(limit: 2).first?.integer)
    case 2:
      stat.attributes.add("inode", Self.value(value)?.words(limit: 2).first?.integer)
    case 3:
      guard let value = owners(text), let mode = pair(value)?.after else { return false }
      stat.attributes.add("mode", mode.string)
      var behind = value.slice(value.firstIndex(of: 0x29) ?? value.count)
      for (number, word) in [("uid", "user"), ("gid", "group")] {
        guard let open = behind.firstIndex(of: 0x28), let (id, owner) = pair(behind.slice(open)) else { break }
        stat.attributes.add(number, id.integer)
        if !(owner == "UNKNOWN") { stat.attributes.add(word, owner.string) }
        behind = behind.slice(open + 1)
        behind = behind.slice(behind.firstIndex(of: 0x29) ?? behind.count)
      }
    case 4: stat.accessed = time(value)
    case 5: stat.modified = time(value)
    case 6: stat.changed = time(value)
    case 7: stat.created = time(value)
    default: return false
    }
    return true
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let stream = try FrontStream(stream)
    let isTranslated = stream.front.withView {
      Self.isTranslated(FormatSample(head: $0, path: "", isWhole: stream.isWhole).lines(4))
    }
    var place = 0
    var open: (stat: FileStat, locator: Locator)?
    func flush() {
      guard let last = open else { return }
      open = nil
      for event in last.stat.events(last.locator) { sink.event(event) }
    }
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if isTranslated {
        place += 1
        if var last = open, place <= 7, Self.translated(text, place, &last.stat) {
          last.locator = last.locator.reaching(line.end)
          open = last
          return .parsed
        }
        guard CommandMessage.reason(line.bytes) == nil, let path = Self.value(text), !path.isEmpty else {
          return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of stat")
        }
        flush()
        open = (Self.file(path), line.locator)
        place = 0
        return .parsed
      }
      if text.hasPrefix("File: ") {
        flush()
        open = (Self.file(text.slice(6).trimmed), line.locator)
        return .parsed
      }
      guard var last = open, Self.take(text, &last.stat) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of stat")
      }
      last.locator = last.locator.reaching(line.end)
      open = last
      return .parsed
    }
    flush()
  }

  /// `/bin -> usr/bin`, in quotes of any kind where an older one wrote it.
  private static func file(_ text: ByteView) -> FileStat {
    let arrow = text.firstIndex(of: ByteView(" -> "))
    let path = unquoted(arrow.map { text.slice(0, $0) } ?? text).string
    var stat = FileStat(path: path, attributes: [Attribute("path", path)])
    stat.attributes.add("link_target", arrow.map { unquoted(text.slice($0 + 4)).string })
    return stat
  }

  private static func unquoted(_ text: ByteView) -> ByteView {
    for (open, close) in [("‘", "’"), ("`", "'"), ("'", "'"), ("\"", "\"")] as [(StaticString, StaticString)]
    where text.hasPrefix(open) && text.hasSuffix(close)
      && text.count > open.utf8CodeUnitCount + close.utf8CodeUnitCount
    {
      return text.slice(open.utf8CodeUnitCount, text.count - close.utf8CodeUnitCount)
    }
    return text
  }

  /// Whether the line says something of the file.
  private static func take(_ text: ByteView, _ stat: inout FileStat) -> Bool {
    guard let (name, rest) = text.cut(0x3A) else { return false }
    let value = rest.trimmed
    switch name {
    case _ where name == "Size":
      // Size: 1172      	Blocks: 8          IO Block: 4096   regular file
      stat.attributes.add("size_bytes", value.words(limit: 2).first?.integer)
    case _ where name == "Device":
      let inode = value.firstIndex(of: ByteView("Inode: ")).map { value.slice($0 + 7) }
      stat.attributes.add("inode", inode?.words(limit: 2).first?.integer)
    case _ where name == "Access" && value[0] == 0x28:
      // Access: (0644/-rw-r--r--)  Uid: (    0/    root)   Gid: (    0/    root)
      stat.attributes.add("mode", pair(value)?.after.string)
      for (key, number, word) in [("Uid: ", "uid", "user"), ("Gid: ", "gid", "group")]
        as [(StaticString, String, String)]
      {
        guard let place = value.firstIndex(of: ByteView(key)),
          let (id, owner) = pair(value.slice(place + key.utf8CodeUnitCount))
        else { continue }
        stat.attributes.add(number, id.integer)
        if !(owner == "UNKNOWN") { stat.attributes.add(word, owner.string) }
      }
    case _ where name == "Access": stat.accessed = time(value)
    case _ where name == "Modify": stat.modified = time(value)
    case _ where name == "Change": stat.changed = time(value)
    case _ where name == "Birth": stat.created = time(value)
    case _ where name == "Context": stat.attributes.add("security_label", value.string)
    default: return false
    }
    return true
  }

  /// `(    0/    root)`
  private static func pair(_ text: ByteView) -> (before: ByteView, after: ByteView)? {
    guard text[0] == 0x28, let close = text.firstIndex(of: 0x29) else { return nil }
    return text.slice(1, close).cut(0x2F).map { ($0.before.trimmed, $0.after.trimmed) }
  }

  /// `2026-11-25 05:20:12.123456789 +0900`; a dash where the file system does not know.
  private static func time(_ text: ByteView) -> Timestamp? {
    let words = text.words(limit: 4)
    guard words.count >= 3, words[0].count == 10, words[1].count <= 18, words[2].count == 5 else { return nil }
    return "\(words[0].string)T\(words[1].string)\(words[2].string)".withView { Timestamp(iso8601: $0) }
  }
}
