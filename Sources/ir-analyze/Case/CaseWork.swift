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
        progress.update(done: done, of: all, sources.count == 1 ? "" : source.place)
      }
      whole.files += summary.files
      whole.stored += summary.stored
      whole.byteCount += summary.byteCount
      whole.gaps += summary.gaps
      whole.restored += summary.restored
      if summary.isInterrupted { throw Self.interrupted }
    }
    progress.end("\(whole.files) files, \(Terminal.size(whole.byteCount)); \(whole.stored) objects new in the store")
    for gap in whole.gaps.prefix(5) { Terminal.tell("not taken in: \(gap.path) \(gap.reason)") }
    if whole.gaps.count > 5 { Terminal.tell("not taken in: \(whole.gaps.count - 5) more, all listed in the report") }
    for path in whole.restored.prefix(20) {
      Terminal.tell("integrity: the store's object of \(path) was gone or damaged; it was stored again from the source")
    }
    return whole
  }

  private func take(
    _ source: EvidenceSource, case name: String, mayMix: Bool, onProgress: (Int) -> Void
  ) throws -> Ingest.Summary {
    let ingest = Ingest(into: store, tool: "ir-analyze \(IRAnalyze.version)")
    let isInterrupted = { platform_interrupted() != 0 }
    switch source {
    case .files(let listing, let place):
      return try ingest.run(
        listing, named: place, case: name, onProgress: onProgress, isInterrupted: isInterrupted)
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
    for failure in outcome.failures where outcome.damaged.contains(failure.unit.artifact) {
      Terminal.tell("integrity: \(failure.reason)")
    }
    for failure in outcome.failures.filter({ !outcome.damaged.contains($0.unit.artifact) }).prefix(5) {
      Terminal.tell(
        "not covered: \(failure.unit.analyzer) of \(failure.unit.artifact.hex.prefix(12)): \(failure.reason)")
    }
    return outcome
  }

  func report(_ outcome: CaseAnalysis.Outcome, case name: String, to folder: String, language: Language) throws
    -> CaseReport
  {
    progress.begin("report")
    var report = try CaseReport(store: store, rules: rules, outcome, case: name)
    try report.write(to: folder, language: language)
    progress.end("\(report.findings.count) findings, written to \(folder)")
    return report
  }
}
