import Bytes
import Evidence
import Foundation

/// Takes a source into a case: every file becomes an object, every object a sighting, every touch a line of custody.
public struct Ingest {
  let store: ArtifactStore
  let tool: String
  let type = ContentType()

  public init(into store: ArtifactStore, tool: String) {
    self.store = store
    self.tool = tool
  }

  public struct Summary: Hashable, Sendable {
    public var files = 0
    /// Objects that were not in the store before.
    public var stored = 0
    public var byteCount: UInt64 = 0
    public var gaps: [CaseDatabase.Gap] = []
    /// Stopped before the end by the user: run again to go on.
    public var isInterrupted = false

    public init(gaps: [CaseDatabase.Gap] = []) { self.gaps = gaps }
  }

  /// - Parameters:
  ///   - source: already listed, so that progress knows the whole.
  ///   - onProgress: told the bytes read since the last call.
  ///   - isInterrupted: asked before each file; what is in by then stays and is recorded.
  public func run(
    _ source: FolderSource, named place: String, case name: String, onProgress: (Int) -> Void = { _ in },
    isInterrupted: () -> Bool = { false }
  ) throws(StoreError) -> Summary {
    var summary = Summary(gaps: source.gaps)
    var sightings: [CaseDatabase.Sighting] = []
    var entries: [CustodyLog.Entry] = []
    let known = Set(try store.cases.sightings(of: name).map { KnownSighting(path: $0.path, digest: $0.digest) })
    var failure: StoreError?
    for file in source.files {
      if isInterrupted() {
        summary.isInterrupted = true
        break
      }
      do throws(StoreError) {
        let (sighting, isNew) = try take(file, from: place, onProgress)
        summary.files += 1
        summary.byteCount += sighting.byteCount
        if isNew { summary.stored += 1 }
        sightings.append(sighting)
        if !known.contains(KnownSighting(path: sighting.path, digest: sighting.digest)) {
          entries.append(entry(sighting, isNew, case: name))
        }
      } catch {
        if error.code == .cannotWrite {
          failure = error
          break
        }
        summary.gaps.append(.init(path: file.name, reason: error.reason))
      }
    }
    // What is in the store is recorded even when the disk is full or the user is in a hurry, so that the next run goes on.
    try store.custody.append(entries, tool: tool)
    try store.cases.record(case: name, sightings, gaps: summary.gaps)
    if let failure { throw failure }
    return summary
  }

  private struct KnownSighting: Hashable {
    var path: String
    var digest: Digest
  }

  private func take(
    _ file: FolderSource.File, from place: String, _ onProgress: (Int) -> Void
  ) throws(StoreError) -> (CaseDatabase.Sighting, isNew: Bool) {
    let stream: FileStream
    do throws(BytesError) { stream = try FileStream(path: file.path) } catch {
      throw StoreError(.cannotRead, "cannot be read: \(error.reason)")
    }
    let stored = try store.objects.put(stream, onProgress: onProgress)
    var note: String?
    if stored.byteCount != file.byteCount {
      let change = stored.byteCount < file.byteCount ? "shrank" : "grew"
      note = "\(change) from \(file.byteCount) to \(stored.byteCount) bytes while it was read"
    }
    let object = try store.objects.open(stored.digest)
    return (
      CaseDatabase.Sighting(
        path: file.name, digest: stored.digest, byteCount: stored.byteCount,
        type: object.withView { type.identify($0.slice(0, 1 << 16)) }, source: place, modified: file.modified,
        note: note),
      stored.isNew
    )
  }

  private func entry(_ one: CaseDatabase.Sighting, _ isNew: Bool, case name: String) -> CustodyLog.Entry {
    var facts = [
      Attribute("case", name), Attribute("path", one.path), Attribute("source", one.source),
      Attribute("bytes", Int64(clamping: one.byteCount)), Attribute("stored", .flag(isNew)),
    ]
    facts.add("note", one.note)
    return CustodyLog.Entry("ingest", digest: one.digest, facts)
  }
}
