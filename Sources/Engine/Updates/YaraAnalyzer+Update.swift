import Bytes
import Detectors
import Evidence

extension YaraAnalyzer: UpdatingAnalyzer {
  /// YARA tells findings in the order of the rules, so older ones and new ones are sorted into one another by it.
  func update(
    _ older: Digest, of unit: Unit, _ update: RuleUpdate, _ surroundings: Surroundings, into result: ResultFile
  ) throws -> Bool {
    guard update.hasYara else { return false }
    var findings: [Finding] = []
    var coverage: [Coverage] = []
    try CaseResults.forEachLine(of: older, in: surroundings.store) { line in
      switch line {
      case .finding(let finding): if update.change.stands(finding) { findings.append(finding) }
      case .coverage(let one): coverage.append(one)
      default: break
      }
    }
    if update.change.changed.isEmpty {
      // A gap may have been made by a rule that is no more.
      guard coverage.allSatisfy({ $0.reason == nil }) else { return false }
    } else {
      guard let detector = update.yara else { return false }
      let fresh = KeptResults()
      try Self.scan(unit, with: detector, surroundings, into: fresh)
      // A gap on one side alone names rules of that side; the whole set must be asked what it makes of it.
      guard fresh.coverage == coverage else { return false }
      findings += fresh.findings.filter { !update.change.stands($0) }
    }
    let order = findings.indices.sorted {
      (update.change.order(of: findings[$0]), $0) < (update.change.order(of: findings[$1]), $1)
    }
    for index in order { result.finding(findings[index]) }
    for one in coverage { result.coverage(one) }
    return true
  }
}
