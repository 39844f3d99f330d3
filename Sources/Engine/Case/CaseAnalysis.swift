import ArtifactStore
import Bytes
import CPlatform
import Evidence
import Foundation
import LogParse

/// Brings a case up to date: computes every result that is missing, and says which results make it up.
///
/// Triage says what each artifact needs; expanding brings new artifacts; all of it is units, so what is there is never computed
/// again, and the second run of a case is the same walk with nothing to do.
public final class CaseAnalysis {
  /// An artifact of the case: taken in, or found inside another.
  public struct Artifact: Hashable, Sendable {
    public var digest: Digest
    /// From the source's root; members of archives as `disk/root.tar.gz!/etc/passwd`.
    public var paths: [String]
    public var byteCount: UInt64
    /// libmagic's word for it; empty for what was found inside another artifact.
    public var type: String
    /// `memory/lime`, `log/aws.waf`, `archive`, `unknown` …, by triage.
    public var kind = ""
    public var parent: Digest?
    public var modified: Int64?
    public var depth = 0
  }

  public struct UnitResult: Hashable, Sendable {
    public var unit: Unit
    public var result: Digest
  }

  public struct Failure: Hashable, Sendable {
    public var unit: Unit
    public var reason: String
  }

  public struct Outcome: Sendable {
    /// By digest.
    public var artifacts: [Artifact] = []
    /// By artifact, analyzer and key.
    public var results: [UnitResult] = []
    public var failures: [Failure] = []
    public var computed = 0
    public var reused = 0
    public var isInterrupted = false
  }

  /// For the progress line.
  public struct Progress: Sendable {
    public var unitsDone = 0
    public var units = 0
    public var bytesDone: UInt64 = 0
    public var bytes: UInt64 = 0
  }

  private let store: ArtifactStore
  private let rules: Digest
  private let makePool: () -> WorkerPool
  private var pool: WorkerPool?
  private var artifacts: [Digest: Artifact] = [:]
  /// What triage said of the artifact under each of its paths.
  private var kinds: [Digest: [String: String]] = [:]
  private var seen: Set<Digest> = []
  private var outcome = Outcome()
  private var waiting: [WorkerPool.Job] = []
  private var open = 0
  /// Logs whose times are local to their host wait until all hosts have said what their clocks were.
  private var local: [(digest: Digest, options: [String: String])] = []
  private var clocks = HostClocks()
  public private(set) var progress = Progress()

  /// - Parameters:
  ///   - rules: fingerprint of the rule set in force.
  ///   - makePool: called only when something has to be computed.
  public init(_ store: ArtifactStore, rules: Digest, makePool: @escaping () -> WorkerPool) {
    self.store = store
    self.rules = rules
    self.makePool = makePool
  }

  /// - Parameter onProgress: called about ten times a second while units are computed.
  public func run(case name: String, onProgress: (Progress) -> Void = { _ in }) throws -> Outcome {
    for sighting in try store.cases.sightings(of: name) {
      add(
        Artifact(
          digest: sighting.digest, paths: [sighting.path], byteCount: sighting.byteCount, type: sighting.type,
          modified: sighting.modified))
    }
    defer { pool?.stop() }
    hand()
    while open > 0 || !local.isEmpty {
      if open == 0 {
        planLocal()
        hand()
        continue
      }
      if platform_interrupted() != 0 {
        outcome.isInterrupted = true
        break
      }
      for (job, result) in pool?.outcomes() ?? [] {
        open -= 1
        progress.unitsDone += 1
        progress.bytesDone += job.weight
        switch result {
        case .result(let digest):
          outcome.computed += 1
          take(job.unit, digest)
        case .failed(let reason): outcome.failures.append(Failure(unit: job.unit, reason: reason))
        }
      }
      hand()
      onProgress(progress)
    }
    for (digest, kind) in kinds { artifacts[digest]?.kind = kind.min { $0.key < $1.key }?.value ?? "" }
    outcome.artifacts = artifacts.values.sorted { $0.digest < $1.digest }
    outcome.results.sort { order($0.unit) < order($1.unit) }
    outcome.failures.sort { order($0.unit) < order($1.unit) }
    dropRepeats()
    return outcome
  }

  /// Analyzers whose events Sigma rules are asked of.
  private static let givesEvents: Set<String> = ["log", "memory"]

  private func order(_ unit: Unit) -> (Digest, String, String, Digest) {
    (unit.artifact, unit.analyzer, unit.options["path"] ?? "", unit.key)
  }

  /// The same bytes under two paths are read twice, since a path may settle what they are; they are told once, as the first
  /// path in order has them. Chosen at the end, because archives open in any order.
  private func dropRepeats() {
    struct Reading: Hashable {
      var artifact: Digest
      var analyzer: String
      var format: String?
    }
    var told: Set<Reading> = []
    outcome.results.removeAll { one in
      !told.insert(
        Reading(artifact: one.unit.artifact, analyzer: one.unit.analyzer, format: one.unit.options["format"])
      )
      .inserted
    }
  }

  private func hand() {
    guard !waiting.isEmpty else { return }
    let pool = pool ?? makePool()
    self.pool = pool
    pool.add(waiting)
    waiting = []
  }

  private func add(_ artifact: Artifact) {
    if var known = artifacts[artifact.digest] {
      for path in artifact.paths where !known.paths.contains(path) { known.paths.append(path) }
      known.paths.sort()
      known.depth = min(known.depth, artifact.depth)
      artifacts[artifact.digest] = known
    } else {
      artifacts[artifact.digest] = artifact
    }
    for path in artifact.paths { plan("triage", artifact.digest, PathFacts.options(path: path)) }
  }

  private func plan(_ analyzer: String, _ digest: Digest, _ options: [String: String]) {
    guard let unit = Analyzers.unit(analyzer, digest, rules: rules, options: options) else { return }
    let key = unit.key
    guard seen.insert(key).inserted else { return }
    if let known = store.results.result(of: key) {
      outcome.reused += 1
      take(unit, known)
      return
    }
    let size = artifacts[digest]?.byteCount ?? 0
    // Triage looks at the head only.
    let weight = analyzer == "triage" ? min(size, UInt64(TriageAnalyzer.headCount)) : size
    open += 1
    progress.units += 1
    progress.bytes += weight
    waiting.append(WorkerPool.Job(unit: unit, size: size, weight: weight))
  }

  /// Files a result, and plans what it calls for.
  private func take(_ unit: Unit, _ result: Digest) {
    outcome.results.append(UnitResult(unit: unit, result: result))
    if Self.givesEvents.contains(unit.analyzer) {
      plan("sigma", unit.artifact, unit.options.merging(["of": unit.analyzer]) { $1 })
    }
    let tellsClock = unit.analyzer == "log" && LogFormats.tellingHostClock.contains(unit.options["format"] ?? "")
    guard unit.analyzer == "triage" || unit.analyzer == "expand" || tellsClock else { return }
    do {
      try CaseResults.forEachLine(of: result, in: store) { line in
        if case .event(let event) = line, tellsClock { clocks.take(event, of: path(of: unit)) }
        guard case .other(let kind, let json) = line else { return }
        switch kind {
        case "artifact": kinds[unit.artifact, default: [:]][unit.options["path"] ?? ""] = json["kind"]?.string
        case "plan":
          var options: [String: String] = [:]
          json["options"]?.forEachMember { name, value in
            options[name.string] = value.string
            return true
          }
          let analyzer = json["analyzer"]?.string ?? ""
          if analyzer == "log", LogFormats.readingLocalTimes.contains(options["format"] ?? "") {
            local.append((unit.artifact, options))
          } else {
            plan(analyzer, unit.artifact, options)
          }
        case "member": addMember(json, of: unit)
        default: break
        }
      }
    } catch {
      outcome.failures.append(Failure(unit: unit, reason: "\(error)"))
    }
  }

  /// Plans the logs that waited, each with the zone of its host and the time of its capture where they are known. Both are
  /// options of the unit, so its result depends on nothing but its key.
  private func planLocal() {
    let waited = local
    local = []
    for (digest, options) in waited {
      var options = options
      let path = path(of: digest, ending: options["path"] ?? "")
      if let minutes = clocks.zone(of: path), minutes != 0 { options["zone"] = String(minutes) }
      if options["collected"] == nil {
        let time = clocks.collected(of: path) ?? lastWritten(digest, options["format"] ?? "")
        options["collected"] = time.map(String.init)
      }
      plan("log", digest, options)
    }
  }

  /// A log was written to until shortly before it was taken. An archive has the host's own time for it; that of a file may
  /// be when somebody copied it, which does for a missing year and for nothing finer.
  private func lastWritten(_ digest: Digest, _ format: String) -> Int64? {
    guard let artifact = artifacts[digest],
      artifact.parent != nil || LogFormats.lackingOnlyTheYear.contains(format)
    else { return nil }
    return artifact.modified
  }

  private func path(of unit: Unit) -> String { path(of: unit.artifact, ending: unit.options["path"] ?? "") }

  /// The whole path that the end of one belongs to.
  private func path(of digest: Digest, ending end: String) -> String {
    artifacts[digest]?.paths.first { PathFacts.options(path: $0)["path"] == end } ?? end
  }

  private func addMember(_ json: JSONView, of unit: Unit) {
    guard let digest = json["digest"]?.string.flatMap(Digest.init(hex:)), let path = json["path"]?.string,
      let parent = artifacts[unit.artifact]
    else { return }
    guard parent.depth < ExpandAnalyzer.Limits.depth else {
      outcome.failures.append(
        Failure(unit: unit, reason: "archives nested deeper than \(ExpandAnalyzer.Limits.depth) are not opened"))
      return
    }
    let bytes = json["bytes"]?.integer ?? 0
    let paths = parent.paths.map { outer in
      // The content of a lone compressed file is named like the file; a member by its place in the archive.
      unit.options["as"] == "stream"
        ? (outer.lastIndex(of: ".").map { String(outer[..<$0]) } ?? outer) : "\(outer)!/\(path)"
    }
    add(
      Artifact(
        digest: digest, paths: paths, byteCount: UInt64(clamping: bytes), type: "", parent: unit.artifact,
        modified: json["modified_ns"]?.integer, depth: parent.depth + 1))
  }
}
