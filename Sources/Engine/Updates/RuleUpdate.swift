import Detectors
import Evidence

/// An analyzer whose result can be made from an older one: what other rules found stands, and only rules that changed are
/// asked. The bytes are those of a run from nothing; a re-scan's audit holds it to that.
protocol UpdatingAnalyzer: Analyzer {
  /// - Parameter older: the result of the same work under other rules.
  /// - Returns: false where the older result cannot be built upon; then nothing that was written counts.
  func update(
    _ older: Digest, of unit: Unit, _ update: RuleUpdate, _ surroundings: Surroundings, into result: ResultFile
  ) throws -> Bool
}

/// The rules to ask anew, and how to tell which older findings stand.
struct RuleUpdate {
  let change: RuleChange
  /// The changed rules, with those that they rest on.
  let rules: RuleSet
  /// Of the changed rules; nil where they are not YARA's.
  let yara: YaraDetector?
  /// Whether the new set has YARA rules at all.
  let hasYara: Bool

  /// - Parameters:
  ///   - old: fingerprints of the older set's rules by name, those that belong to this kind of unit.
  ///   - timeout: seconds for one pass of YARA.
  init(from old: [String: Digest], to set: RuleSet, timeout: Int) throws {
    change = RuleChange(from: old, to: set)
    rules = change.changed.isEmpty ? set : set.subset(change.changed)
    yara = change.changed.isEmpty ? nil : try YaraDetector(rules, timeout: timeout)
    hasYara = set.yara != nil
  }
}

/// Keeps what is told.
final class KeptResults: ResultSink {
  private(set) var findings: [Finding] = []
  private(set) var coverage: [Coverage] = []

  func event(_ event: Event) {}
  func row(view: String, json: [UInt8]) {}
  func finding(_ finding: Finding) { findings.append(finding) }
  func coverage(_ coverage: Coverage) { self.coverage.append(coverage) }
}
