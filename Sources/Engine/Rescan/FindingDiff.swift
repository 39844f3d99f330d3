import ArtifactStore
import Bytes
import Evidence

/// What differs between the findings of two runs of a case.
///
/// Results that are the same object are not read: a night on which nothing changed costs a comparison of digests.
public struct FindingDiff: Sendable {
  /// Why a finding is there now and was not before, or the other way round.
  public enum Cause: String, Sendable {
    case newEvidence = "new-evidence", newRule = "new-rule", changedRule = "changed-rule", removedRule = "removed-rule"
    /// The program or its built-in detectors changed, or a unit failed in one of the two runs.
    case program
  }

  public struct Change: Sendable {
    /// nil for a finding that is new.
    public var before: Finding?
    /// nil for a finding that is gone.
    public var now: Finding?
    public var cause: Cause

    public var finding: Finding? { now ?? before }
  }

  public private(set) var new: [Change] = []
  public private(set) var gone: [Change] = []
  /// Same place and rule, other words or another severity.
  public private(set) var changed: [Change] = []

  public var isEmpty: Bool { new.isEmpty && gone.isEmpty && changed.isEmpty }
  public var all: [Change] { new + gone + changed }

  /// - Parameters:
  ///   - before: results of the earlier run.
  ///   - rules: names of rules that are new, changed and removed since the unit's earlier result; nil for a unit that had none.
  public init(
    from before: [RunRecord.Entry], to now: [RunRecord.Entry], rules: (RunRecord.Entry?) -> RuleNews,
    in store: ArtifactStore
  ) throws {
    let known = Dictionary(grouping: before, by: \.work)
    let current = Dictionary(grouping: now, by: \.work)
    let artifacts = Set(before.map(\.artifact))
    /// Each with the earlier run's entry of the unit that tells it.
    var old: [String: (finding: Finding, entry: RunRecord.Entry?)] = [:]
    var fresh: [String: (finding: Finding, entry: RunRecord.Entry?)] = [:]
    for (work, entries) in known where Set(entries.map(\.result)) != Set((current[work] ?? []).map(\.result)) {
      for entry in entries { try Self.read(entry.result, store) { old[$0.id] = ($0, entry) } }
    }
    for (work, entries) in current where Set(entries.map(\.result)) != Set((known[work] ?? []).map(\.result)) {
      let entry = known[work]?.first
      for now in entries { try Self.read(now.result, store) { fresh[$0.id] = ($0, entry) } }
    }
    for (id, (finding, entry)) in fresh {
      let isNewArtifact = finding.evidence.first.map { !artifacts.contains($0.artifact) } ?? false
      if let (before, entry) = old.removeValue(forKey: id) {
        guard before != finding else { continue }
        changed.append(Change(before: before, now: finding, cause: rules(entry).cause(of: finding)))
      } else {
        new.append(Change(now: finding, cause: isNewArtifact ? .newEvidence : rules(entry).cause(of: finding)))
      }
    }
    gone = old.values.map { Change(before: $0.finding, cause: rules($0.entry).cause(of: $0.finding)) }
    new.sort(by: Self.precedes)
    gone.sort(by: Self.precedes)
    changed.sort(by: Self.precedes)
  }

  private static func read(_ result: Digest, _ store: ArtifactStore, _ body: (Finding) -> Void) throws {
    try CaseResults.forEachLine(of: result, in: store) { line in
      if case .finding(let finding) = line { body(finding) }
    }
  }

  /// The gravest first.
  private static func precedes(_ left: Change, _ right: Change) -> Bool {
    guard let one = left.finding, let other = right.finding else { return left.finding != nil }
    if one.severity != other.severity { return one.severity > other.severity }
    return (one.rule, one.id) < (other.rule, other.id)
  }
}

/// Which rules are not what they were, by the name that findings carry.
public struct RuleNews: Sendable {
  public var new: Set<String>
  public var changed: Set<String>
  public var removed: Set<String>

  /// - Parameters: fingerprints by name (`yara:PATH:NAME`, `sigma:PATH:ID`), as `RuleSet.rules` gives them.
  public init(from old: [String: Digest], to now: [String: Digest]) {
    new = Set(now.keys.filter { old[$0] == nil })
    changed = Set(now.filter { old[$0.key] != nil && old[$0.key] != $0.value }.keys)
    removed = Set(old.keys.filter { now[$0] == nil })
  }

  func cause(of finding: Finding) -> FindingDiff.Cause {
    func isMeant(_ name: String) -> Bool {
      guard finding.rule.hasPrefix("yara:") else {
        return name.hasPrefix("sigma:") && name.hasSuffix(":\(finding.rule)")
      }
      return name.hasPrefix("yara:") && name.hasSuffix(":\(finding.rule.dropFirst(5))")
    }
    if changed.contains(where: isMeant) { return .changedRule }
    if new.contains(where: isMeant) { return .newRule }
    if removed.contains(where: isMeant) { return .removedRule }
    return .program
  }
}
