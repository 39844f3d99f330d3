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
    let path = unit.options["path"] ?? ""
    func scan(_ content: ByteView, isUndecided: Bool = false) {
      let sink = PlacedSink(result, encodings: stream.encodings) { place, reach in
        let before = content.slice(max(place - reach, 0), place).array
        return (before + content.slice(place, place + reach).array, before.count)
      }
      if let detector {
        detector.scan(content, artifact: unit.artifact, path: path, into: sink, isUndecided: isUndecided)
      } else {
        sink.coverage(Coverage(.skipped, 0..<UInt64(content.count), reason: "there are no YARA rules"))
      }
    }
    // Where they lie: libyara reads as many bytes as there are, and whole-object conditions stay exact.
    if stream.encodings.isEmpty { return try surroundings.store.objects.open(unit.artifact).withView { scan($0) } }
    guard let detector else { return try DecodedBytes(stream).withView { scan($0) } }
    switch try detector.engine.look(at: stream, YaraScanner.Externals(path: path)) {
    case .whole(let content): scan(content)
    case .told(let found, let kept):
      let sink = PlacedSink(result, encodings: stream.encodings, around: kept.bytes)
      detector.tell(found, byteCount: UInt64(kept.count), artifact: unit.artifact, path: path, into: sink)
    case .undecided:
      try DecodedBytes(surroundings.decoded(unit.artifact)).withView { scan($0, isUndecided: true) }
    }
  }
}

/// Says in every place that it lies behind encodings, and of the first one in which line of text it stands: what a rule found
/// in a listing of processes or a log is read with its line, not with an offset.
private final class PlacedSink: ResultSink {
  typealias Around = (_ place: Int, _ reach: Int) -> (bytes: [UInt8], before: Int)

  private let target: any ResultSink
  private let encodings: [String]
  /// The bytes to either side of a place.
  private let around: Around

  init(_ target: any ResultSink, encodings: [String], around: @escaping Around) {
    self.target = target
    self.encodings = encodings
    self.around = around
  }

  /// The line around a place; nil where that is no text.
  private func line(around offset: UInt64) -> String? {
    guard let place = Int(exactly: offset) else { return nil }
    let (bytes, before) = around(place, YaraDetector.shownLine)
    guard before < bytes.count else { return nil }
    let start = bytes[..<before].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let end = bytes[before...].firstIndex(of: 0x0A) ?? bytes.count
    let line = bytes[start..<end]
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
