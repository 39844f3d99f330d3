import ArtifactStore
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

  func ingest(_ sources: [(path: String, listing: FolderSource)], case name: String) throws -> Ingest.Summary {
    progress.begin("ingest")
    var whole = Ingest.Summary()
    let ingest = Ingest(into: store, tool: IRAnalyze.tool)
    let all = sources.flatMap(\.listing.files).reduce(UInt64(0)) { $0 &+ $1.byteCount }
    var done: UInt64 = 0
    for source in sources {
      if CaseImport.caseName(of: source.path) != nil {
        let summary = try CaseImport(into: store, tool: IRAnalyze.tool).run(
          source.path, case: name,
          onProgress: { count in
            done += UInt64(count)
            progress.update(done: done, of: max(all, done), "")
          }, isInterrupted: { platform_interrupted() != 0 })
        if summary.isInterrupted { throw Self.interrupted }
        whole.add(summary)
        continue
      }
      let summary = try ingest.run(
        source.listing, named: URL(fileURLWithPath: source.path).standardizedFileURL.path, case: name,
        onProgress: { count in
          done += UInt64(count)
          progress.update(done: done, of: all, "\(sources.count == 1 ? "" : source.path)")
        }, isInterrupted: { platform_interrupted() != 0 })
      whole.add(summary)
      if summary.isInterrupted { throw Self.interrupted }
    }
    progress.end("\(whole.files) files, \(Terminal.size(whole.byteCount)); \(whole.stored) objects new in the store")
    for gap in whole.gaps.prefix(5) { Terminal.tell("not taken in: \(gap.path) \(gap.reason)") }
    if whole.gaps.count > 5 { Terminal.tell("not taken in: \(whole.gaps.count - 5) more, all listed in the report") }
    return whole
  }

  static let interrupted = ExitStatus.Failure(
    .interrupted, "interrupted; run the same command again to go on from here")

  func analyze(case name: String) throws -> CaseAnalysis.Outcome {
    progress.begin("analyze")
    let loaded = rules.load()
    for diagnostic in loaded.diagnostics.prefix(10) { Terminal.tell("rule not used: \(diagnostic)") }
    let command = [Program.path, "worker", "--store", store.directory, "--rules", rules.directory]
    let analysis = CaseAnalysis(store, rules: loaded.set.fingerprint) {
      WorkerPool(command: command, count: work.count)
    }
    let outcome = try analysis.run(case: name) { now in
      progress.update(done: now.bytesDone, of: now.bytes, "\(now.unitsDone) of \(now.units) units")
    }
    if outcome.isInterrupted { throw Self.interrupted }
    progress.end("\(outcome.artifacts.count) artifacts, \(outcome.computed) units computed, \(outcome.reused) reused")
    for failure in outcome.failures.prefix(5) {
      Terminal.tell(
        "not covered: \(failure.unit.analyzer) of \(failure.unit.artifact.hex.prefix(12)): \(failure.reason)")
    }
    try checkHashes(case: name, outcome)
    try noteAnalysis(outcome, case: name, rules: loaded.set.fingerprint)
    return outcome
  }

  func report(_ outcome: CaseAnalysis.Outcome, case name: String, to folder: String, language: Language) throws
    -> CaseReport
  {
    progress.begin("report")
    var report = try CaseReport(store: store, rules: rules, outcome, case: name)
    try report.write(to: folder, language: language)
    progress.end("\(report.findings.count) findings, written to \(folder)")
    try noteReport(report, case: name, in: folder)
    return report
  }
}
