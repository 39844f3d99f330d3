import ArtifactStore
import Bytes
import CPlatform
import Detectors
import Engine
import Evidence
import Foundation

/// One store's part of a re-scan: the rules come into force, then each case is brought up to date and compared with its last run.
struct StoreRescan {
  let store: ArtifactStore
  /// The folder of the update.
  let rules: String
  let work: WorkOptions
  let deadline: Date?

  mutating func run(
    cases wanted: Set<String>, since: Timestamp?, audit: Double?, into report: inout RescanReport
  ) throws {
    var mine = RescanReport.OfStore(store: store.directory)
    let before = store.rules.latest(1).first
    let (loaded, directory) = try admit(last: before, &mine)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let set = loaded.set
    if set.rules.isEmpty, let before, store.rules.list("yara", of: before)?.isEmpty == false {
      throw ExitStatus.Failure(
        .usage,
        "there is no rule in \(rules), and every finding of the last set's would be gone: name the right folder")
    }
    let earlier = before.flatMap { RuleHistory.allRules(of: $0, in: store) } ?? [:]
    let news = RuleNews(from: earlier, to: set.rules)
    let history = RuleHistory(store, now: set.rules, lastNight: news)
    mine.rules = RescanReport.Rules(fingerprint: set.fingerprint, count: set.rules.count, news: news)
    let cases = try order(wanted, since: since)
    let caseWork = CaseWork(store: store, rules: RuleLibrary(directory: rules), work: work)
    for (place, name) in cases.enumerated() {
      if let deadline, deadline < Date() {
        mine.waiting = Array(cases[place...])
        break
      }
      mine.cases.append(try rescan(name, loaded, history, caseWork, audit: audit))
    }
    report.stores.append(mine)
  }

  /// The rules that are in force now. What of the update is refused is replaced by its last good version.
  private func admit(
    last: Digest?, _ mine: inout RescanReport.OfStore
  ) throws -> (RuleLibrary.Loaded, directory: String) {
    let candidate = "\(store.directory)/tmp/rules-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let admission = RuleAdmission(command: [Program.path, "rules", "examine"])
    mine.refused = try admission.admit(rules, last: last.map { store.rules.folder(of: $0) }, into: candidate)
    for one in mine.refused {
      let fallback = one.keepsEarlier ? "its last good version stays in force" : "it is not used"
      Terminal.tell("rule file refused, \(fallback): \(one.path): \(one.reason)")
    }
    return (RuleLibrary(directory: candidate).load(), candidate)
  }

  /// The gravest cases first, among equals the ones that took evidence in last.
  private func order(_ wanted: Set<String>, since: Timestamp?) throws -> [String] {
    let taken = try store.cases.lastTaken()
    return taken.filter { one in
      (wanted.isEmpty || wanted.contains(one.key)) && since.map { one.value >= $0.description } ?? true
    }.map { one in
      (name: one.key, rank: RunRecord.last(of: one.key, in: store)?.severity?.rank ?? -1, taken: one.value)
    }.sorted { ($1.rank, $1.taken, $0.name) < ($0.rank, $0.taken, $1.name) }.map(\.name)
  }

  private func rescan(
    _ name: String, _ loaded: RuleLibrary.Loaded, _ history: RuleHistory, _ work: CaseWork, audit: Double?
  ) throws -> RescanReport.OfCase {
    work.progress.begin("rescan \(name)")
    let before = RunRecord.last(of: name, in: store)
    let outcome = try work.bring(name, upTo: loaded, from: rules, deadline: deadline)
    if outcome.isInterrupted { throw CaseWork.interrupted }
    let isSame = outcome.computed == 0 && before?.adding(nil).entries.count == outcome.results.count
    let severity = try isSame ? before?.severity : RunRecord.severity(of: outcome.results, in: store)
    var record = RunRecord(outcome, case: name, rules: loaded.set.fingerprint, severity: severity).keeping(before)
    var earlier = before
    if isSame, before?.rules == loaded.set.fingerprint {
      record = record.adding(before?.correlations)
    } else {
      record = record.adding(try CaseCorrelations.entry(of: record.adding(nil).entries, loaded, in: store))
      earlier = try before.map(withCorrelations)
    }
    let diff = try FindingDiff(
      from: earlier?.entries ?? [], to: record.entries, rules: { history.news(since: $0, in: before) }, in: store)
    try record.save(in: store)
    let audited = try audit.map { try self.audit(outcome, $0, loaded, work) }
    work.progress.end(
      "\(outcome.computed - outcome.updated) units computed, \(outcome.updated) brought up to date, \(outcome.reused) reused; "
        + "\(diff.new.count) findings new, \(diff.gone.count) gone, \(diff.changed.count) changed")
    let paths = Dictionary(outcome.artifacts.map { ($0.digest, $0.paths.first ?? "") }) { first, _ in first }
    return RescanReport.OfCase(
      name: name, isFirst: before == nil, outcome: outcome, record: record, diff: diff, audit: audited, paths: paths)
  }

  /// An earlier run with what correlations saw then, which only re-scans note down: with its events and its rules.
  private func withCorrelations(_ run: RunRecord) throws -> RunRecord {
    if run.correlations != nil { return run }
    let rules = RuleLibrary(directory: store.rules.folder(of: run.rules)).load()
    guard rules.set.fingerprint == run.rules else { return run }
    return run.adding(try CaseCorrelations.entry(of: run.entries, rules, in: store))
  }

  /// Computes a random part of the results from nothing, each in a worker, and compares digests.
  private func audit(
    _ outcome: CaseAnalysis.Outcome, _ part: Double, _ loaded: RuleLibrary.Loaded, _ work: CaseWork
  ) throws -> RescanReport.Audit {
    let seed = UInt64.random(in: 0 ... .max)
    var sizes: [Digest: UInt64] = [:]
    for artifact in outcome.artifacts { sizes[artifact.digest] = artifact.byteCount }
    // Drawn by digest of seed and key, so that the same seed draws the same units again.
    let drawn = outcome.results.filter { one in
      let bytes = Digest(of: Array("\(seed) \(one.unit.key.hex)".utf8)).bytes.prefix(6)
      return Double(bytes.reduce(0) { $0 << 8 | UInt64($1) }) / Double(1 << 48) < part
    }
    var audit = RescanReport.Audit(seed: seed, drawn: drawn.count, of: outcome.results.count)
    guard !drawn.isEmpty else { return audit }
    let expected = Dictionary(drawn.map { ($0.unit.key, $0.result) }) { first, _ in first }
    let pool = WorkerPool(command: work.workerCommand(loaded), count: self.work.count)
    defer { pool.stop() }
    pool.add(
      drawn.map { one in
        let size = sizes[one.unit.artifact] ?? 0
        return WorkerPool.Job(unit: one.unit, size: size, weight: size, isAudit: true)
      })
    var open = drawn.count
    while open > 0, platform_interrupted() == 0 {
      for (job, result) in pool.outcomes() {
        open -= 1
        switch result {
        case .result(let digest, _) where digest == expected[job.unit.key]: audit.agreed += 1
        case .result(let digest, _):
          audit.differing.append("\(job.unit.analyzer) of \(job.unit.artifact.hex): \(digest.hex) from nothing")
        case .failed(let reason), .damaged(let reason), .cannotWrite(let reason):
          audit.failed.append("\(job.unit.analyzer) of \(job.unit.artifact.hex): \(reason)")
        }
      }
    }
    return audit
  }
}
