import Bytes
import Evidence

/// The process that a file of `/proc/PID/…` is of: `live_response/process/proc/465/cmdline.txt`, `proc/465/status`.
enum ProcPath {
  static func split(_ path: String) -> (pid: Int64, file: Substring)? {
    let parts = path.split(separator: "/")
    guard let place = parts.lastIndex(of: "proc"), place + 2 < parts.count, let pid = Int64(parts[place + 1]), pid > 0
    else { return nil }
    let name = parts[place + 2]
    return (pid, name.hasSuffix(".txt") ? name.dropLast(4) : name)
  }
}

/// `/proc/PID/cmdline`, `comm` and `environ`: texts with NUL between (blanks or lines, where the collector changed them).
struct ProcTextFormat: LogFormat {
  let name = "capture.proc_text"
  let version = 1

  /// Of the whole text.
  private static let limit = 1 << 18

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard let (_, file) = ProcPath.split(sample.path) else { return nil }
    return file == "cmdline" || file == "environ" || file == "comm" ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let feed = ByteFeed(stream, capacity: Self.limit)
    var ledger = CoverageLedger(sink, encodings: stream.encodings)
    let bytes = try feed.peek(Self.limit)
    let locator = Locator(offset: 0, length: UInt64(bytes.count), encodings: stream.encodings)
    if let (pid, file) = ProcPath.split(context.path), !bytes.isEmpty {
      emit(bytes, pid, file, locator, sink)
    }
    feed.take(bytes.count)
    ledger.parsed(upTo: feed.offset)
    _ = try feed.skip(.max)
    ledger.skipped(upTo: feed.offset, "text longer than \(Self.limit) bytes")
    ledger.finish(damage: stream.damage, note: bytes.isEmpty && stream.damage == nil ? "empty file" : nil)
  }

  private func emit(_ bytes: ByteView, _ pid: Int64, _ file: Substring, _ locator: Locator, _ sink: any ResultSink) {
    let separator: UInt8 = bytes.firstIndex(of: 0) == nil ? 0x0A : 0
    let parts = bytes.split(separator, limit: 1 << 16).filter { !$0.trimmed.isEmpty }
    var attributes: [Attribute] = [Attribute("pid", pid)]
    let process = Entity(.process, String(pid))
    switch file {
    case "environ":
      attributes.add("environment", parts.map(\.string))
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:environment",
          message: "Process \(pid) has \(parts.count) environment variables.", entities: [process],
          attributes: attributes,
          locator: locator))
    case "comm":
      attributes.add("command", bytes.trimmed.string)
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:process", message: "Process \(pid) is called \(bytes.trimmed.string).",
          entities: [process], attributes: attributes, locator: locator))
    default:
      let line = parts.map(\.string).joined(separator: " ")
      attributes.add("command", PsTime.program(line))
      attributes.add("command_line", line)
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:process", message: "Process \(pid) runs \(line).", entities: [process],
          attributes: attributes, locator: locator))
    }
  }
}

/// `/proc/PID/status`: name, parent, owner.
struct ProcStatusFormat: LogFormat {
  let name = "capture.proc_status"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    let lines = sample.lines(4)
    return lines.count == 4 && lines[0].hasPrefix("Name:\t")
      && (lines[1].hasPrefix("Umask:\t") || lines[1].hasPrefix("State:\t")) ? .high : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var attributes: [Attribute] = []
    var end: UInt64 = 0
    let encodings = stream.encodings
    try readLines(stream, into: sink) { line in
      guard let (key, value) = line.bytes.cut(0x3A) else { return .skipped("line is not of a process's status") }
      end = line.end
      let words = value.words(limit: 8)
      switch key {
      case _ where key == "Name": attributes.add("command", value.trimmed.string)
      case _ where key == "State": attributes.add("process_state", words.first?.string)
      case _ where key == "Pid": attributes.add("pid", words.first?.integer)
      case _ where key == "PPid": attributes.add("ppid", words.first?.integer)
      case _ where key == "TracerPid":
        if let tracer = words.first?.integer, tracer > 0 { attributes.add("tracer_pid", tracer) }
      case _ where key == "Uid":
        attributes.add("uid", words.first?.integer)
        if words.count > 1 { attributes.add("effective_uid", words[1].integer) }
      case _ where key == "Gid": attributes.add("gid", words.first?.integer)
      case _ where key == "CapEff": attributes.add("capabilities", words.first?.string)
      case _ where key == "Seccomp": attributes.add("seccomp", words.first?.integer)
      default: break
      }
      return .parsed
    }
    guard !attributes.isEmpty else { return }
    let pid = attributes.first { $0.name == "pid" }?.value.text ?? "?"
    let name = attributes.first { $0.name == "command" }?.value.text ?? "?"
    sink.event(
      Event(
        time: nil, dataType: "linux:capture:process", message: "Process \(pid) is called \(name).",
        entities: [Entity(.process, pid)], attributes: attributes,
        locator: Locator(offset: 0, length: end, line: 1, encodings: encodings)))
  }
}

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

/// Lists of digests: `md5sum`, `sha1sum`, `sha256sum` and what UAC makes of running programs.
struct HashListFormat: LogFormat {
  let name = "capture.hashes"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(6)
    return !lines.isEmpty && lines.allSatisfy { Self.row($0) != nil } ? .high : nil
  }

  // d41d8cd98f00b204e9800998ecf8427e  /proc/465/exe
  private static func row(_ line: ByteView) -> (kind: String, hash: ByteView, path: ByteView)? {
    guard let (hash, rest) = line.cut(0x20), !rest.isEmpty, rest[0] == 0x20 || rest[0] == 0x2A else { return nil }
    let kinds = [32: "md5", 40: "sha1", 64: "sha256"]
    guard let kind = kinds[hash.count] else { return nil }
    for index in 0..<hash.count where hexDigit(hash[index]) == nil { return nil }
    return (kind, hash, rest.dropFirst(1))
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let (kind, hash, path) = Self.row(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a digest and a path")
      }
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:hash", message: "\(path.string) has the \(kind) \(hash.string).",
          entities: [Entity(.file, path.string), Entity(.hash, hash.string.lowercased())],
          attributes: [Attribute("path", path.string), Attribute(kind, hash.string.lowercased())], locator: line.locator
        ))
      return .parsed
    }
  }
}
