import Bytes
import Evidence

extension Ingest {
  /// Failures one after the other, from the first object on, that end a run: the rest would fail likewise.
  private static let hopeless = 5

  /// Takes objects of S3 into a case, as `run(_:named:case:)` takes files.
  ///
  /// - Parameters:
  ///   - objects: `source.list()`, so that progress knows the whole.
  ///   - onProgress: told the bytes read since the last call.
  ///   - isInterrupted: asked before each object and between the ranges of a large one; what is in by then stays.
  /// - Throws: `cannotWrite` for the store; what S3 said when it gives nothing at all.
  public func run(
    _ source: S3Source, _ objects: [S3Object], case name: String, onProgress: (Int) -> Void = { _ in },
    isInterrupted: () -> Bool = { false }
  ) throws(StoreError) -> Summary {
    var summary = Summary()
    var sightings: [CaseDatabase.Sighting] = []
    var entries: [CustodyLog.Entry] = []
    let known = Set(try store.cases.sightings(of: name).map { "\($0.digest.hex) \($0.path)" })
    var failure: StoreError?
    let place = source.location.description
    let isComplete = S3Download(source, into: store).take(objects, onBytes: onProgress, isInterrupted: isInterrupted) {
      (object, result) in
      do throws(StoreError) {
        let taken = try result.get()
        let sighting = try sighting(object, taken, from: place)
        summary.files += 1
        summary.byteCount += sighting.byteCount
        if taken.stored.isNew { summary.stored += 1 }
        sightings.append(sighting)
        if !known.contains("\(sighting.digest.hex) \(sighting.path)") {
          entries.append(entry(sighting, object, taken, source, case: name))
        }
      } catch {
        summary.gaps.append(.init(path: object.name, reason: error.reason))
        if error.code == .cannotWrite || summary.files == 0 && summary.gaps.count >= Self.hopeless { failure = error }
      }
      return failure == nil
    }
    summary.isInterrupted = !isComplete
    if failure == nil, isComplete, summary.files == 0, let only = summary.gaps.first {
      failure = StoreError(.badSource, only.reason)
    }
    // What is in the store is recorded even when the disk is full or the user is in a hurry, so that the next run goes on.
    try store.custody.append(entries, tool: tool)
    try store.cases.record(case: name, sightings, gaps: summary.gaps)
    if let failure { throw failure }
    return summary
  }

  private func sighting(
    _ object: S3Object, _ taken: S3Download.Taken, from place: String
  ) throws(StoreError) -> CaseDatabase.Sighting {
    let bytes = try store.objects.open(taken.stored.digest)
    return CaseDatabase.Sighting(
      path: object.name, digest: taken.stored.digest, byteCount: taken.stored.byteCount,
      type: bytes.withView { type.identify($0.slice(0, 1 << 16)) }, source: place, modified: object.modified)
  }

  private func entry(
    _ one: CaseDatabase.Sighting, _ object: S3Object, _ taken: S3Download.Taken, _ source: S3Source, case name: String
  ) -> CustodyLog.Entry {
    let facts = [
      Attribute("case", name), Attribute("path", one.path), Attribute("source", source.location.object(object.key)),
      Attribute("bytes", Int64(clamping: one.byteCount)), Attribute("stored", .flag(taken.stored.isNew)),
      Attribute("fetched", .flag(!taken.isKnown)),
    ]
    return CustodyLog.Entry("ingest", digest: one.digest, facts + taken.facts.attributes)
  }
}
