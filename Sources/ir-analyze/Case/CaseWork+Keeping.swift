import ArtifactStore
import Engine
import Evidence

extension CaseWork {
  /// Compares the hashes that collectors left in a case with its bytes; what is wrong is told, recorded, and in the report.
  @discardableResult
  func checkHashes(case name: String, _ files: [CaseFile]) throws -> [HashVerdict] {
    let keys = try work.cloudtrailKeys.map { (path) throws(StoreError) in try CloudTrailKeys(path: path) }
    let verdicts = try CaseHashCheck(store, files: files).run(
      case: name, keys: keys ?? CloudTrailKeys(), tool: IRAnalyze.tool)
    let wrong = verdicts.filter { $0.verdict == .mismatch }
    for verdict in wrong.prefix(5) { Terminal.tell("evidence changed: \(verdict.sentence)") }
    if wrong.count > 5 { Terminal.tell("evidence changed: \(wrong.count - 5) more, all listed in the report") }
    return verdicts
  }

  func checkHashes(case name: String, _ outcome: CaseAnalysis.Outcome) throws {
    try checkHashes(
      case: name,
      outcome.artifacts.flatMap { artifact in
        artifact.paths.map { CaseFile(path: $0, digest: artifact.digest, byteCount: artifact.byteCount) }
      })
  }

  /// - Throws: integrity, after everything is taken in, where a collector's hash does not fit.
  func checkHashes(ofIngested name: String) throws -> [HashVerdict] {
    try checkHashes(
      case: name,
      store.cases.sightings(of: name).map { CaseFile(path: $0.path, digest: $0.digest, byteCount: $0.byteCount) })
  }

  /// Keeps in less room what is no longer read: the work is done, so a full disk here is no failure of it.
  func tidy(case name: String, _ outcome: CaseAnalysis.Outcome? = nil) {
    store.objects.emptyCache()
    let inner = (outcome?.artifacts ?? []).filter { $0.parent != nil }.map {
      (digest: $0.digest, path: $0.paths.first ?? "", byteCount: $0.byteCount)
    }
    progress.begin("pack")
    do {
      let saved = try CasePacking(store, progress).run([name], more: inner)
      if saved.objects > 0 {
        progress.end("\(saved.objects) images kept by what differs, \(Terminal.size(saved.byteCount)) saved")
      }
    } catch {
      Terminal.tell("images are kept whole: \(error)")
    }
  }
}
