import ArtifactStore
import Evidence

/// Which results need not be computed again.
enum KnownResults {
  /// The result of a unit, when it is there and still stands: members that expanding an archive once gave must be there too.
  static func result(of unit: Unit, in store: ArtifactStore) -> Digest? {
    guard let known = store.results.result(of: unit.key) else { return nil }
    guard unit.analyzer == ExpandAnalyzer.name else { return known }
    var isWhole = true
    try? CaseResults.forEachLine(of: known, in: store) { line in
      guard isWhole, case .other("member", let json) = line, let count = json["bytes"]?.integer,
        let digest = json["digest"]?.string.flatMap(Digest.init(hex:))
      else { return }
      isWhole = store.objects.byteCount(of: digest) == UInt64(exactly: count)
    }
    return isWhole ? known : nil
  }

  /// Files a result under its unit's key.
  ///
  /// - Returns: nil where its bytes were there before and are damaged: they are put out of the way, and computed again the result
  ///   finds its name free.
  static func file(_ stored: ObjectStore.Stored, of unit: Unit, in store: ArtifactStore) throws(StoreError) -> Digest? {
    if stored.isNew {
      store.verified.note([stored.digest])
    } else if (try? store.verified.require(stored.digest)) == nil {
      try store.verified.setAside(stored.digest)
      return nil
    }
    try store.results.record(key: unit.key, unit: unit.json, result: stored)
    return stored.digest
  }
}
