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
    /// Paths whose object was in the store and is gone or damaged there; it has been stored again from the source.
    public var restored: [String] = []
    /// Stopped before the end by the user: run again to go on.
    public var isInterrupted = false

    public init(gaps: [CaseDatabase.Gap] = []) { self.gaps = gaps }
  }

  /// - Parameters:
  ///   - source: already listed, so that progress knows the whole.
  ///   - onProgress: told the bytes read since the last call.
  ///   - isInterrupted: asked before each file and between the blocks of one; what is in by then stays and is recorded.
  public func run(
    _ source: FolderSource, named place: String, case name: String, onProgress: (Int) -> Void = { _ in },
    isInterrupted: @escaping () -> Bool = { false }
  ) throws(StoreError) -> Summary {
    var summary = Summary(gaps: source.gaps)
    var record = try IngestRecord(store, tool: tool, case: name)
    var failure: StoreError?
    let batch = ObjectBatch(store.objects)
    /// Files whose objects are in the batch, or came between such.
    var waiting: [(file: FolderSource.File, taken: Taken)] = []
    func settle() throws(StoreError) {
      let settled = waiting
      waiting = []
      try batch.settle()
      store.verified.note(settled.filter(\.taken.stored.isNew).map(\.taken.stored.digest))
      for (file, taken) in settled {
        do throws(StoreError) {
          record.add(try sighting(of: taken.stored, file, from: place), taken, to: &summary)
        } catch {
          summary.gaps.append(.init(path: file.name, reason: error.reason))
        }
      }
    }
    for file in source.files {
      if isInterrupted() {
        summary.isInterrupted = true
        break
      }
      do throws(StoreError) {
        if file.byteCount <= ObjectBatch.largestFile {
          waiting.append((file, try take(file, into: batch, isInterrupted, onProgress)))
          if batch.isFull || waiting.count >= Self.mostWaiting { try settle() }
        } else {
          // Nobody knows how long that takes; what waits is in the store before.
          try settle()
          let taken = try take(file, into: nil, isInterrupted, onProgress)
          record.add(try sighting(of: taken.stored, file, from: place), taken, to: &summary)
        }
      } catch {
        if isInterrupted() {
          summary.isInterrupted = true
          break
        }
        if error.code == .cannotWrite {
          failure = error
          break
        }
        summary.gaps.append(.init(path: file.name, reason: error.reason))
      }
    }
    do throws(StoreError) { try settle() } catch { failure = failure ?? error }
    // What is in the store is recorded even when the disk is full or the user is in a hurry, so that the next run goes on.
    try record.finish(gaps: summary.gaps)
    if let failure { throw failure }
    return summary
  }

  /// Files that are recorded together, where most of them are in the store already.
  private static let mostWaiting = 4096

  private func open(_ file: FolderSource.File) throws(StoreError) -> FileStream {
    do throws(BytesError) { return try file.open() } catch {
      throw StoreError(.cannotRead, "cannot be read: \(error.reason)")
    }
  }

  /// An object that was just put, and whether it took the place of one that was damaged.
  struct Taken {
    var stored: ObjectStore.Stored
    var wasDamaged = false
  }

  /// - Parameter batch: with which a small file's object goes into the store; nil for one that goes by itself.
  private func take(
    _ file: FolderSource.File, into batch: ObjectBatch?, _ isInterrupted: @escaping () -> Bool,
    _ onProgress: (Int) -> Void
  ) throws(StoreError) -> Taken {
    let stored = try put(file, into: batch, isInterrupted, onProgress)
    if stored.isNew || batch?.contains(stored.digest) == true { return Taken(stored: stored) }
    do throws(StoreError) {
      try store.verified.require(stored.digest)
      return Taken(stored: stored)
    } catch {
      // The source still has the bytes that the store has lost.
      guard error.code == .integrity else { throw error }
      try store.verified.setAside(stored.digest)
      return Taken(stored: try put(file, into: batch, isInterrupted, { _ in }), wasDamaged: true)
    }
  }

  private func put(
    _ file: FolderSource.File, into batch: ObjectBatch?, _ isInterrupted: @escaping () -> Bool,
    _ onProgress: (Int) -> Void
  ) throws(StoreError) -> ObjectStore.Stored {
    let stream = InterruptibleStream(try open(file), isInterrupted)
    if let batch { return try store.objects.put(stream, into: batch, onProgress: onProgress) }
    let stored = try store.objects.put(stream, onProgress: onProgress)
    if stored.isNew { store.verified.note([stored.digest]) }
    return stored
  }

  private func sighting(
    of stored: ObjectStore.Stored, _ file: FolderSource.File, from place: String
  ) throws(StoreError) -> CaseDatabase.Sighting {
    var note: String?
    if stored.byteCount != file.byteCount {
      let change = stored.byteCount < file.byteCount ? "shrank" : "grew"
      note = "\(change) from \(file.byteCount) to \(stored.byteCount) bytes while it was read"
    }
    return CaseDatabase.Sighting(
      path: file.name, digest: stored.digest, byteCount: stored.byteCount, type: try contentType(stored.digest),
      source: place, modified: file.modified, mode: file.mode, owner: file.owner, note: note)
  }

  /// libmagic's word for an object.
  func contentType(_ digest: Digest) throws(StoreError) -> String {
    let object = try store.objects.open(digest)
    return object.withView { type.identify($0.slice(0, 1 << 16)) }
  }
}

/// Ends a stream with an error when the user wants to stop: a file of 64 GB is not read to its end first.
final class InterruptibleStream: ByteStream {
  private let stream: any ByteStream
  private let isInterrupted: () -> Bool

  init(_ stream: any ByteStream, _ isInterrupted: @escaping () -> Bool) {
    self.stream = stream
    self.isInterrupted = isInterrupted
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BytesError) -> Int {
    if isInterrupted() { throw BytesError(.cannotRead, "interrupted") }
    return try stream.read(into: buffer)
  }
}
