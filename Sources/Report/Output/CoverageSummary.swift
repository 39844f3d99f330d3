import Evidence
import Timeline

/// What was looked at, and what was not and why: by artifact, its ranges added up.
struct CoverageSummary {
  struct Line: Hashable {
    /// nil for a path of the source that was not taken in.
    var artifact: Digest?
    var path: String
    var analyzer: String
    var state: Coverage.State
    var start: UInt64
    var end: UInt64
    var encodings: [String]
    var reason: String?

    var byteCount: UInt64 { end >= start ? end - start : 0 }
  }

  /// In order of path, then place.
  private(set) var lines: [Line] = []
  private(set) var artifactCount = 0
  /// Artifacts that some parser read, those only searched, those not looked at.
  private(set) var parsed = 0
  private(set) var scanned = 0
  private(set) var skipped = 0
  private(set) var unlisted = 0
  private(set) var skippedBytes: UInt64 = 0

  init(_ records: [CoverageRecord], gaps: [SourceGap], artifacts: [Digest: ArtifactRecord]) {
    let taken = records.map { record in
      Line(
        artifact: record.artifact, path: artifacts[record.artifact]?.name ?? String(record.artifact.hex.prefix(12)),
        analyzer: record.analyzer, state: record.coverage.state, start: record.coverage.start, end: record.coverage.end,
        encodings: record.coverage.encodings, reason: record.coverage.reason)
    }
    let missing = gaps.map { gap in
      Line(
        artifact: nil, path: gap.path, analyzer: "ingest", state: .skipped, start: 0, end: 0, encodings: [],
        reason: gap.reason)
    }
    lines = (taken + missing).sorted { Self.order($0) < Self.order($1) }
    artifactCount = artifacts.count
    var states: [Digest: Set<Coverage.State>] = [:]
    for line in lines { if let artifact = line.artifact { states[artifact, default: []].insert(line.state) } }
    for digest in artifacts.keys {
      guard let found = states[digest] else {
        unlisted += 1
        continue
      }
      if found.contains(.parsed) { parsed += 1 } else if found.contains(.scanned) { scanned += 1 } else { skipped += 1 }
    }
    for line in lines where line.state == .skipped {
      skippedBytes = skippedBytes.addingReportingOverflow(line.byteCount).partialValue
    }
  }

  private static func order(_ line: Line) -> (String, String, UInt64, String, String) {
    (line.path, line.artifact?.hex ?? "", line.start, line.analyzer, line.state.rawValue + (line.reason ?? ""))
  }

  /// What was not parsed, for a reader who asks what was not looked at.
  var gaps: [Line] { lines.filter { $0.state == .skipped || ($0.state == .scanned && $0.reason != nil) } }

  /// Gaps with the same reason, worst first.
  var reasons: [(reason: String, artifacts: Int, bytes: UInt64)] {
    var found: [String: (artifacts: Set<String>, bytes: UInt64)] = [:]
    for line in gaps {
      let reason = line.reason ?? line.state.rawValue
      var known = found[reason] ?? ([], 0)
      known.artifacts.insert(line.artifact?.hex ?? line.path)
      known.bytes = known.bytes.addingReportingOverflow(line.byteCount).partialValue
      found[reason] = known
    }
    return found.map { ($0.key, $0.value.artifacts.count, $0.value.bytes) }.sorted {
      ($1.bytes, $0.reason) < ($0.bytes, $1.reason)
    }
  }
}
