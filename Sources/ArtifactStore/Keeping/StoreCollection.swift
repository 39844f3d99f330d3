import Bytes
import Evidence
import Foundation

/// Objects that nothing refers to, and their removal.
public struct StoreCollection: Sendable {
  public struct Idle: Hashable, Sendable {
    public var digest: Digest
    /// On the disk.
    public var byteCount: UInt64
  }

  /// By digest.
  public internal(set) var objects: [Idle] = []
  /// Entries of the result ledger that lead nowhere.
  public internal(set) var ledgerEntries = 0
  public internal(set) var kept = 0

  public var byteCount: UInt64 { objects.reduce(0) { $0 + $1.byteCount } }
}

extension ArtifactStore {
  /// What a collection would remove now. Others may be at work: what they have put but not yet recorded is in it, which is why the
  /// removal itself waits until nobody is.
  public func collectable() throws(StoreError) -> StoreCollection { try plan().collection }

  private func plan() throws(StoreError) -> (collection: StoreCollection, paths: [String]) {
    let references = try StoreReferences(self)
    var collection = StoreCollection()
    for digest in objects.list() {
      if references.objects.contains(digest) {
        collection.kept += 1
      } else {
        collection.objects.append(.init(digest: digest, byteCount: objects.diskSize(of: digest)))
      }
    }
    collection.ledgerEntries = references.idle.count
    return (collection, references.idle.map(\.path))
  }

  /// How many digests a line of custody names: it stays well below the longest line that is read.
  private static let digestsPerEntry = 1000

  /// Removes what nothing refers to: never what a case names, a result over it, what a result names, or what a packed object rests on.
  ///
  /// - Parameter wait: until others are done; otherwise it is refused while somebody works in the store.
  /// - Throws: `busy`.
  public func collect(tool: String, wait: Bool = false) throws(StoreError) -> StoreCollection {
    if wait {
      presence.waitExclusive()
    } else if !presence.tryExclusive() {
      presence.share()
      throw StoreError(
        .busy, "somebody is at work in the store at \(directory): try again when they are done, or add --wait")
    }
    defer { presence.share() }
    let (collection, paths) = try plan()
    var entries: [CustodyLog.Entry] = []
    for start in stride(from: 0, to: collection.objects.count, by: Self.digestsPerEntry) {
      let part = collection.objects[start..<min(start + Self.digestsPerEntry, collection.objects.count)]
      entries.append(
        .init(
          "remove",
          [
            Attribute("reason", "no case refers to it"), Attribute("objects", .texts(part.map(\.digest.hex))),
            Attribute("bytes", Int64(clamping: part.reduce(UInt64(0)) { $0 + $1.byteCount })),
          ]))
    }
    // Said before it is done: a crash between the two leaves objects that the next collection removes.
    try custody.append(entries, tool: tool)
    for path in paths { unlink(path) }
    for idle in collection.objects { objects.remove(idle.digest) }
    objects.emptyCache()
    return collection
  }
}

extension ObjectStore {
  func remove(_ digest: Digest) {
    for form in ObjectForm.allCases { unlink(place(of: digest, as: form)) }
  }
}
