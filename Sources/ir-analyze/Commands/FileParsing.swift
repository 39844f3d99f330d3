import Bytes
import Engine
import Evidence
import Foundation
import Synchronization

/// Reads files on several threads and prints what is in them in the order in which they were named.
final class FileParsing: Sendable {
  enum Source: Sendable {
    case file(String)
    case input(name: String)

    var path: String {
      switch self {
      case .file(let path): path
      case .input(let name): name
      }
    }
  }

  struct Totals: Sendable {
    var files = 0
    var events = 0
    var findings = 0
    /// Whether everything could be read.
    var isCovered = true
  }

  private let sources: [Source]
  private let leavesOutEvents: Bool
  private let threads: Int
  private let zone: String?
  private let next = Atomic<Int>(0)
  private let totals = Mutex(Totals())
  private let output = OrderedOutput()

  /// - Parameter zone: of local times, as `LooseFile` takes it; nil where nobody said.
  init(_ sources: [Source], leavesOutEvents: Bool, threads: Int, zone: String?) {
    self.sources = sources
    self.leavesOutEvents = leavesOutEvents
    self.threads = threads
    self.zone = zone
  }

  func run() -> Totals {
    let ended = DispatchSemaphore(value: 0)
    let count = min(threads, sources.count)
    for _ in 0..<count {
      startThread { [self] in
        while case let place = next.wrappingAdd(1, ordering: .relaxed).oldValue, place < sources.count { read(place) }
        ended.signal()
      }
    }
    for _ in 0..<count { ended.wait() }
    return totals.withLock { $0 }
  }

  private func read(_ place: Int) {
    let source = sources[place]
    let sink = LineSink(output, place, leavesOutEvents: leavesOutEvents)
    do {
      let spooled = try spool(source)
      let file = spooled?.path ?? source.path
      let artifact = try digest(of: file)
      try LooseFile.read(
        file, path: source.path, zone: zone, artifact: artifact, usesAllCores: sources.count < threads, into: sink
      ) { kind in sink.begin(source.path, artifact, kind) }
      withExtendedLifetime(spooled) {}
    } catch {
      sink.isCovered = false
      Terminal.tell("\(source.path): \(ExitStatus.failure(for: error).reason)")
    }
    sink.finish()
    totals.withLock { totals in
      totals.files += 1
      totals.events += sink.events
      totals.findings += sink.findings
      if !sink.isCovered { totals.isCovered = false }
    }
  }

  /// Standard input in a temporary file: what it is, is told by its beginning, and it is named by its digest. nil for files.
  private func spool(_ source: Source) throws -> TemporaryFile? {
    guard case .input = source else { return nil }
    let file = try TemporaryFile()
    try forEachPart(of: FileStream(descriptor: dup(0), name: "standard input")) { try file.append($0) }
    return file
  }

  private func digest(of path: String) throws -> Digest {
    let hash = StreamingHash(.sha256)
    try forEachPart(of: FileStream(path: path)) { hash.update($0) }
    return Digest(bytes: hash.finish()) ?? .unnamed
  }

  private func forEachPart(of stream: FileStream, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    while case let count = try stream.read(into: buffer), count > 0 {
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }
}

/// What one file gives, as lines.
private final class LineSink: ResultSink {
  private var out = JSONWriter()
  private let output: OrderedOutput
  private let place: Int
  private let leavesOutEvents: Bool
  private(set) var events = 0
  private(set) var findings = 0
  var isCovered = true

  init(_ output: OrderedOutput, _ place: Int, leavesOutEvents: Bool) {
    self.output = output
    self.place = place
    self.leavesOutEvents = leavesOutEvents
  }

  func begin(_ path: String, _ artifact: Digest, _ kind: LooseFile.Kind) {
    out.object { out in
      out.field(
        "file",
        object: { out in
          out.field("path", path)
          out.field("sha256", artifact.hex)
          out.field("kind", kind.name)
          if !kind.encodings.isEmpty { out.field("encodings", kind.encodings) }
        })
    }
    out.newline()
  }

  func event(_ event: Event) {
    events += 1
    if leavesOutEvents { return }
    ResultLine.write(event, to: &out)
    flush()
  }

  func finding(_ finding: Finding) {
    findings += 1
    ResultLine.write(finding, to: &out)
    flush()
  }

  func coverage(_ coverage: Coverage) {
    if coverage.state == .skipped { isCovered = false }
    ResultLine.write(coverage, to: &out)
    flush()
  }

  func row(view: String, json: [UInt8]) {
    ResultLine.write(view: view, row: json, to: &out)
    flush()
  }

  private func flush() { if out.count > 1 << 18 { hand() } }

  private func hand() {
    out.withUnsafeBytes { output.write($0, of: place) }
    out.removeAll()
  }

  func finish() {
    hand()
    output.finish(place)
  }
}
