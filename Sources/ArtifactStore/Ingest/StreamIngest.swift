import Bytes
import Evidence

extension Ingest {
  /// Takes a stream that can be read once (standard input) into a case, as one artifact.
  ///
  /// - Parameters:
  ///   - path: the artifact's name in the case.
  ///   - place: what it was read from.
  ///   - mayMix: false to refuse a case that holds something else from the same place: no name of a folder tells two streams
  ///     apart.
  /// - Throws: `badSource` for a stream without bytes, or a case that is another's.
  public func run(
    _ stream: any ByteStream, as path: String, named place: String, case name: String, mayMix: Bool = true,
    onProgress: (Int) -> Void = { _ in }, isInterrupted: @escaping () -> Bool = { false }
  ) throws(StoreError) -> Summary {
    var summary = Summary()
    var record = try IngestRecord(store, tool: tool, case: name)
    let stored: ObjectStore.Stored
    do throws(StoreError) {
      stored = try store.objects.put(InterruptibleStream(stream, isInterrupted), onProgress: onProgress)
    } catch {
      guard isInterrupted() else { throw error }
      summary.isInterrupted = true
      return summary
    }
    guard stored.byteCount > 0 else { throw StoreError(.badSource, "\(place) is empty: nothing to analyze") }
    if !mayMix,
      try store.cases.sightings(of: name).contains(where: { $0.source == place && $0.digest != stored.digest })
    {
      throw StoreError(
        .badSource,
        "case \(name) already holds other evidence from \(place): say --case \(name) to add to it, or another name")
    }
    if stored.isNew {
      store.verified.note([stored.digest])
    } else {
      do throws(StoreError) { try store.verified.require(stored.digest) } catch {
        guard error.code == .integrity else { throw error }
        try store.verified.setAside(stored.digest)
        throw StoreError(.integrity, "\(error.reason); it was moved out of the way: give the same input again")
      }
    }
    let sighting = CaseDatabase.Sighting(
      path: path, digest: stored.digest, byteCount: stored.byteCount, type: try contentType(stored.digest),
      source: place,
      modified: nil)
    record.add(sighting, Taken(stored: stored), to: &summary)
    try record.finish(gaps: [])
    return summary
  }
}
