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
  let version = 2

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
      // Those of the kernel have none.
      guard !parts.isEmpty else { return }
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
