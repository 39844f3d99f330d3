import ArtifactStore
import Bytes
import Detectors
import Engine
import Evidence
import Foundation
import LogParse
import Report
import Timeline

/// What a case's results say, ready to be written: findings, coverage, events, views.
struct CaseReport {
  private(set) var findings: [Finding] = []
  private(set) var coverage: [CoverageRecord] = []
  /// Bytes of all artifacts, by the best that was done with them.
  private(set) var totals = CoverageLedger.Totals()
  let ruleDigests: [(String, String)]
  private let store: ArtifactStore
  private let name: String
  private let outcome: CaseAnalysis.Outcome
  private let gaps: [CaseDatabase.Gap]
  private let records: [ArtifactRecord]
  private var clocks = ClockCorrection.none
  private var limits: [String] = []
  /// Of the hashes that collectors left.
  let verdicts: [HashVerdict]
  /// Where custody ends with this report: what to compare a later store with.
  var custodyHead: CustodyLog.Head? { store.custody.head() }

  /// - Parameter isWhole: false where nothing but `status` is asked for, and no level of findings: only coverage is read then.
  init(
    store: ArtifactStore, rules: RuleLibrary, _ outcome: CaseAnalysis.Outcome, case name: String, isWhole: Bool = true
  ) throws {
    self.store = store
    self.outcome = outcome
    self.name = name
    let set = rules.load().set
    ruleDigests = [("yara", set.fingerprint.hex)]
    verdicts = try store.cases.verdicts(of: name)
    gaps =
      try store.cases.gaps(of: name)
      + verdicts.filter { $0.verdict == .mismatch || $0.verdict == .missing }.map {
        .init(path: $0.path ?? $0.name, reason: $0.sentence)
      }
      + store.cases.sightings(of: name).compactMap { one in one.note.map { .init(path: one.path, reason: $0) } }
      + CaptureSet.missing(in: outcome.artifacts.flatMap { one in one.paths.map { (path: $0, kind: one.kind) } }).map {
        lost in
        .init(path: lost.folder, reason: "has no capture of \(lost.what.joined(separator: ", ")): lost, or never made")
      }
    let records = Self.records(of: outcome)
    self.records = records
    var checks = CaseChecks()
    var review = ClockReview(artifacts: records)
    let correlations = SigmaCaseCorrelations(set.sigma)
    var files = FileReview()
    var accounts = AccountReview()
    var live = LiveReview()
    let whole = WholeCaseDetectors()
    for result in outcome.results {
      let artifact = result.unit.artifact
      try CaseResults.forEachLine(of: result.result, in: store, isWhole ? .all : .coverage) { line in
        switch line {
        case .finding(let finding): findings.append(finding)
        case .coverage(let one):
          coverage.append(CoverageRecord(artifact: artifact, coverage: one, analyzer: result.unit.analyzer))
        case .event(let event):
          checks.take(event, artifact)
          review.take(event, artifact)
          if correlations.isNeeded { correlations.inspect(event, of: artifact) }
          files.take(event, artifact: artifact)
          accounts.take(event, artifact: artifact)
          live.take(event, artifact: artifact)
          whole.inspect(event, of: artifact)
        case .row(let view, let json): json.withView { checks.take(row: $0, view: view, artifact) }
        case .other: break
        }
      }
      guard isWhole, result.unit.analyzer == "expand" else { continue }
      try HostFiles.forEach(inArchive: result.result, of: store) { files.take(FileFact($0)) }
    }
    if isWhole { HostFiles.forEach(of: try store.cases.sightings(of: name)) { files.take(FileFact($0)) } }
    clocks = review.correction()
    correlations.finish { findings.append($0) }
    limits = whole.limits
    if isWhole { findings = checks.settled(whole.finish(replacing: findings), artifacts: records) }
    let damaged = Set(coverage.lazy.filter { $0.coverage.state == .skipped }.map(\.artifact))
    findings += checks.findings(artifacts: records, given: findings, damaged: damaged)
    files.windows = IncidentWindows.of(findings)
    if files.windows.isEmpty {
      files.windows = files.window(around: Self.dropped(findings, records)).map { [$0] } ?? []
    }
    findings += files.findings()
    findings += accounts.findings(isOfTheTime: files.isOfTheTime)
    findings += live.findings()
    let sizes = Dictionary(outcome.artifacts.map { ($0.digest, $0.byteCount) }, uniquingKeysWith: { first, _ in first })
    for failure in outcome.failures {
      coverage.append(
        CoverageRecord(
          artifact: failure.unit.artifact,
          coverage: Coverage(.skipped, 0..<(sizes[failure.unit.artifact] ?? 0), reason: failure.reason),
          analyzer: failure.unit.analyzer))
    }
    let ledger = CoverageLedger(
      artifacts: outcome.artifacts.map { ($0.digest, $0.byteCount) },
      coverage: coverage.map { ($0.artifact, $0.coverage) })
    totals = ledger.totals
    coverage += ledger.silent.map { CoverageRecord(artifact: $0.artifact, coverage: $0.coverage, analyzer: "none") }
  }

  /// Files, not logs, in which rules found something grave.
  private static func dropped(_ findings: [Finding], _ records: [ArtifactRecord]) -> Set<Digest> {
    let found = Set(
      findings.lazy.filter { $0.severity >= .high && $0.rule.hasPrefix("yara:") }.flatMap(\.evidence).map(\.artifact))
    return Set(
      records.lazy.filter { found.contains($0.digest) && !$0.kind.hasPrefix("log/") && !$0.kind.hasPrefix("memory") }
        .map(\.digest))
  }

  private static func records(of outcome: CaseAnalysis.Outcome) -> [ArtifactRecord] {
    outcome.artifacts.map { one in
      // The same bytes in several places have a time in each, of which one is known: it would be told of the wrong place.
      let modified = one.paths.count == 1 ? one.modified : nil
      return ArtifactRecord(
        digest: one.digest, paths: one.paths, size: one.byteCount, kind: one.kind.isEmpty ? one.type : one.kind,
        parent: one.parent, times: modified.map { [FileTime(.modification, Timestamp(nanoseconds: $0))] } ?? [])
    }
  }

  /// Whether all that was given was looked at.
  var isCovered: Bool { gaps.isEmpty && !coverage.contains { $0.coverage.state == .skipped } }

  func status(failLevel: Severity?) -> ExitStatus {
    if !outcome.damaged.isEmpty { return .integrity }
    if verdicts.contains(where: { $0.verdict == .mismatch }) { return .integrity }
    if let failLevel, findings.contains(where: { $0.severity >= failLevel }) { return .findings }
    return isCovered ? .finished : .notCovered
  }

  /// Writes every file; afterwards `findings` are those of the story, merged and joined.
  mutating func write(to folder: String, language: Language) throws {
    try writeViews(to: folder)
    let incident = try ReportWriter.write(
      input(), to: folder, options: ReportOptions(language: language), excerpts: StoreExcerpts(store))
    findings = incident.findings
  }

  /// Writes the timeline alone.
  func writeTimeline(to folder: String) throws { try ReportWriter.writeTimeline(input(), to: folder) }

  private func input() throws -> CaseInput {
    // Of what was taken in only: hashes of members are made when a list asks for them, and a report must not depend on that.
    let own = outcome.artifacts.filter { $0.parent == nil }.map(\.digest)
    let checksums = try store.checksums(of: own)
    let origins = try store.custody.origins(of: name)
    return CaseInput(
      title: name,
      artifacts: records.map { one in
        var one = one
        one.digests = checksums[one.digest].map(Self.digests) ?? [:]
        one.version = origins[one.digest]?.version
        return one
      },
      events: ResultEvents(store: store, results: outcome.results), findings: findings, coverage: coverage,
      gaps: gaps.map { SourceGap(path: $0.path, reason: $0.reason) },
      tool: ToolFacts(version: IRAnalyze.version, rules: Dictionary(uniqueKeysWithValues: ruleDigests)), clocks: clocks,
      custody: CustodyFacts(
        checks: verdicts.map {
          .init(isMatch: $0.verdict == .matched, verdict: $0.verdict.rawValue, sentence: $0.sentence)
        },
        signers: Set(origins.values.compactMap(\.signer)).map(\.hex).sorted(),
        unsigned: own.filter { origins[$0]?.signer == nil }.count), limits: limits)
  }

  private static func digests(_ checksums: Checksums) -> [String: String] {
    var all: [String: String] = [:]
    all["md5"] = checksums.md5
    all["sha1"] = checksums.sha1
    return all
  }

  /// Rows of memory views, as they stand in the results. With several images each has a folder of its own.
  private func writeViews(to folder: String) throws {
    let images = outcome.results.filter { $0.unit.analyzer == "memory" }
    for image in images {
      let place = images.count == 1 ? "\(folder)/memory" : "\(folder)/memory/\(image.unit.artifact.hex.prefix(12))"
      var views: [String: [UInt8]] = [:]
      try CaseResults.forEachLine(of: image.result, in: store, .rows) { line in
        guard case .row(let view, let json) = line else { return }
        views[view, default: []] += (json.withView { SecretMask.mask(json: $0) } ?? json) + [0x0A]
      }
      guard !views.isEmpty else { continue }
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      for (view, rows) in views { try writeAtomically(rows, to: "\(place)/\(view).jsonl", durable: false) }
    }
  }
}

/// The events of all results, one result after the other.
struct ResultEvents: EventSource {
  private let store: ArtifactStore
  private let results: [CaseAnalysis.UnitResult]
  private var place = 0
  private var lines: ObjectLines?

  init(store: ArtifactStore, results: [CaseAnalysis.UnitResult]) {
    self.store = store
    self.results = results
  }

  mutating func next() throws -> (artifact: Digest, event: Event)? {
    while place < results.count {
      let lines = try self.lines ?? ObjectLines(of: results[place].result, in: store.objects)
      self.lines = lines
      while let line = try lines.next() {
        // Rows and coverage are most lines of some results, and are told by their first key.
        guard line.hasPrefix("{\"event\"") else { continue }
        if case .event(let event)? = ResultLine.read(line) { return (results[place].unit.artifact, event) }
      }
      place += 1
      self.lines = nil
    }
    return nil
  }
}

extension FileFact {
  fileprivate init(_ file: HostFiles.File) {
    self.init(
      path: file.path, mode: file.mode, owner: file.owner.map(String.init),
      times: file.modified.map { [FileTime(.modification, Timestamp(nanoseconds: $0))] } ?? [],
      evidence: EvidenceReference(artifact: file.content, locator: .whole), content: file.content)
  }
}
