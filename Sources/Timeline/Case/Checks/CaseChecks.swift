import Bytes
import Evidence

/// Checks that no single artifact allows: memory against what commands on the running machine showed, and what the attack's
/// processes held open. Takes the stored results of a case, event by event, and keeps what it needs of them. The same
/// results give the same findings in the same order.
public struct CaseChecks {
  private(set) var facts = HostFactsTable()

  public init() {}

  /// Takes note of an event; in the order of artifacts.
  public mutating func take(_ event: Event, _ artifact: Digest) { facts.take(event, artifact) }

  /// Takes note of a row of a memory view.
  public mutating func take(row: ByteView, view: String, _ artifact: Digest) {
    facts.take(row: row, view: view, artifact)
  }

  /// The findings; less grave where another artifact, or what their own artifact is, explains them.
  public func settled(_ findings: [Finding], artifacts: [ArtifactRecord]) -> [Finding] {
    LogMatchCheck.settle(ScriptSocketCheck.settle(findings, facts), artifacts: artifacts)
  }

  /// What the results contradict each other in, and what they show together.
  ///
  /// - Parameters:
  ///   - findings: of the case so far.
  ///   - damaged: artifacts of which not all could be read.
  public func findings(
    artifacts: [ArtifactRecord], given findings: [Finding], damaged: Set<Digest> = []
  ) -> [Finding] {
    var found: [Finding] = []
    for pair in CapturePair.pairs(in: facts, artifacts: artifacts, damaged: damaged) {
      found += HiddenProcessCheck.findings(pair)
      found += HiddenSocketCheck.findings(pair, marks: AttackMarks(findings))
      found += HiddenModuleCheck.findings(pair)
    }
    return found + HeldFileCheck.findings(facts, artifacts: artifacts, given: findings + found)
  }
}
