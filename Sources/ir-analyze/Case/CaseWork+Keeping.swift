import ArtifactStore
import Bytes
import Engine
import Evidence
import Foundation

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

  /// Custody of what was computed; a run that only reads results back adds nothing.
  func noteAnalysis(_ outcome: CaseAnalysis.Outcome, case name: String, rules: Digest) throws {
    guard outcome.computed > 0 else { return }
    try store.custody.append(
      [
        .init(
          "analyze",
          [
            Attribute("case", name), Attribute("units_computed", Int64(outcome.computed)),
            Attribute("units_reused", Int64(outcome.reused)), Attribute("units_failed", Int64(outcome.failures.count)),
            Attribute("rules", rules.hex),
          ])
      ], tool: IRAnalyze.tool)
  }

  /// Custody of what was told: the findings by their digest, so that a report can be held against the log.
  func noteReport(_ report: CaseReport, case name: String, in folder: String) throws {
    var facts = [
      Attribute("case", name), Attribute("folder", URL(fileURLWithPath: folder).standardizedFileURL.path),
      Attribute("findings", Int64(report.findings.count)),
    ]
    for file in ["report.html", "findings.jsonl"] {
      guard let mapped = try? MappedFile(path: "\(folder)/\(file)") else { continue }
      let hash = StreamingHash(.sha256)
      mapped.forEachPart { hash.update($0.unsafeBytes) }
      facts.append(Attribute(file, hexadecimal(hash.finish())))
    }
    try store.custody.append([.init("report", facts)], tool: IRAnalyze.tool)
  }

  /// Keeps in less room what is no longer read: the work is done, so a full disk here is no failure of it.
  func tidy(case name: String, _ outcome: CaseAnalysis.Outcome? = nil) {
    guard store.obstacle == nil else { return }
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
