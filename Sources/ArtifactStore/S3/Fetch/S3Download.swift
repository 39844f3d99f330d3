import Bytes
import Evidence
import Foundation

/// Objects of S3 on their way into a store: what is there already is not fetched, what was begun is gone on with.
struct S3Download {
  let source: S3Source
  let store: ArtifactStore
  let ledger: S3Ledger

  private let folder: String

  /// One object in the store.
  struct Taken {
    var stored: ObjectStore.Stored
    var facts: S3Facts
    /// Taken in an earlier run: nothing was fetched.
    var isKnown: Bool
    /// The store's object was damaged, and has been fetched again.
    var wasDamaged = false
  }

  init(_ source: S3Source, into store: ArtifactStore) {
    self.source = source
    self.store = store
    ledger = S3Ledger(store)
    folder = store.directory + "/tmp/s3"
    PartialFile.removeStale(in: folder)
  }

  /// Takes objects in order, and tells each as it is in.
  ///
  /// - Parameters:
  ///   - onBytes: told the bytes as they come, or are found to be there.
  ///   - isInterrupted: asked before each object, and between the ranges of a large one.
  ///   - body: returns false to end.
  /// - Returns: false when it was interrupted.
  func take(
    _ objects: [S3Object], onBytes: (Int) -> Void, isInterrupted: () -> Bool,
    _ body: (S3Object, Result<Taken, StoreError>) -> Bool
  ) -> Bool {
    var known: [Int: Taken] = [:]
    var wanted: [(object: S3Object, start: UInt64)] = []
    var parts: [Int: PartialFile] = [:]
    var damaged: Set<Int> = []
    for (index, object) in objects.enumerated() {
      if let taken = find(object, &damaged, index) {
        known[index] = taken
      } else {
        // A part that cannot be opened is a matter for the object's own turn.
        if isLarge(object), isBegun(object), let part = try? part(of: object, onBytes) { parts[index] = part }
        wanted.append((object, parts[index]?.byteCount ?? 0))
      }
    }
    let reading = source.read(wanted)
    var next = 0
    for (index, object) in objects.enumerated() {
      if isInterrupted() { return false }
      if let taken = known[index] {
        onBytes(Int(clamping: object.byteCount))
        if !body(object, .success(taken)) { return true }
        continue
      }
      let result: Result<Taken, StoreError>
      do throws(StoreError) {
        let stream = try reading.open(next)
        let part = parts.removeValue(forKey: index)
        guard var taken = try take(stream, part, onBytes, isInterrupted) else { return false }
        taken.wasDamaged = damaged.contains(index)
        result = .success(taken)
      } catch {
        result = .failure(error)
      }
      next += 1
      if !body(object, result) { return true }
    }
    return true
  }

  private func isLarge(_ object: S3Object) -> Bool { object.byteCount >= source.client.options.resumableSize }

  private func identity(_ object: S3Object) -> (digest: Digest, json: [UInt8]) {
    S3Ledger.identity(object, at: source.location, server: source.client.server)
  }

  /// What an earlier run fetched, when it is still whole. What is not is put aside, to be fetched again.
  private func find(_ object: S3Object, _ damaged: inout Set<Int>, _ index: Int) -> Taken? {
    guard let known = ledger.find(identity(object).digest) else { return nil }
    do throws(StoreError) {
      try store.verified.require(known.digest)
    } catch {
      damaged.insert(index)
      try? store.verified.setAside(known.digest)
      return nil
    }
    return Taken(
      stored: .init(digest: known.digest, byteCount: object.byteCount, isNew: false), facts: known.facts, isKnown: true)
  }

  private func isBegun(_ object: S3Object) -> Bool { PartialFile.exists(in: folder, identity(object).digest) }

  private func part(of object: S3Object, _ onBytes: (Int) -> Void) throws(StoreError) -> PartialFile? {
    try PartialFile(in: folder, identity(object).digest, onBytes: onBytes)
  }

  /// - Returns: nil when it was interrupted.
  private func take(
    _ stream: S3ObjectStream, _ begun: PartialFile?, _ onBytes: (Int) -> Void, _ isInterrupted: () -> Bool
  ) throws(StoreError) -> Taken? {
    let object = stream.object
    let stored: ObjectStore.Stored
    var part = begun
    if part == nil, isLarge(object) { part = try self.part(of: object) { _ in } }
    // A part that another process has left since then does not continue this stream.
    if let part, part.byteCount == stream.start {
      while let bytes = try stream.nextBytes() {
        try part.append(bytes)
        onBytes(bytes.count)
        if isInterrupted() { return nil }
      }
      stored = try part.finish(into: store.objects)
    } else {
      stored = try store.objects.put(stream, onProgress: onBytes)
    }
    try check(stored, object, stream.facts)
    if stored.isNew { store.verified.note([stored.digest]) } else { try store.verified.require(stored.digest) }
    try ledger.record(identity(object), stored.digest, stream.facts)
    return Taken(stored: stored, facts: stream.facts, isKnown: false)
  }

  /// Compares with what S3 knows of the object: its length, and its checksum where it has one.
  private func check(_ stored: ObjectStore.Stored, _ object: S3Object, _ facts: S3Facts) throws(StoreError) {
    let place = source.location.object(object.key)
    guard stored.byteCount == object.byteCount else {
      throw StoreError(.cannotRead, "\(place): \(stored.byteCount) of \(object.byteCount) bytes came: run again")
    }
    if let sum = facts.checksum, sum != Data(stored.digest.bytes).base64EncodedString() {
      throw StoreError(
        .integrity, "\(place): its bytes do not have the SHA-256 that S3 keeps for it: damaged on the way, or there")
    }
  }
}
