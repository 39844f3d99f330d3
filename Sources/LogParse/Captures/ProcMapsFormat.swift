import Bytes
import Evidence

/// `/proc/PID/maps`: only mappings that can be executed become events; the others are read and counted as such.
struct ProcMapsFormat: LogFormat {
  let name = "capture.proc_maps"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let lines = sample.lines(4)
    return !lines.isEmpty && lines.allSatisfy { Self.row($0) != nil } ? .high : nil
  }

  // 7f0c4e200000-7f0c4e228000 r-xp 00000000 fe:00 5366    /usr/lib/x86_64-linux-gnu/libc.so.6
  private static func row(_ line: ByteView) -> (start: UInt64, end: UInt64, words: [ByteView])? {
    let words = line.words(limit: 6)
    guard words.count >= 5, words[1].count == 4, words[1][3] == 0x70 || words[1][3] == 0x73,
      let (low, high) = words[0].cut(0x2D), let start = low.hexadecimal, let end = high.hexadecimal, end > start,
      words[2].hexadecimal != nil, words[3].firstIndex(of: 0x3A) != nil
    else { return nil }
    return (start, end, words)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let pid = ProcPath.split(context.path)?.pid
    try readLines(stream, into: sink) { line in
      guard let (start, end, words) = Self.row(line.bytes) else { return .skipped("line is not a mapping") }
      guard words[1][2] == 0x78 else { return .parsed }
      let name = words.count > 5 ? words[5] : ByteView("")
      var attributes: [Attribute] = []
      attributes.add("pid", pid)
      attributes.add("mode", words[1].string)
      attributes.add("range", words[0].string)
      attributes.add("size_bytes", Int64(clamping: end - start))
      attributes.add("inode", words[4].integer)
      attributes.add("path", name.string)
      let isDeleted = name.hasSuffix(" (deleted)")
      if isDeleted { attributes.append(Attribute("is_deleted", .flag(true))) }
      var entities = pid.map { [Entity(.process, String($0))] } ?? []
      if name[0] == 0x2F { entities.append(Entity(.file, (isDeleted ? name.dropLast(10) : name).string)) }
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:mapping",
          message:
            "\(pid.map { "Process \($0)" } ?? "A process") can execute \(name.isEmpty ? "memory that is of no file" : name.string) at \(words[0].string).",
          entities: entities, attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
