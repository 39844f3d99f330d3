import ArtifactStore
import Bytes
import Evidence
import Foundation

/// What a run of a case came to: for each piece of evidence and each analyzer, under which rules, whether the result was
/// computed or reused, and its digest. The proof that nothing was left out, and what the next run is compared with.
///
/// Lies in the store as `runs/CASE.jsonl`: a head line, then one line a unit. The last finished run only; reports keep the rest.
public struct RunRecord: Sendable {
  public enum How: String, Sendable {
    /// By running the whole analyzer.
    case computed
    /// From an older result, by asking only the rules that changed.
    case updated
    /// Taken as it was.
    case reused
  }

  public struct Entry: Hashable, Sendable {
    public var analyzer: String
    public var artifact: Digest
    /// Format, path's end …: what else tells this unit from others of the artifact.
    public var options: [String: String]
    /// Fingerprint of the rules that the result comes from.
    public var rules: Digest?
    public var key: Digest
    public var result: Digest
    public var how: How

    /// The unit without its rules and versions: the same work in another run.
    var work: Work { Work(analyzer: analyzer, artifact: artifact, options: options) }

    struct Work: Hashable {
      var analyzer: String
      var artifact: Digest
      var options: [String: String]
    }
  }

  public var caseName: String
  /// Of the rule set as a whole.
  public var rules: Digest
  /// UTC, RFC 3339.
  public var time: String
  /// False where time ran out: what is missing is computed by the next run.
  public var isWhole: Bool
  public var failed: Int
  /// Of the gravest finding.
  public var severity: Severity?
  public var entries: [Entry]

  public init(
    _ outcome: CaseAnalysis.Outcome, case name: String, rules: Digest, severity: Severity?, at time: Timestamp = .now
  ) {
    caseName = name
    self.rules = rules
    self.time = time.description
    // A time that was up when nothing was left to begin took nothing away.
    isWhole = !outcome.isInterrupted && outcome.left == 0
    failed = outcome.failures.count
    self.severity = severity
    entries = outcome.results.map { one in
      Entry(
        analyzer: one.unit.analyzer, artifact: one.unit.artifact, options: one.unit.options, rules: one.unit.rules,
        key: one.unit.key, result: one.result, how: one.how)
    }
  }

  public func count(_ how: How) -> Int { entries.count { $0.how == how } }

  // MARK: - As JSON Lines

  public var lines: [UInt8] {
    var out = JSONWriter()
    out.object { out in
      out.field("case", caseName)
      out.field("rules", rules.hex)
      out.field("time", time)
      out.field("whole", isWhole)
      out.field("failed", failed)
      out.field("severity", severity?.rawValue)
    }
    out.newline()
    for entry in entries {
      out.object { out in
        out.field("analyzer", entry.analyzer)
        out.field("artifact", entry.artifact.hex)
        if !entry.options.isEmpty {
          out.field(
            "options",
            object: { out in
              for (name, value) in entry.options.sorted(by: { $0.key < $1.key }) { out.field(name, value) }
            })
        }
        out.field("rules", entry.rules?.hex)
        out.field("unit", entry.key.hex)
        out.field("result", entry.result.hex)
        out.field("how", entry.how.rawValue)
      }
      out.newline()
    }
    return out.bytes
  }

  /// - Returns: nil where the text is no record, or not a whole one.
  public init?(_ text: ByteView) {
    var lines = text.split(0x0A, limit: 1 << 24).filter { !$0.isEmpty }[...]
    guard let first = lines.popFirst() else { return nil }
    let head = JSONView(first)
    guard let name = head["case"]?.string, let rules = head["rules"]?.string.flatMap(Digest.init(hex:)) else {
      return nil
    }
    caseName = name
    self.rules = rules
    time = head["time"]?.string ?? ""
    isWhole = head["whole"]?.bool ?? false
    failed = Int(clamping: head["failed"]?.integer ?? 0)
    severity = head["severity"]?.string.flatMap(Severity.init(rawValue:))
    entries = []
    for line in lines {
      guard let entry = Entry(JSONView(line)) else { return nil }
      entries.append(entry)
    }
  }
}

extension RunRecord.Entry {
  fileprivate init?(_ json: JSONView) {
    guard let analyzer = json["analyzer"]?.string, let artifact = json["artifact"]?.string.flatMap(Digest.init(hex:)),
      let key = json["unit"]?.string.flatMap(Digest.init(hex:)),
      let result = json["result"]?.string.flatMap(Digest.init(hex:)),
      let how = json["how"]?.string.flatMap(RunRecord.How.init(rawValue:))
    else { return nil }
    var options: [String: String] = [:]
    json["options"]?.forEachMember { name, value in
      options[name.string] = value.string
      return true
    }
    self.init(
      analyzer: analyzer, artifact: artifact, options: options,
      rules: json["rules"]?.string.flatMap(Digest.init(hex:)), key: key, result: result, how: how)
  }
}

extension RunRecord {
  private static func path(_ name: String, _ store: ArtifactStore) -> String { "\(store.directory)/runs/\(name).jsonl" }

  /// The last finished run of a case; nil before the first.
  public static func last(of name: String, in store: ArtifactStore) -> RunRecord? {
    guard let bytes = FileManager.default.contents(atPath: path(name, store)) else { return nil }
    return [UInt8](bytes).withView { RunRecord($0) }
  }

  /// Of the gravest finding in results; nil where there is none.
  public static func severity(of results: [CaseAnalysis.UnitResult], in store: ArtifactStore) throws -> Severity? {
    var gravest: Severity?
    for one in results where one.unit.analyzer != TriageAnalyzer().name {
      guard let severity = try CaseResults.severity(of: one.result, in: store) else { continue }
      gravest = max(gravest ?? severity, severity)
    }
    return gravest
  }

  /// The record with the entries of an earlier one for work that this run did not come to, so that what was merely not reached
  /// does not count as gone.
  public func keeping(_ earlier: RunRecord?) -> RunRecord {
    guard let earlier, !isWhole || failed > 0 else { return self }
    var whole = self
    let reached = Set(entries.map(\.work))
    whole.entries += earlier.entries.filter { !reached.contains($0.work) }
    return whole
  }

  /// Files this run as the case's last.
  public func save(in store: ArtifactStore) throws(StoreError) {
    do {
      try FileManager.default.createDirectory(atPath: "\(store.directory)/runs", withIntermediateDirectories: true)
    } catch {
      throw StoreError(.cannotWrite, "cannot make the folder \(store.directory)/runs: \(error.localizedDescription)")
    }
    try writeAtomically(lines, to: Self.path(caseName, store), durable: true)
  }
}
