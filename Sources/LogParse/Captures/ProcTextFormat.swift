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

/// `/proc/PID/cmdline`, `comm`, `environ`, `cgroup` and `stat`: texts with NUL between (blanks or lines, where the collector changed them).
struct ProcTextFormat: LogFormat {
  let name = "capture.proc_text"
  let version = 3

  /// Of the whole text.
  private static let limit = 1 << 18

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard let (_, file) = ProcPath.split(sample.path) else { return nil }
    switch file {
    case "cmdline", "environ", "comm": return .high
    case "cgroup": return sample.lines(1).first.map { $0.split(0x3A, limit: 3).count == 3 } ?? false ? .high : nil
    case "stat": return sample.lines(1).first.flatMap(ProcStatLine.init) != nil ? .high : nil
    default: return nil
    }
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
    case "cgroup":
      let groups = bytes.split(0x0A, limit: 256).map(\.trimmed).filter { !$0.isEmpty }
      let container = groups.lazy.compactMap(Self.container).first
      attributes.add("cgroups", groups.map(\.string))
      attributes.add("container_id", container)
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:process",
          message: "Process \(pid) is of \(container.map { "the container \($0)" } ?? "no container").",
          entities: [process] + (container.map { [Entity(.container, $0)] } ?? []), attributes: attributes,
          locator: locator))
    case "stat":
      guard let stat = ProcStatLine(bytes.trimmed) else { return }
      attributes.add("command", stat.command.string)
      attributes.add("process_state", stat.state.string)
      attributes.add("ppid", stat.parent)
      sink.event(
        Event(
          time: nil, dataType: "linux:capture:process",
          message: "Process \(pid) is called \(stat.command.string) and was started by \(stat.parent).",
          entities: [process], attributes: attributes, locator: locator))
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

  // 0::/system.slice/docker-4c01db0b339c….scope — 9:pids:/kubepods/pod1234/4c01db0b339c…
  /// The 64 digits that container runtimes name a group by.
  private static func container(_ line: ByteView) -> String? {
    var (start, place) = (0, 0)
    while place <= line.count {
      if place < line.count, hexDigit(line[place]) != nil {
        place += 1
        continue
      }
      if place - start == 64 { return line.slice(start, place).string }
      place += 1
      start = place
    }
    return nil
  }
}

/// The front of `/proc/PID/stat`. A program's name may hold blanks and brackets.
// 26647 (my prog) S 1) S 26634 26647 26647 0 -1 4194304 …
struct ProcStatLine {
  let pid: Int64
  let command: ByteView
  let state: ByteView
  let parent: Int64

  init?(_ line: ByteView) {
    guard let open = line.firstIndex(of: 0x28), let close = line.lastIndex(of: 0x29), open < close, close < open + 64,
      let pid = line.slice(0, open).trimmed.integer, pid > 0
    else { return nil }
    let words = line.slice(close + 1).words(limit: 40)
    guard words.count >= 20, words[0].count == 1, let parent = words[1].integer, parent >= 0 else { return nil }
    self.pid = pid
    command = line.slice(open + 1, close)
    state = words[0]
    self.parent = parent
  }
}
