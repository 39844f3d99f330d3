import ArtifactStore
import Evidence
import Foundation
import TestSupport
import Testing

struct IngestTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  private func ingest(_ source: FolderSource) throws -> Ingest.Summary {
    try Ingest(into: store, tool: "test").run(source, named: "/evidence", case: "c")
  }

  @Test func everyFileIsASightingByItsPath() throws {
    try folder.write("in/a/one.txt", "same")
    try folder.write("in/b/two.txt", "same")
    try folder.write("in/empty", "")
    let summary = try ingest(try FolderSource(folder.path + "/in"))
    #expect(summary.files == 3 && summary.stored == 2)
    let sightings = try store.cases.sightings(of: "c")
    #expect(sightings.map(\.path) == ["a/one.txt", "b/two.txt", "empty"])
    #expect(sightings[0].digest == sightings[1].digest && sightings[0].type == "text/plain")
    #expect(sightings[2].byteCount == 0)
  }

  @Test func aSecondIngestStoresNothingAndAddsNothingToCustody() throws {
    try folder.write("in/one.txt", "text")
    _ = try ingest(try FolderSource(folder.path + "/in"))
    let entries = try store.custody.verify()
    let again = try ingest(try FolderSource(folder.path + "/in"))
    #expect(again.stored == 0 && again.files == 1)
    #expect(try store.custody.verify() == entries && entries == 1)
  }

  @Test func linksOutPipesAndWhatIsMissingAreGapsNeverOpened() throws {
    try folder.write("secret", "outside")
    try folder.write("in/file", "inside")
    symlink("../secret", folder.path + "/in/out")
    symlink("nowhere", folder.path + "/in/broken")
    symlink("file", folder.path + "/in/inner")
    mkfifo(folder.path + "/in/pipe", 0o600)
    let summary = try ingest(try FolderSource(folder.path + "/in"))
    #expect(summary.gaps.map(\.path).sorted() == ["broken", "out", "pipe"])
    #expect(try store.cases.sightings(of: "c").map(\.path) == ["file", "inner"])
    #expect(try store.cases.gaps(of: "c").count == 3)
  }

  @Test func aFileThatShrinksWhileItIsListedIsKeptAndSaidSo() throws {
    let path = try folder.write("in/log", String(repeating: "x", count: 100))
    let source = try FolderSource(folder.path + "/in")
    try Data("short".utf8).write(to: URL(fileURLWithPath: path))
    _ = try ingest(source)
    let sighting = try #require(try store.cases.sightings(of: "c").first)
    #expect(sighting.byteCount == 5)
    #expect(sighting.note == "shrank from 100 to 5 bytes while it was read")
  }

  @Test func aFileThatVanishesIsAGapAndTheRestIsTaken() throws {
    let path = try folder.write("in/gone", "x")
    try folder.write("in/stays", "y")
    let source = try FolderSource(folder.path + "/in")
    unlink(path)
    let summary = try ingest(source)
    #expect(summary.files == 1 && summary.gaps.map(\.path) == ["gone"])
  }

  @Test func whatIsNotThereOrEmptyIsTheCallersMistake() throws {
    #expect(throws: StoreError(.badSource, "")) { try FolderSource(folder.path + "/absent") }
    try FileManager.default.createDirectory(atPath: folder.path + "/empty", withIntermediateDirectories: true)
    #expect(throws: StoreError(.badSource, "")) { try FolderSource(folder.path + "/empty") }
    #expect(throws: StoreError(.badSource, "")) { try FolderSource("/dev/null") }
  }

  /// Small files wait for each other, large ones do not; nothing of that is seen afterwards.
  @Test func smallAndLargeFilesComeInTheirOrder() throws {
    var names: [String] = []
    for number in 0..<700 {
      let name = "f\(1000 + number)"
      // Every seventh is the same as the one before.
      try folder.write("in/\(name)", "text \(number % 7 == 0 ? number : number - number % 7)")
      names.append(name)
    }
    try folder.write("in/f1350-large", [UInt8](repeating: 0x61, count: 200_000))
    names.append("f1350-large")
    let summary = try ingest(try FolderSource(folder.path + "/in"))
    #expect(summary.files == 701 && summary.stored == 101 && summary.gaps.isEmpty)
    #expect(try store.cases.sightings(of: "c").map(\.path) == names.sorted())
    for digest in store.objects.list() {
      try store.objects.verify(digest)
      #expect(store.verified.isUnchanged(digest))
      var status = stat()
      #expect(stat(store.objects.path(of: digest), &status) == 0 && status.st_mode & 0o777 == 0o444)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory + "/tmp").isEmpty)
    let custody = try String(contentsOfFile: store.custody.path, encoding: .utf8).split(separator: "\n")
    let paths = custody.compactMap { line in line.firstMatch(of: /"path":"([^"]*)"/).map { String($0.1) } }
    #expect(paths == names.sorted())
    #expect(custody.count { $0.contains(#""stored":true"#) } == 101)
    let again = try ingest(try FolderSource(folder.path + "/in"))
    #expect(again.files == 701 && again.stored == 0 && again.restored.isEmpty)
  }

  @Test func aSmallObjectThatWasDamagedIsStoredAgain() throws {
    try folder.write("in/a", "one")
    try folder.write("in/b", "two")
    _ = try ingest(try FolderSource(folder.path + "/in"))
    let path = store.objects.path(of: Digest(of: Array("one".utf8)))
    chmod(path, 0o644)
    try Data("eno".utf8).write(to: URL(fileURLWithPath: path))
    let again = try ingest(try FolderSource(folder.path + "/in"))
    #expect(again.restored == ["a"] && again.stored == 1)
    try store.objects.verify(Digest(of: Array("one".utf8)))
  }

  @Test func whatIsInWhenTheUserStopsIsRecorded() throws {
    for name in ["a", "b", "c"] { try folder.write("in/\(name)", "text of \(name)") }
    var asked = 0
    // Before each file, and before each read of one.
    let summary = try Ingest(into: store, tool: "test").run(
      try FolderSource(folder.path + "/in"), named: "in", case: "c",
      isInterrupted: {
        asked += 1
        return asked > 6
      })
    #expect(summary.isInterrupted && summary.files > 0 && summary.files < 3)
    #expect(try store.cases.sightings(of: "c").count == summary.files && store.objects.list().count == summary.files)
  }
}
