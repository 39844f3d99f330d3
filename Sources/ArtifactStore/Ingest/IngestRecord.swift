import Evidence

/// What one ingest brought, on its way into the custody log and the case database.
struct IngestRecord {
  private struct Known: Hashable {
    var path: String
    var digest: Digest
  }

  private let store: ArtifactStore
  private let tool: String
  private let name: String
  private let known: Set<Known>
  private var sightings: [CaseDatabase.Sighting] = []
  private var entries: [CustodyLog.Entry] = []

  init(_ store: ArtifactStore, tool: String, case name: String) throws(StoreError) {
    self.store = store
    self.tool = tool
    self.name = name
    known = Set(try store.cases.sightings(of: name).map { Known(path: $0.path, digest: $0.digest) })
  }

  /// Adds an object that is in the store now.
  ///
  /// - Parameters:
  ///   - source: the very thing it was read from, where that is more than the sighting's source says.
  ///   - facts: what else the source said of it, for custody.
  mutating func add(
    _ sighting: CaseDatabase.Sighting, _ taken: Ingest.Taken, source: String? = nil, facts: [Attribute] = [],
    to summary: inout Ingest.Summary
  ) {
    summary.files += 1
    summary.byteCount += sighting.byteCount
    if taken.stored.isNew { summary.stored += 1 }
    sightings.append(sighting)
    let isKnown = known.contains(Known(path: sighting.path, digest: sighting.digest))
    // Known and yet new means that it was gone.
    let isRestored = taken.wasDamaged || isKnown && taken.stored.isNew
    if isRestored { summary.restored.append(sighting.path) }
    guard !isKnown || isRestored else { return }
    var all = [
      Attribute("case", name), Attribute("path", sighting.path), Attribute("source", source ?? sighting.source),
      Attribute("bytes", Int64(clamping: sighting.byteCount)), Attribute("stored", .flag(taken.stored.isNew)),
    ]
    all += facts
    all.add("note", sighting.note)
    entries.append(CustodyLog.Entry(isRestored ? "restore" : "ingest", digest: sighting.digest, all))
  }

  func finish(gaps: [CaseDatabase.Gap]) throws(StoreError) {
    try store.custody.append(entries, tool: tool)
    try store.cases.record(case: name, sightings, gaps: gaps)
  }
}
