import ArtifactStore
import Bytes
import Evidence

/// Says what an artifact is and which units it needs.
///
/// Result lines of its own: one `artifact` {`kind`, `encodings`}, and a `plan` {`analyzer`, `options`} for each unit.
struct TriageAnalyzer: Analyzer {
  let name = "triage"

  func version(options: [String: String]) -> String { "9" }

  func run(_ unit: Unit, _ surroundings: Surroundings, into result: ResultFile) throws {
    let path = unit.options["path"] ?? ""
    let byteCount = try surroundings.store.objects.open(unit.artifact).byteCount
    let (kind, encodings) = try ArtifactKind.of(
      surroundings.store.objects.path(of: unit.artifact), path: path, byteCount: byteCount)
    result.line("artifact") { out in
      out.field("kind", kind.name)
      if !encodings.isEmpty { out.field("encodings", encodings) }
    }
    for plan in Self.plans(kind, path: path, unit.options) {
      result.line("plan") { out in
        out.field("analyzer", plan.analyzer)
        out.field(
          "options",
          object: { out in
            for (name, value) in plan.options.sorted(by: { $0.key < $1.key }) { out.field(name, value) }
          })
      }
    }
    if case .empty = kind { result.coverage(EmptyArtifact.coverage(path: path, encodings: encodings)) }
  }

  private struct Plan {
    var analyzer: String
    var options: [String: String] = [:]
  }

  private static func plans(_ kind: ArtifactKind, path: String, _ options: [String: String]) -> [Plan] {
    switch kind {
    // Rules may say so much as `filesize == 0`; all empty files are one artifact.
    case .empty: return [Plan(analyzer: "yara")]
    case .memory(let format):
      // A raw image carries no mark of its own, so what was judged from the name goes along.
      let options = ["format": format]
      return [
        Plan(analyzer: "memory", options: options), Plan(analyzer: "memory-text", options: options),
        Plan(analyzer: "yara", options: options),
      ]
    case .packedMemory:
      // Walking page tables needs random access, so the image becomes an object of its own.
      return [Plan(analyzer: "expand", options: ["as": "stream", "path": path])]
    case .archive:
      // Its members are the same under whatever name it lies: copies of one archive are opened once.
      let expand = Plan(analyzer: "expand", options: ["as": "archive"])
      // Rules know attackers' Java programs by the names of their classes, which only the archive has.
      let isJava = [".jar", ".war", ".ear"].contains { path.lowercased().hasSuffix($0) }
      return isJava ? [expand, Plan(analyzer: "yara")] : [expand]
    case .log(let format):
      return [
        Plan(analyzer: "log", options: options.merging(["format": format.name]) { $1 }), Plan(analyzer: "yara"),
      ]
    case .unknown: return [Plan(analyzer: "text"), Plan(analyzer: "yara")]
    }
  }
}
