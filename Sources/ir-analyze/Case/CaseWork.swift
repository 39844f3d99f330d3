import ArtifactStore
import Bytes
import CPlatform
import Detectors
import Engine
import Evidence
import Foundation
import Report
import Timeline

/// The steps that commands are made of: ingest, analyze, report. Each can be run alone; `run` is all three.
struct CaseWork {
  let store: ArtifactStore
  let rules: RuleLibrary
  let work: WorkOptions
  let progress: ProgressLine

  init(store: ArtifactStore, rules: RuleLibrary, work: WorkOptions) {
    self.store = store
    self.rules = rules
    self.work = work
    progress = ProgressLine(isQuiet: work.quiet)
    platform_watch_interrupts()
  }

  /// - Parameter mayMix: false to refuse a stream that goes into the case of another.
  func ingest(_ sources: [EvidenceSource], case name: String, mayMix: Bool) throws -> Ingest.Summary {
    progress.begin("ingest")
    var whole = Ingest.Summary()
    let all = sources.reduce(UInt64(0)) { $0.addingReportingOverflow($1.byteCount).partialValue }
    var done: UInt64 = 0
    for source in sources {
      let summary = try take(source, case: name, mayMix: mayMix) { count in
        done += UInt64(count)
        progress.update(done: done, of: max(all, done), sources.count == 1 ? "" : source.place)
      }
      whole.add(summary)
      if summary.isInterrupted { throw Self.interrupted }
    }
    progress.end("\(whole.files) files, \(Terminal.size(whole.byteCount)); \(whole.stored) objects new in the store")
    for gap in whole.gaps.prefix(5) { Terminal.tell("not taken in: \(Terminal.short(gap.path)) \(gap.reason)") }
    if whole.gaps.count > 5 { Terminal.tell("not taken in: \(whole.gaps.count - 5) more, all listed in the report") }
    for path in whole.restored.prefix(20) {
      Terminal.tell("integrity: the store's object of \(path) was gone or damaged; it was stored again from the source")
    }
    return whole
  }

  private func take(
    _ source: EvidenceSource, case name: String, mayMix: Bool, onProgress: (Int) -> Void
  ) throws -> Ingest.Summary {
    let ingest = Ingest(into: store, tool: IRAnalyze.tool)
    let isInterrupted = { platform_interrupted() != 0 }
    switch source {
    case .files(let listing, let place):
      return try ingest.run(
        listing, named: place, case: name, onProgress: onProgress, isInterrupted: isInterrupted)
    case .export(let place, _):
      return try CaseImport(into: store, tool: IRAnalyze.tool).run(
        place, case: name, onProgress: onProgress, isInterrupted: isInterrupted)
    case .input(let path):
      return try ingest.run(
        FileStream(descriptor: 0, name: source.place), as: path, named: source.place, case: name, mayMix: mayMix,
        onProgress: onProgress, isInterrupted: isInterrupted)
    case .s3(let s3, let objects):
      return try ingest.run(s3, objects, case: name, onProgress: onProgress, isInterrupted: isInterrupted)
    }
  }

  static let interrupted = ExitStatus.Failure(
    .interrupted, "interrupted; run the same command again to go on from here")

  func analyze(case name: String) throws -> CaseAnalysis.Outcome {
    progress.begin("analyze")
    let loaded = rules.load()
    tell(loaded.diagnostics)
    rules.tellWhereEmpty()
    let outcome = try bring(name, upTo: loaded, from: rules.directory, deadline: nil)
    if outcome.isInterrupted { throw Self.interrupted }
    progress.end("\(outcome.artifacts.count) artifacts, \(outcome.computed) units computed, \(outcome.reused) reused")
    if store.obstacle == nil { try record(outcome, case: name, rules: loaded.set.fingerprint) }
    for failure in outcome.failures where outcome.damaged.contains(failure.unit.artifact) {
      Terminal.tell("integrity: \(failure.reason)")
    }
    for failure in outcome.failures.filter({ !outcome.damaged.contains($0.unit.artifact) }).prefix(5) {
      let digest = failure.unit.artifact
      let path = outcome.artifacts.first { $0.digest == digest }?.paths.first ?? String(digest.hex.prefix(12))
      Terminal.tell("not covered: \(failure.unit.analyzer) of \(Terminal.short(path)): \(failure.reason)")
    }
    // Without writing there is nothing new to check or to note: what was found when the case was analyzed stands.
    guard store.obstacle == nil else { return outcome }
    try checkHashes(case: name, outcome)
    try noteAnalysis(outcome, case: name, rules: loaded.set.fingerprint)
    return outcome
  }

  /// First what is left out, each with its reason; rules that merely could be better are used.
  private func tell(_ diagnostics: [RuleDiagnostic]) {
    for (level, words, most) in [(RuleDiagnostic.Level.error, "rule not used", 100), (.warning, "rule warning", 10)] {
      let some = diagnostics.filter { $0.level == level }
      for diagnostic in some.prefix(most) { Terminal.tell("\(words): \(diagnostic)") }
      if some.count > most { Terminal.tell("\(words): \(some.count - most) more, all listed by `rules check`") }
    }
  }

  /// Files what the run came to; the next re-scan is compared with it.
  private func record(_ outcome: CaseAnalysis.Outcome, case name: String, rules: Digest) throws {
    let before = RunRecord.last(of: name, in: store)
    let isSame = outcome.computed == 0 && before?.entries.count == outcome.results.count
    let severity = try isSame ? before?.severity : RunRecord.severity(of: outcome.results, in: store)
    try RunRecord(outcome, case: name, rules: rules, severity: severity).save(in: store)
  }

  /// Pins the rules and computes what is missing under them. Workers read the pinned copy: the folder may change meanwhile.
  ///
  /// - Parameter source: where the rules come from, for their history.
  func bring(
    _ name: String, upTo loaded: RuleLibrary.Loaded, from source: String, deadline: Date?
  ) throws -> CaseAnalysis.Outcome {
    let set = loaded.set
    if store.obstacle == nil, !store.rules.contains(set.fingerprint) {
      var lists = ["keys": loaded.keys.named]
      for part in RuleSet.Part.allCases { lists[part.rawValue] = set.rules(of: part) }
      try store.rules.pin(set.fingerprint, lists: lists, files: set.files)
    }
    let bases = store.rules.latest(Self.bases).compactMap { set in
      store.rules.list("keys", of: set).flatMap(RuleKeys.init(named:)).map { CaseAnalysis.RuleBase(set: set, keys: $0) }
    }
    if store.obstacle == nil {
      try store.rules.noteUse(of: set.fingerprint, from: source, ruleCount: set.fingerprints.count)
    }
    let command = workerCommand(loaded)
    let analysis = CaseAnalysis(store, rules: loaded.keys, bases: bases, deadline: deadline) {
      WorkerPool(command: command, count: work.count)
    }
    return try analysis.run(case: name) { now in
      progress.update(done: now.bytesDone, of: now.bytes, "\(now.unitsDone) of \(now.units) units")
    }
  }

  /// Starts a worker with the pinned copy of the rules.
  func workerCommand(_ loaded: RuleLibrary.Loaded) -> [String] {
    [Program.path, "worker", "--store", store.directory, "--rules", store.rules.folder(of: loaded.set.fingerprint)]
  }

  /// Earlier rule sets whose results are looked for: a fortnight of nights.
  private static let bases = 14

  func report(_ outcome: CaseAnalysis.Outcome, case name: String, to folder: String, language: Language) throws
    -> CaseReport
  {
    progress.begin("report")
    var report = try CaseReport(store: store, rules: rules, outcome, case: name)
    try report.write(to: folder, language: language)
    progress.end("\(report.findings.count) findings, written to \(folder)")
    if store.obstacle == nil { try noteReport(report, case: name, in: folder) }
    return report
  }
}
