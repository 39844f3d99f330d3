import Bytes
import Evidence

/// Lists of files: `find -print` (a path a line), `find -ls`, `ls -l` and `ls -lR`.
struct PathListFormat: LogFormat {
  let name = "capture.paths"
  let version = 6

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12).filter { CommandMessage.reason($0) == nil }
    guard !lines.isEmpty else { return nil }
    let listings = lines.filter { FileListing($0) != nil }.count
    if listings == lines.count { return .high }
    if listings > 0, lines.allSatisfy({ FileListing($0) != nil || Self.isHeading($0) }) { return .high }
    let paths = lines.filter { Self.isPath($0) }.count
    // A script may begin with a path too: every line has to be one, and none may hold a blank with an option behind it.
    guard paths == lines.count, !lines.contains(where: { $0.contains(" -") }) else { return nil }
    return lines.filter { Self.saysMore($0) }.count * 2 >= lines.count ? nil : .medium
  }

  /// What other commands print behind a path: `file` and `blkid` a colon, `getcap` its capabilities, others a column. A name
  /// may hold any of it, but not most of them.
  private static func saysMore(_ line: ByteView) -> Bool {
    line.contains(": ") || line.contains("  ") || line.firstIndex(of: 0x09) != nil || line.contains(" cap_")
      || line.contains(" = ")
  }

  private static func isPath(_ line: ByteView) -> Bool {
    (line[0] == 0x2F || line.hasPrefix("./")) && line.count < 4096 && line[1] != 0x2F && line[1] != 0x2A
      && CommandMessage.reason(line) == nil
  }

  /// What `ls -lR` puts above a folder's files: its path and a colon, and how many blocks they take.
  private static func isHeading(_ line: ByteView) -> Bool {
    if line[line.count - 1] == 0x3A, line[0] == 0x2F || line[0] == 0x2E { return true }
    let words = line.words(limit: 3)
    return words.count == 2 && (0x30...0x39).contains(words[1][0]) && totals.contains { words[0] == $0 }
  }

  /// `total` in the languages that ls knows it in here.
  private static let totals: [StaticString] = [
    "total", "합계", "合計", "总计", "總計", "insgesamt", "totale", "totaal", "totalt", "celkem", "razem", "összesen", "итого",
    "загалом", "toplam", "總用量",
  ]

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let relative = RelativeTime(context)
    var folder = Self.folder(context.path)
    try readLines(stream, into: sink) { line in
      if let file = FileListing(line.bytes) {
        sink.event(Self.event(file, in: folder, relative, context.zone, line.locator))
        return .parsed
      }
      if Self.isHeading(line.bytes) {
        if line.bytes[line.bytes.count - 1] == 0x3A { folder = line.bytes.dropLast(1).string }
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

  /// The folder that was listed, where the path tells it: collectors list each process's open files in a file of its own.
  private static func folder(_ path: String) -> String? {
    if path.hasPrefix("ls /") { return String(path.dropFirst(3)) }
    guard let (pid, file) = ProcPath.split(path), file == "fd" || file == "map_files" else { return nil }
    return "/proc/\(pid)/\(file)"
  }

  private static func event(
    _ file: FileListing, in folder: String?, _ relative: RelativeTime?, _ zone: Timestamp.Zone, _ locator: Locator
  ) -> Event {
    var time: Timestamp?
    switch file.time {
    case .civil(let civil): time = civil.year == nil ? relative?.withoutYear(civil) : civil.timestamp(zone)
    case .zoned(let civil, let zone): time = civil.timestamp(zone)
    }
    let arrow = file.mode[0] == 0x6C ? file.name.firstIndex(of: ByteView(" -> ")) : nil
    var path = FileListing.unescaped(arrow.map { file.name.slice(0, $0) } ?? file.name)
    if let folder, path == "." {
      path = folder
    } else if let folder, !path.hasPrefix("/"), path != ".." {
      path = folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
    }
    let user = file.user.string
    var attributes: [Attribute] = [Attribute("path", path)]
    attributes.add("link_target", arrow.map { FileListing.unescaped(file.name.slice($0 + 4)) })
    attributes.add("mode", file.mode.string)
    attributes.add("inode", file.inode)
    attributes.add("user", user)
    attributes.add("group", file.group.string)
    attributes.add("security_label", file.label.flatMap { $0 == "?" ? nil : $0.string })
    attributes.add("size_bytes", file.size)
    return Event(
      time: time, .modification, dataType: "linux:capture:path",
      message: "\(path) of \(user) was last written to.",
      // The folder itself and the one above it, of which nobody said which they are.
      entities: path == "." || path == ".." ? [Entity(.user, user)] : [Entity(.file, path), Entity(.user, user)],
      attributes: attributes, locator: locator)
  }
}
