import Bytes
import Evidence

extension Ingest {
  /// Objects that fail, from the first on, before the run ends: the rest would fail likewise.
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
    var record = try IngestRecord(store, tool: tool, case: name)
    var failure: StoreError?
    var first: StoreError?
    let place = source.location.description
    let isComplete = S3Download(source, into: store).take(objects, onBytes: onProgress, isInterrupted: isInterrupted) {
      (object, result) in
      do throws(StoreError) {
        let taken = try result.get()
        let sighting = CaseDatabase.Sighting(
          path: object.name, digest: taken.stored.digest, byteCount: taken.stored.byteCount,
          type: try contentType(taken.stored.digest), source: place, modified: object.modified)
        record.add(
          sighting, Taken(stored: taken.stored, wasDamaged: taken.wasDamaged),
          source: source.location.object(object.key),
          facts: [Attribute("fetched", .flag(!taken.isKnown))] + taken.facts.attributes, to: &summary)
      } catch {
        summary.gaps.append(.init(path: object.name, reason: error.reason))
        first = first ?? error
        if error.code == .cannotWrite || summary.files == 0 && summary.gaps.count >= Self.hopeless { failure = error }
      }
      return failure == nil
    }
    summary.isInterrupted = !isComplete
    // A run that took nothing has not analyzed nothing: it has failed.
    if isComplete, summary.files == 0 { failure = failure ?? first }
    // What is in the store is recorded even when the disk is full or the user is in a hurry, so that the next run goes on.
    try record.finish(gaps: summary.gaps)
    if let failure { throw failure }
    return summary
  }
}
