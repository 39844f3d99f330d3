import ArtifactStore
import Bytes
import Detectors
import Evidence
import Foundation
import MemoryParse

/// Scans an artifact, with outer compression undone, with the YARA rules; a memory image (`format`) by address spaces.
///
/// Rules that ask for a file's name or path have a unit of their own for each path (`part=path`, `path`), since their answer
/// depends on it; all others are asked once for the same bytes.
struct YaraAnalyzer: Analyzer {
  let name = "yara"
  let usesRules = true

  func version(options: [String: String]) -> String {
    "2.\(YaraDetector.version)" + (options["format"] == nil ? "" : ".\(MemoryAnalysis.version)")
  }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    try Self.scan(unit, with: surroundings.yaraDetector(expecting: unit.rules), surroundings, into: result)
  }

  static func scan(
    _ unit: Unit, with detector: YaraDetector?, _ surroundings: Surroundings, into result: any ResultSink
  ) throws {
    if let format = unit.options["format"] {
      return try MemoryYara.run(unit, as: format, with: detector, surroundings, into: result)
    }
    let stream = try surroundings.decoded(unit.artifact)
    // Mapped: libyara reads the bytes where they lie, whatever their number, and whole-object conditions stay exact.
    let content =
      stream.encodings.isEmpty ? try surroundings.store.objects.open(unit.artifact) : try ScratchFile(stream).file
    let sink = PlacedSink(result, content, encodings: stream.encodings)
    guard let detector else {
      sink.coverage(Coverage(.skipped, 0..<content.byteCount, reason: "there are no YARA rules"))
      return
    }
    content.withView { detector.scan($0, artifact: unit.artifact, path: unit.options["path"] ?? "", into: sink) }
  }
}

/// Says in every place that it lies behind encodings, and of the first one in which line of text it stands: what a rule found
/// in a listing of processes or a log is read with its line, not with an offset.
private final class PlacedSink: ResultSink {
  private let target: any ResultSink
  private let content: MappedFile
  private let encodings: [String]
  /// A line is shown up to this many bytes before and after the hit.
  private static let reach = 512

  init(_ target: any ResultSink, _ content: MappedFile, encodings: [String]) {
    self.target = target
    self.content = content
    self.encodings = encodings
  }

  /// The line around a place; nil where that is no text.
  private func line(around offset: UInt64) -> String? {
    guard let place = Int(exactly: offset) else { return nil }
    return content.withView { view in
      guard place < view.count else { return nil }
      let before = view.slice(place - Self.reach, place)
      let after = view.slice(place, place + Self.reach)
      let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
      let end = after.firstIndex(of: 0x0A) ?? after.count
      let line = before.slice(start).array + after.slice(0, end).array
      guard !line.contains(where: { $0 < 0x20 && $0 != 0x09 && $0 != 0x0D || $0 == 0x7F }) else { return nil }
      // Cut in the middle of a character at either end, it is text all the same.
      let whole = line.drop { $0 & 0xC0 == 0x80 }
      return String(validating: whole, as: UTF8.self) ?? String(validating: whole.dropLast(3), as: UTF8.self)
    }
  }

  func event(_ event: Event) { target.event(event) }
  func row(view: String, json: [UInt8]) { target.row(view: view, json: json) }

  func finding(_ finding: Finding) {
    var finding = finding
    finding.attributes.add("line", finding.evidence.first?.locator.offset.flatMap { line(around: $0) })
    for index in finding.evidence.indices { finding.evidence[index].locator.encodings = encodings }
    target.finding(finding)
  }

  func coverage(_ coverage: Coverage) {
    var coverage = coverage
    coverage.encodings = encodings
    target.coverage(coverage)
  }
}

/// A decoded stream as a file without a name, mapped: whole-object conditions (`filesize`, offsets) stay exact without holding
/// it in memory.
private struct ScratchFile {
  let file: MappedFile

  init(_ stream: any ByteStream) throws {
    let path = "\(FileManager.default.temporaryDirectory.path)/ir-analyze-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BytesError(.cannotOpen, "cannot make a temporary file: \(systemMessage())") }
    defer {
      close(descriptor)
      unlink(path)
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = try stream.read(into: buffer)
      if count == 0 { break }
      var done = 0
      while done < count {
        let written = write(descriptor, buffer.baseAddress?.advanced(by: done), count - done)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw BytesError(.cannotRead, "cannot write a temporary file: \(systemMessage())") }
        done += written
      }
    }
    file = try MappedFile(path: path)
  }
}
