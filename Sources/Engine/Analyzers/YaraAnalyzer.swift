import ArtifactStore
import Bytes
import Detectors
import Evidence
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
    func scan(_ content: ByteView) {
      let sink = PlacedSink(result, content, encodings: stream.encodings)
      if let detector {
        detector.scan(content, artifact: unit.artifact, path: unit.options["path"] ?? "", into: sink)
      } else {
        sink.coverage(Coverage(.skipped, 0..<UInt64(content.count), reason: "there are no YARA rules"))
      }
    }
    // Where they lie: libyara reads as many bytes as there are, and whole-object conditions stay exact.
    if stream.encodings.isEmpty {
      try surroundings.store.objects.open(unit.artifact).withView(scan)
    } else {
      try DecodedBytes(stream).withView(scan)
    }
  }
}

/// Says in every place that it lies behind encodings, and of the first one in which line of text it stands: what a rule found
/// in a listing of processes or a log is read with its line, not with an offset.
private final class PlacedSink: ResultSink {
  private let target: any ResultSink
  /// Valid while the sink is used.
  private let content: ByteView
  private let encodings: [String]
  /// A line is shown up to this many bytes before and after the hit.
  private static let reach = 512

  init(_ target: any ResultSink, _ content: ByteView, encodings: [String]) {
    self.target = target
    self.content = content
    self.encodings = encodings
  }

  /// The line around a place; nil where that is no text.
  private func line(around offset: UInt64) -> String? {
    guard let place = Int(exactly: offset), place < content.count else { return nil }
    let before = content.slice(place - Self.reach, place)
    let after = content.slice(place, place + Self.reach)
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let end = after.firstIndex(of: 0x0A) ?? after.count
    let line = before.slice(start).array + after.slice(0, end).array
    guard !line.contains(where: { $0 < 0x20 && $0 != 0x09 && $0 != 0x0D || $0 == 0x7F }) else { return nil }
    // Cut in the middle of a character at either end, it is text all the same.
    let whole = line.drop { $0 & 0xC0 == 0x80 }
    return String(validating: whole, as: UTF8.self) ?? String(validating: whole.dropLast(3), as: UTF8.self)
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
