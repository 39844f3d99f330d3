import ArtifactStore
import Bytes
import Detectors
import Evidence

/// Sigma's correlations over events of several artifacts of a case, as one more entry of its run record: so that a re-scan tells
/// what a new rule sees only where artifacts are put together. A pure function of the stored events and the rules.
public enum CaseCorrelations {
  static let analyzer = "sigma-case"
  private static let version = "2.\(SigmaDetector.version)"

  /// - Parameter entries: of the run whose events are asked.
  /// - Returns: nil where there is nothing to put together.
  public static func entry(
    of entries: [RunRecord.Entry], _ rules: RuleLibrary.Loaded, in store: ArtifactStore
  ) throws -> RunRecord.Entry? {
    let sources = entries.filter { Analyzers.givingEvents.contains($0.analyzer) }
    let correlations = SigmaCaseCorrelations(rules.set.sigma)
    guard correlations.isNeeded, let first = sources.first else { return nil }
    guard correlations.isNeededForOne || Set(sources.map(\.artifact)).count > 1 else { return nil }
    let list = Digest(of: Array(sources.map { "\($0.artifact.hex) \($0.result.hex)\n" }.joined().utf8))
    let unit = Unit(
      artifact: first.artifact, analyzer: analyzer, version: version, rules: rules.keys.sigma,
      options: ["results": list.hex])
    var entry = RunRecord.Entry(
      analyzer: analyzer, artifact: unit.artifact, options: unit.options, rules: unit.rules, key: unit.key,
      result: list, how: .reused)
    if let known = store.results.result(of: entry.key) {
      if (try? store.verified.require(known)) != nil {
        entry.result = known
        return entry
      }
      try store.verified.setAside(known)
    }
    for source in sources {
      try CaseResults.forEachLine(of: source.result, in: store) { line in
        if case .event(let event) = line { correlations.inspect(event, of: source.artifact) }
      }
    }
    let result = try ResultFile(store)
    correlations.finish(result.finding)
    guard let digest = try KnownResults.file(result.finish(), of: unit, in: store) else {
      throw StoreError(.integrity, "the store's object of the case's correlations is damaged: run again")
    }
    entry.result = digest
    entry.how = .computed
    return entry
  }
}

extension RunRecord {
  /// With the entry of correlations over several artifacts, in place of an older one.
  public func adding(_ correlations: Entry?) -> RunRecord {
    var record = self
    record.entries.removeAll { $0.analyzer == CaseCorrelations.analyzer }
    if let correlations { record.entries.append(correlations) }
    return record
  }

  /// The entry of correlations over several artifacts; nil where there was nothing to put together, or nobody looked.
  public var correlations: Entry? { entries.last { $0.analyzer == CaseCorrelations.analyzer } }
}
