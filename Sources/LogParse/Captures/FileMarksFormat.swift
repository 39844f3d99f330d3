import Bytes
import Evidence

/// `lsattr` and `getcap`: what a file system keeps of a file besides its permissions. A file that nobody may change, or a
/// program with a power of root's, each on a line with the file's path.
struct FileMarksFormat: LogFormat {
  let name = "capture.file_marks"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(12).filter { CommandMessage.reason($0) == nil && !Self.isMessage($0) }
    guard lines.contains(where: { !Self.isHeading($0) }) else { return nil }
    return lines.allSatisfy { Self.isHeading($0) || Self.row($0) != nil } ? .high : nil
  }

  private enum Row {
    case attributes(ByteView, path: ByteView)
    case capabilities(ByteView, path: ByteView)
  }

  // ----i---------e------- /etc/passwd        /usr/bin/python3.9 cap_setuid=ep        /usr/bin/ping = cap_net_raw+ep
  private static func row(_ line: ByteView) -> Row? {
    if line[0] == 0x2F {
      guard let place = line.firstIndex(of: ByteView(" cap_")) else { return nil }
      let path = line.slice(0, place)
      let capabilities = line.slice(place + 1)
      guard capabilities.firstIndex(of: 0x3D) != nil || capabilities.firstIndex(of: 0x2B) != nil,
        capabilities.firstIndex(of: 0x20) == nil
      else { return nil }
      return .capabilities(capabilities, path: (path.hasSuffix(" =") ? path.dropLast(2) : path).trimmed)
    }
    guard let end = line.firstIndex(of: 0x20), (13...24).contains(end), line[end - 1] == 0x2D || line[0] == 0x2D else {
      return nil
    }
    for index in 0..<end where !"-suSDiadAcBEjItTeCFNPVxmZXIh".utf8.contains(line[index]) { return nil }
    let path = line.slice(end).trimmed
    // A row of dashes may stand above any table.
    return path[0] == 0x2F || path.hasPrefix("./") ? .attributes(line.slice(0, end), path: path) : nil
  }

  /// What `lsattr -R` puts above a folder's files.
  private static func isHeading(_ line: ByteView) -> Bool {
    line[line.count - 1] == 0x3A && (line[0] == 0x2F || line[0] == 0x2E)
  }

  private static func isMessage(_ line: ByteView) -> Bool { line.hasPrefix("lsattr: ") || line.hasPrefix("getcap: ") }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if Self.isHeading(line.bytes) { return .parsed }
      if Self.isMessage(line.bytes) { return .skipped("the command's own message") }
      guard let row = Self.row(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of lsattr or getcap")
      }
      var attributes: [Attribute] = []
      let message: String
      let file: String
      switch row {
      case .attributes(let letters, let path):
        file = path.string
        attributes.add("path", file)
        let set = letters.string.filter { $0 != "-" }
        attributes.add("file_attributes", set)
        if set.contains("i") { attributes.append(Attribute("is_immutable", .flag(true))) }
        if set.contains("a") { attributes.append(Attribute("is_append_only", .flag(true))) }
        let kept = set.contains("i") ? ": nobody may change it" : set.contains("a") ? ": it may only grow" : ""
        message = set.isEmpty ? "\(file) has no attributes." : "\(file) has the attributes \(set)\(kept)."
      case .capabilities(let capabilities, let path):
        file = path.string
        attributes.add("path", file)
        attributes.add("capabilities", capabilities.string)
        message = "\(file) has the capabilities \(capabilities.string)."
      }
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:path", message: message, entities: [Entity(.file, file)],
          attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
