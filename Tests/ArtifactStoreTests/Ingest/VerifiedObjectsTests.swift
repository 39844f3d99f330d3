import ArtifactStore
import Evidence
import Foundation
import TestSupport
import Testing

struct VerifiedObjectsTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  private func put(_ text: String) throws -> Digest {
    defer { Thread.sleep(forTimeInterval: 0.02) }  // File systems count time in ticks of the kernel.
    return try store.objects.put(Array(text.utf8)).digest
  }

  private func damage(_ digest: Digest, _ change: (FileHandle) throws -> Void) throws {
    let path = store.objects.path(of: digest)
    chmod(path, 0o644)
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    try change(handle)
    try handle.close()
    chmod(path, 0o444)
  }

  @Test func whatWasNotedIsTrustedUntilItsFileChanges() throws {
    let digest = try put("evidence")
    #expect(!store.verified.isUnchanged(digest))
    try store.verified.require(digest)
    #expect(store.verified.isUnchanged(digest))
    // Another process knows it too.
    #expect(try ArtifactStore(directory: store.directory).verified.isUnchanged(digest))
    chmod(store.objects.path(of: digest), 0o400)
    #expect(!store.verified.isUnchanged(digest))
    try store.verified.require(digest)
    #expect(store.verified.isUnchanged(digest))
  }

  @Test func aFlippedBitIsSeenThoughLengthAndTimeAreAsTheyWere() throws {
    let digest = try put("evidence")
    try store.verified.require(digest)
    let path = store.objects.path(of: digest)
    let time = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
    try damage(digest) { try $0.write(contentsOf: Data("Evidence".utf8)) }
    try FileManager.default.setAttributes([.modificationDate: try #require(time)], ofItemAtPath: path)
    #expect(!store.verified.isUnchanged(digest))
    #expect(throws: StoreError(.integrity, "")) { try store.verified.require(digest) }
  }

  @Test func whatIsCutOrGoneIsSeen() throws {
    let cut = try put("evidence")
    let gone = try put("other evidence")
    try store.verified.require(cut)
    try store.verified.require(gone)
    try damage(cut) { try $0.truncate(atOffset: 3) }
    unlink(store.objects.path(of: gone))
    #expect(throws: StoreError(.integrity, "")) { try store.verified.require(cut) }
    #expect(throws: StoreError(.integrity, "")) { try store.verified.require(gone) }
  }

  /// A note that cannot be read only costs hashing again.
  @Test func brokenNotesAreNoTrust() throws {
    let digest = try put("evidence")
    try store.verified.require(digest)
    let notes = store.directory + "/verified"
    let whole = try #require(FileManager.default.contents(atPath: notes))
    for bytes in [
      whole.dropLast(9), Data("\u{0}\n x y z \n\(digest.hex) 1 2 3\n\(digest.hex) -1 -2 a 4\n".utf8), Data(),
    ] {
      try Data(bytes).write(to: URL(fileURLWithPath: notes))
      let again = try ArtifactStore(directory: store.directory)
      #expect(!again.verified.isUnchanged(digest))
      try again.verified.require(digest)
    }
  }

  @Test func aDamagedObjectIsRestoredFromItsSourceAndTheCustodyLogSaysSo() throws {
    try folder.write("in/a", "evidence")
    try folder.write("in/b", "more")
    let ingest = Ingest(into: store, tool: "test")
    let source = try FolderSource(folder.path + "/in")
    _ = try ingest.run(source, named: "in", case: "c")
    let sightings = try store.cases.sightings(of: "c")
    Thread.sleep(forTimeInterval: 0.02)
    try damage(sightings[0].digest) { try $0.write(contentsOf: Data("Evidence".utf8)) }
    unlink(store.objects.path(of: sightings[1].digest))
    let again = try ingest.run(source, named: "in", case: "c")
    #expect(again.restored == ["a", "b"] && again.files == 2)
    for one in sightings { try store.objects.verify(one.digest) }
    #expect(try store.custody.verify() == 4)
    let custody = String(decoding: FileManager.default.contents(atPath: store.custody.path) ?? Data(), as: UTF8.self)
    #expect(custody.components(separatedBy: "\"restore\"").count == 3)
    // The damaged bytes are kept beside.
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory + "/damaged").count == 1)
    #expect(try ingest.run(source, named: "in", case: "c").restored.isEmpty)
  }
}
