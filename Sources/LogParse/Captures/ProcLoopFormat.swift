import Bytes
import Evidence

/// Command lines of all processes, as a `grep` or a loop over `/proc` shows them: `/proc/465/cmdline:java…`, `/proc/465: java -jar x`,
/// `/proc/465/exe -> /usr/bin/java`.
struct ProcLoopFormat: LogFormat {
  let name = "capture.proc_loop"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    // NULs between the words are the rule here.
    guard sample.front.hasPrefix("/proc/") else { return nil }
    let lines = sample.lines(8).filter { CommandMessage.reason($0) == nil }
    return lines.count >= 2 && lines.allSatisfy { Self.row($0) != nil } ? .high : nil
  }

  private struct Row {
    var pid: Int64
    var file: ByteView
    var text: ByteView
  }

  private static func row(_ line: ByteView) -> Row? {
    guard line.hasPrefix("/proc/") else { return nil }
    var end = 6
    while (0x30...0x39).contains(line[end]), end < 16 { end += 1 }
    guard let pid = line.slice(6, end).integer, pid > 0 else { return nil }
    var rest = line.slice(end)
    var file = rest.slice(0, 0)
    for name in ["/cmdline", "/comm", "/exe"] as [StaticString] where rest.hasPrefix(ByteView(name)) {
      file = rest.slice(1, name.utf8CodeUnitCount)
      rest = rest.slice(name.utf8CodeUnitCount)
    }
    if rest.hasPrefix(" -> ") { return file == "exe" ? Row(pid: pid, file: file, text: rest.slice(4)) : nil }
    guard rest[0] == 0x3A else { return nil }
    return Row(pid: pid, file: file, text: rest.dropFirst(1))
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      guard let row = Self.row(line.bytes) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not of a process")
      }
      if let event = Self.event(row, line.locator) { sink.event(event) }
      return .parsed
    }
  }

  private static func event(_ row: Row, _ locator: Locator) -> Event? {
    let text = row.text.split(0, limit: 1 << 14).filter { !$0.trimmed.isEmpty }.map(\.trimmed.string)
      .joined(separator: " ")
    // Those of the kernel have none.
    guard !text.isEmpty else { return nil }
    var attributes: [Attribute] = [Attribute("pid", row.pid)]
    var entities = [Entity(.process, String(row.pid))]
    if row.file == "exe" {
      let isDeleted = text.hasSuffix(" (deleted)")
      let path = isDeleted ? String(text.dropLast(10)) : text
      attributes.add("executable", path)
      if isDeleted { attributes.append(Attribute("is_deleted", .flag(true))) }
      if path.hasPrefix("/") { entities.append(Entity(.file, path)) }
    } else if row.file == "comm" {
      attributes.add("command", text)
    } else {
      attributes.add("command", PsTime.program(text))
      attributes.add("command_line", text)
    }
    return Event(
      time: nil, dataType: "linux:capture:process", message: "Process \(row.pid) runs \(text).", entities: entities,
      attributes: attributes, locator: locator)
  }
}
