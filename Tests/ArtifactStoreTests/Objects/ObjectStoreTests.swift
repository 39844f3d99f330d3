import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

struct ObjectStoreTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  @Test func sameBytesAreStoredOnce() throws {
    let first = try store.objects.put(Array("evidence".utf8))
    let second = try store.objects.put(MemoryStream(Array("evidence".utf8)))
    #expect(first.isNew && !second.isNew)
    #expect(first.digest == second.digest && first.digest == Digest(of: Array("evidence".utf8)))
    #expect(try store.objects.open(first.digest).withView { $0.string } == "evidence")
    #expect(store.objects.list() == [first.digest])
  }

  @Test func zerosAreHolesAndReadBackAsZeros() throws {
    var bytes = [UInt8](repeating: 0, count: 8 << 20)
    bytes[5_000_000] = 7
    let stored = try store.objects.put(bytes)
    var status = stat()
    #expect(stat(store.objects.path(of: stored.digest), &status) == 0)
    #expect(status.st_size == 8 << 20)
    #expect(status.st_blocks * 512 < 1 << 20)
    try store.objects.verify(stored.digest)
    #expect(Digest(of: bytes) == stored.digest)
  }

  @Test func objectsAreReadOnlyAndTheEmptyOneToo() throws {
    let stored = try store.objects.put([])
    var status = stat()
    #expect(stat(store.objects.path(of: stored.digest), &status) == 0)
    #expect(status.st_mode & 0o777 == 0o444)
    #expect(try store.objects.open(stored.digest).byteCount == 0)
  }

  @Test func anAbandonedObjectLeavesNothing() throws {
    do {
      let writer = try store.objects.newObject(durable: true)
      try Array("half".utf8).withUnsafeBytes { try writer.write($0) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory + "/tmp").isEmpty)
    #expect(store.objects.list().isEmpty)
  }

  @Test func leftoversOfAKilledProcessAreRemovedWhenTheStoreIsOpened() throws {
    let left = try folder.write("store/tmp/123-456", "half an object")
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: left)
    // One that is just being made has no lock yet, and stays.
    try folder.write("store/tmp/123-457", "")
    _ = try ArtifactStore(directory: store.directory)
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory + "/tmp") == ["123-457"])
  }

  @Test func aFlippedBitIsNamed() throws {
    let stored = try store.objects.put(Array("evidence".utf8))
    let path = store.objects.path(of: stored.digest)
    chmod(path, 0o644)
    try Data("evidencf".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: StoreError(.integrity, "")) { try store.objects.verify(stored.digest) }
  }

  @Test func aFolderOfSomethingElseIsNotTakenForAStore() throws {
    try folder.write("other/letter.txt", "dear")
    #expect(throws: StoreError(.notAStore, "")) { try ArtifactStore(directory: folder.path + "/other") }
    try folder.write("newer/format", "ir-analyze store 99\n")
    #expect(throws: StoreError(.notAStore, "")) { try ArtifactStore(directory: folder.path + "/newer") }
  }
}
