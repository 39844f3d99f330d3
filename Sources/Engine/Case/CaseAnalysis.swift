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
  private let store: ArtifactStore
  private let rules: RuleKeys
  private let bases: [RuleBase]
  private let deadline: Date?
  private let makePool: () -> WorkerPool
  private var pool: WorkerPool?
  private var artifacts: [Digest: Artifact] = [:]
  /// What triage said of the artifact under each of its paths.
  private var kinds: [Digest: [String: String]] = [:]
  private var seen: Set<Digest> = []
  /// Keys of units that were computed along with another and are not planned yet.
  private var fresh: Set<Digest> = []
  /// Artifacts whose content YARA is asked of, and so their names.
  private var named: Set<Digest> = []
  /// Whether an artifact's bytes are what its name says; nil while a worker hashes them.
  private var trust: [Digest: Bool?] = [:]
  /// Results of expanding, for places of an archive that are found later.
  private var expanded: [Digest: [UnitResult]] = [:]
  /// How many archives lie around each path of an artifact.
  private var pathDepths: [Digest: [String: Int]] = [:]
  private var outcome = Outcome()
  private var waiting: [WorkerPool.Job] = []
  private var open = 0
  /// Units whose results a store that cannot be written to lacks.
  private var lacking = 0
  /// Logs whose times are local to their host wait until all hosts have said what their clocks were.
  private var local: [(digest: Digest, options: [String: String])] = []
  private var clocks = HostClocks()
  public private(set) var progress = Progress()

  /// - Parameters:
  ///   - rules: the rule set in force.
  ///   - bases: earlier sets, the latest first.
  ///   - deadline: after which no unit is begun.
  ///   - makePool: called only when something has to be computed.
  public init(
    _ store: ArtifactStore, rules: RuleKeys, bases: [RuleBase] = [], deadline: Date? = nil,
    makePool: @escaping () -> WorkerPool
  ) {
    self.store = store
    self.rules = rules
    self.bases = bases.filter { $0.keys != rules }
    self.deadline = deadline
    self.makePool = makePool
  }

  /// - Parameter onProgress: called about ten times a second while units are computed.
  /// - Throws: `cannotWrite` when the disk is full; what is computed by then stays. `readOnly` when something is to be computed for a
  ///   store that cannot be written to.
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
      if let deadline, !outcome.isOutOfTime, deadline < Date() {
        outcome.isOutOfTime = true
        let dropped = pool?.dropWaiting() ?? 0
        open -= dropped
        outcome.left += dropped
      }
      for (job, result) in pool?.outcomes() ?? [] {
        open -= 1
        progress.unitsDone += 1
        progress.bytesDone += job.weight
        switch result {
        case .result where job.unit.analyzer == IntegrityCheck.name: trustworthy(job.unit.artifact)
        case .result(let digest, let also):
          outcome.computed += 1
          if job.base != nil { outcome.updated += 1 }
          if also != nil, let next = job.also { fresh.insert(next.key) }
          take(job.unit, digest, job.base == nil ? .computed : .updated)
        case .damaged(let reason): damaged(job.unit, reason)
        // Not a property of the evidence: what is missing is computed by the next run.
        case .cannotWrite(let reason): throw StoreError(.cannotWrite, reason)
        case .failed(let reason):
          // Bytes that cannot even be read to hash them are damaged too.
          if job.unit.analyzer == IntegrityCheck.name { damaged(job.unit, reason) } else { fail(job.unit, reason) }
        }
      }
      hand()
      onProgress(progress)
    }
    if lacking > 0 {
      throw StoreError(
        .readOnly,
        "\(lacking) or more results of case \(name) are not in the store by this version and these rules, and the store at "
          + "\(store.directory) cannot be written to (\(store.obstacle ?? "")): name a copy of it with --store (`cp -a`), or the rules "
          + "that it was analyzed with by --rules")
    }
    for (digest, kind) in kinds { artifacts[digest]?.kind = kind.min { $0.key < $1.key }?.value ?? "" }
    outcome.artifacts = artifacts.values.sorted { $0.digest < $1.digest }
    outcome.results.sort { order($0.unit) < order($1.unit) }
    outcome.failures.sort { order($0.unit) < order($1.unit) }
    outcome.damaged.sort()
    dropRepeats()
    return outcome
  }

  /// Places of the same bytes that are told, the first in order. Archives full of copies of archives have millions.
  private static let mostPaths = 64

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
      /// Of rules that ask for names.
      var path: String?
    }
    var told: Set<Reading> = []
    outcome.results.removeAll { one in
      !told.insert(
        Reading(
          artifact: one.unit.artifact, analyzer: one.unit.analyzer, format: one.unit.options["format"],
          path: one.unit.options["part"] == nil ? nil : one.unit.options["path"])
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

  /// - Parameter depths: how many archives lie around each path.
  private func add(_ artifact: Artifact, depths: [String: Int] = [:]) {
    let digest = artifact.digest
    let grown = merge(artifact, depths)
    switch trust[digest] {
    case .none:
      if store.verified.isUnchanged(digest) { return trustworthy(digest) }
      trust[digest] = .some(nil)
      enqueue(IntegrityCheck.unit(digest), weight: artifact.byteCount)
    case .some(.some(true)):
      triage(digest, grown)
      // What lies in it lies under its new path too.
      if !grown.isEmpty { for one in expanded[digest] ?? [] { read(one.result, of: one.unit) } }
    case .some(.some(false)), .some(.none): break
    }
  }

  /// YARA rules that ask for a name are asked under each path of the artifact; all others only once.
  private func planNames(of digest: Digest, _ paths: [String]) {
    guard rules.path != nil else { return }
    for path in paths { plan("yara", digest, ["part": "path", "path": PathFacts.hostPath(path)]) }
  }

  /// Files an artifact, or another place of one that is known. The outcome does not depend on which came first.
  ///
  /// - Returns: the paths that are new and kept.
  private func merge(_ artifact: Artifact, _ depths: [String: Int]) -> [String] {
    let digest = artifact.digest
    for (path, depth) in depths { pathDepths[digest, default: [:]][path] = depth }
    guard var known = artifacts[digest] else {
      artifacts[digest] = artifact
      return artifact.paths
    }
    let new = artifact.paths.filter { !known.paths.contains($0) }
    known.paths = Array((known.paths + new).sorted().prefix(Self.mostPaths))
    if artifact.parent == nil, known.parent != nil {
      // What was taken in by itself is told as that, also where an archive that opened first holds the same bytes.
      known.parent = nil
      known.modified = artifact.modified
      known.type = artifact.type
    } else if let parent = artifact.parent, let other = known.parent,
      (parent, artifact.modified ?? .min) < (other, known.modified ?? .min)
    {
      known.parent = parent
      known.modified = artifact.modified
    }
    artifacts[digest] = known
    return new.filter(known.paths.contains)
  }

  private func triage(_ digest: Digest, _ paths: [String]) {
    for path in paths { plan("triage", digest, PathFacts.options(path: path)) }
    if named.contains(digest) { planNames(of: digest, paths) }
  }

  private func trustworthy(_ digest: Digest) {
    trust[digest] = true
    triage(digest, artifacts[digest]?.paths ?? [])
  }

  private func damaged(_ unit: Unit, _ reason: String) {
    trust[unit.artifact] = false
    guard !outcome.damaged.contains(unit.artifact) else { return }
    outcome.damaged.append(unit.artifact)
    if artifacts[unit.artifact]?.parent == nil {
      fail(
        unit, "\(reason); it is not analyzed: take the evidence in again with `ir-analyze ingest`, or restore the store"
      )
    } else {
      // What came out of an archive comes out of it again once its name is free.
      try? store.verified.setAside(unit.artifact)
      fail(unit, "\(reason); it is not analyzed: run again to take it from its archive anew")
    }
  }

  private func fail(_ unit: Unit, _ reason: String) {
    let failure = Failure(unit: unit, reason: reason)
    if outcome.failures.last != failure { outcome.failures.append(failure) }
  }

  private func plan(_ analyzer: String, _ digest: Digest, _ options: [String: String]) {
    let rules = rules.rules(for: analyzer, options: options)
    guard let unit = Analyzers.unit(analyzer, digest, rules: rules, options: options) else { return }
    guard seen.insert(unit.key).inserted else { return }
    if let known = KnownResults.result(of: unit, in: store) {
      if (try? store.verified.require(known)) != nil {
        let isFresh = fresh.remove(unit.key) != nil
        if isFresh { outcome.computed += 1 } else { outcome.reused += 1 }
        take(unit, known, isFresh ? .computed : .reused)
        return
      }
      // A damaged result is computed again once its name is free.
      try? store.verified.setAside(known)
    }
    if outcome.isOutOfTime || deadline.map({ $0 < Date() }) == true {
      outcome.isOutOfTime = true
      outcome.left += 1
      return
    }
    // Triage looks at the head only.
    let size = artifacts[digest]?.byteCount ?? 0
    enqueue(unit, weight: analyzer == "triage" ? min(size, UInt64(ArtifactKind.headCount)) : size)
  }

  private func enqueue(_ unit: Unit, weight: UInt64) {
    if store.obstacle != nil, unit.analyzer != IntegrityCheck.name {
      lacking += 1
      return
    }
    open += 1
    progress.units += 1
    progress.bytes = progress.bytes.addingReportingOverflow(weight).partialValue
    let size = artifacts[unit.artifact]?.byteCount ?? 0
    waiting.append(
      WorkerPool.Job(unit: unit, size: size, weight: weight, base: base(of: unit), also: follower(of: unit)))
  }

  /// The unit that asks Sigma rules of this one's events.
  private func follower(of unit: Unit) -> Unit? {
    guard Analyzers.givingEvents.contains(unit.analyzer) else { return nil }
    let options = Self.sigmaOptions(unit)
    return Analyzers.unit("sigma", unit.artifact, rules: rules.rules(for: "sigma", options: options), options: options)
  }

  private static func sigmaOptions(_ unit: Unit) -> [String: String] {
    unit.options.merging(["of": unit.analyzer]) { $1 }
  }

  /// The latest rule set under which the same work has a result.
  private func base(of unit: Unit) -> Digest? {
    guard unit.rules != nil else { return nil }
    return bases.first { base in
      guard let rules = base.keys.rules(for: unit.analyzer, options: unit.options) else { return false }
      return store.results.result(of: unit.under(rules).key) != nil
    }?.set
  }

  /// Files a result, and plans what it calls for.
  private func take(_ unit: Unit, _ result: Digest, _ how: RunRecord.How) {
    outcome.results.append(UnitResult(unit: unit, result: result, how: how))
    if Analyzers.givingEvents.contains(unit.analyzer) {
      plan("sigma", unit.artifact, Self.sigmaOptions(unit))
    }
    if unit.analyzer == "expand" { expanded[unit.artifact, default: []].append(UnitResult(unit: unit, result: result)) }
    let tellsClock = unit.analyzer == "log" && LogFormats.tellingHostClock.contains(unit.options["format"] ?? "")
    guard unit.analyzer == "triage" || unit.analyzer == "expand" || tellsClock else { return }
    read(result, of: unit, tellsClock: tellsClock)
  }

  /// Reads what triage or expanding says of an artifact, and of its host's clock.
  private func read(_ result: Digest, of unit: Unit, tellsClock: Bool = false) {
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
          if analyzer == "yara", options["format"] == nil, named.insert(unit.artifact).inserted {
            planNames(of: unit.artifact, artifacts[unit.artifact]?.paths ?? [])
          }
        case "member": addMember(json, of: unit)
        default: break
        }
      }
    } catch {
      fail(unit, "\(error)")
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
      options["zone"] = clocks.zoneOption(of: path)
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
    // Zero, or the first day of DOS, is what copies and archives without times have.
    return artifact.modified.flatMap { $0 < Self.firstTime ? nil : $0 }
  }

  /// 2000-01-01: no log of an incident is older.
  private static let firstTime: Int64 = 946_684_800_000_000_000

  private func path(of unit: Unit) -> String { path(of: unit.artifact, ending: unit.options["path"] ?? "") }

  /// The whole path that the end of one belongs to.
  private func path(of digest: Digest, ending end: String) -> String {
    artifacts[digest]?.paths.first { PathFacts.options(path: $0)["path"] == end } ?? end
  }

  private func addMember(_ json: JSONView, of unit: Unit) {
    guard let digest = json["digest"]?.string.flatMap(Digest.init(hex:)), let path = json["path"]?.string,
      let parent = artifacts[unit.artifact]
    else { return }
    var depths: [String: Int] = [:]
    for outer in parent.paths {
      let depth = (pathDepths[parent.digest]?[outer] ?? 0) + 1
      if depth > ExpandLimits.depth { continue }
      // The content of a lone compressed file is named like the file; a member by its place in the archive.
      let inner =
        unit.options["as"] == "stream"
        ? (outer.lastIndex(of: ".").map { String(outer[..<$0]) } ?? outer) : "\(outer)!/\(path)"
      depths[inner] = depth
    }
    guard !depths.isEmpty else {
      return fail(unit, "holds archives nested deeper than \(ExpandLimits.depth), which are not opened")
    }
    let artifact = Artifact(
      digest: digest, paths: depths.keys.sorted(), byteCount: UInt64(clamping: json["bytes"]?.integer ?? 0), type: "",
      parent: unit.artifact, modified: json["modified_ns"]?.integer)
    add(artifact, depths: depths)
  }
}
