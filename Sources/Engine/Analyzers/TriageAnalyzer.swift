import ArtifactStore
import Bytes
import Evidence
import LogParse
import MemoryParse

/// Says what an artifact is and which units it needs. Content decides; the path only settles what content leaves open.
///
/// Result lines of its own: one `artifact` {`kind`, `encodings`}, and a `plan` {`analyzer`, `options`} for each unit.
struct TriageAnalyzer: Analyzer {
  let name = "triage"

  /// Bytes looked at, after decoding.
  static let headCount = 1 << 16

  func version(options: [String: String]) -> String { "5" }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    let path = unit.options["path"] ?? ""
    let stream = try surroundings.decoded(unit.artifact)
    let raw = try surroundings.store.objects.open(unit.artifact)
    let head = try readHead(stream)
    var (kind, plans) = head.withView { head in
      decide(
        FormatSample(head: head, path: path, isWhole: head.count < Self.headCount), raw: raw,
        encodings: stream.encodings,
        unit.options)
    }
    if kind == "unknown", let found = try wideLog(unit.artifact, path, unit.options, surroundings) {
      (kind, plans) = found
    }
    result.line("artifact") { out in
      out.field("kind", kind)
      if !stream.encodings.isEmpty { out.field("encodings", stream.encodings) }
    }
    for plan in plans {
      result.line("plan") { out in
        out.field("analyzer", plan.analyzer)
        out.field(
          "options",
          object: { out in
            for (name, value) in plan.options.sorted(by: { $0.key < $1.key }) { out.field(name, value) }
          })
      }
    }
    if raw.byteCount == 0 { result.coverage(EmptyArtifact.coverage(path: path)) }
  }

  private struct Plan {
    var analyzer: String
    var options: [String: String] = [:]
  }

  private func decide(
    _ sample: FormatSample, raw: MappedFile, encodings: [String], _ options: [String: String]
  ) -> (kind: String, [Plan]) {
    if raw.byteCount == 0 { return ("empty", []) }
    if encodings.isEmpty {
      if let format = MemoryImages.recognize(head: sample.head, byteCount: raw.byteCount, name: String(sample.name)) {
        return ("memory/\(format)", Self.memoryPlans(format))
      }
    } else if let format = MemoryImages.recognize(
      head: sample.head, byteCount: .max, name: Self.withoutSuffix(sample.name))
    {
      // Walking page tables needs random access, so the image becomes an object of its own.
      return (
        "compressed memory/\(format)", [Plan(analyzer: "expand", options: ["as": "stream", "path": sample.path])]
      )
    }
    if Self.isArchive(sample.head) {
      return ("archive", [Plan(analyzer: "expand", options: ["as": "archive", "path": sample.path])])
    }
    if let format = LogFormats.recognize(sample) {
      var chosen = options
      chosen["format"] = format.name
      return ("log/\(format.name)", [Plan(analyzer: "log", options: chosen), Plan(analyzer: "yara")])
    }
    return ("unknown", [Plan(analyzer: "text"), Plan(analyzer: "yara")])
  }

  /// A log that was saved in wide characters.
  private func wideLog(
    _ artifact: Digest, _ path: String, _ options: [String: String], _ surroundings: Surroundings
  ) throws -> (kind: String, [Plan])? {
    let stream = try surroundings.text(artifact)
    guard WideTextStream.isNamed(in: stream.encodings) else { return nil }
    let head = try readHead(stream)
    return head.withView { head in
      guard
        let format = LogFormats.recognize(
          FormatSample(head: head, path: path, isWhole: head.count < Self.headCount))
      else { return nil }
      var chosen = options
      chosen["format"] = format.name
      return ("log/\(format.name)", [Plan(analyzer: "log", options: chosen), Plan(analyzer: "yara")])
    }
  }

  private static func memoryPlans(_ format: String) -> [Plan] {
    // A raw image carries no mark of its own, so what was judged from the name goes along.
    let options = ["format": format]
    return [
      Plan(analyzer: "memory", options: options), Plan(analyzer: "memory-text", options: options),
      Plan(analyzer: "yara", options: options),
    ]
  }

  /// tar has its mark at 257, zip at the front.
  private static func isArchive(_ head: ByteView) -> Bool {
    head.slice(257, 262).hasPrefix("ustar") || head.hasPrefix("PK\u{03}\u{04}") || head.hasPrefix("PK\u{05}\u{06}")
  }

  private static func withoutSuffix(_ name: Substring) -> String {
    guard let dot = name.lastIndex(of: ".") else { return String(name) }
    return String(name[..<dot])
  }

  private func readHead(_ stream: any ByteStream) throws(BytesError) -> [UInt8] {
    var head = [UInt8](repeating: 0, count: Self.headCount)
    var filled = 0
    while filled < head.count {
      var failure: BytesError?
      let count = head.withUnsafeMutableBytes { buffer in
        do throws(BytesError) {
          return try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
        } catch {
          failure = error
          return 0
        }
      }
      if let failure { throw failure }
      if count == 0 { break }
      filled += count
    }
    return Array(head.prefix(filled))
  }
}
