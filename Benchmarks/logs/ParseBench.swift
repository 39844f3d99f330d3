import Bytes
import Evidence
import Foundation
import LogParse

/// Reads a file by the format that recognizes it. `parse`: events are made and thrown away; `write`: they are written as
/// lines of a result, as a worker does. Says bytes, events and seconds of processor time. `lines`: the result itself goes to
/// standard output, so that two builds can be held against each other.
final class Counter: ResultSink {
  var events = 0
  var writes = false
  var tells = false
  var out = JSONWriter()
  var written = 0

  func event(_ event: Event) {
    events += 1
    guard writes else { return }
    ResultLine.write(event, to: &out)
    if out.count > 1 << 18 { flush() }
  }

  /// As the program's own sinks do, without a copy of the event.
  func exchange(_ event: inout Event) { self.event(event) }

  func flush() {
    if tells { FileHandle.standardOutput.write(Data(out.bytes)) }
    written += out.count
    out.removeAll()
  }

  func finding(_ finding: Finding) {}
  func coverage(_ coverage: Coverage) {
    if tells { ResultLine.write(coverage, to: &out) }
  }
  func row(view: String, json: [UInt8]) {}
}

@main struct ParseBench {
  static func main() throws {
    guard CommandLine.arguments.count == 3 else { fatalError("usage: ParseBench parse|write|lines FILE") }
    let path = CommandLine.arguments[2]
    let head = FileHandle(forReadingAtPath: path).map { [UInt8]($0.readData(ofLength: 1 << 16)) } ?? []
    let decoded = try DecodedStream(MemoryStream(head))
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = try buffer.withUnsafeMutableBytes { try decoded.read(into: $0) }
    let format = buffer[..<count].withUnsafeBytes { bytes in
      LogFormats.recognize(FormatSample(head: ByteView(bytes), path: path, isWhole: false))
    }
    guard let format else { fatalError("no format knows \(path)") }
    let sink = Counter()
    sink.tells = CommandLine.arguments[1] == "lines"
    sink.writes = sink.tells || CommandLine.arguments[1] == "write"
    // What it takes to start and to recognize the file does not count: it is the same for a file of any size.
    let start = usage()
    let stream = try DecodedStream(FileStream(path: path))
    let context = ParseContext(path: path, collected: Timestamp(iso8601: "2026-11-25T06:00:00Z"))
    try format.parse(stream, context, into: sink)
    sink.flush()
    if sink.tells { return }
    let end = usage()
    let seconds = end.seconds - start.seconds
    let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    print(
      "\(format.name) \(CommandLine.arguments[1]) bytes=\(size) events=\(sink.events) cpu=\(String(format: "%.3f", seconds))s "
        + "MBps=\(Int(Double(size) / 1e6 / max(seconds, 0.001))) rss=\(end.resident >> 20)MiB")
  }

  /// Processor time of the process so far, and the most memory that it held.
  static func usage() -> (seconds: Double, resident: Int) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return (
      Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6, usage.ru_maxrss << 10
    )
  }
}
