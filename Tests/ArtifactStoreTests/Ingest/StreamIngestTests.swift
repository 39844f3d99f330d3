import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

struct StreamIngestTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  private func ingest(_ text: String, mayMix: Bool = false, isInterrupted: @escaping () -> Bool = { false }) throws
    -> Ingest.Summary
  {
    try Ingest(into: store, tool: "test").run(
      MemoryStream(Array(text.utf8)), as: "host.lime", named: "standard input", case: "c", mayMix: mayMix,
      isInterrupted: isInterrupted)
  }

  @Test func aStreamIsOneArtifactByTheNameItIsGiven() throws {
    #expect(try ingest("text").stored == 1)
    #expect(try ingest("text").stored == 0)
    let sightings = try store.cases.sightings(of: "c")
    #expect(sightings.map(\.path) == ["host.lime"] && sightings[0].source == "standard input")
    #expect(try store.custody.verify() == 1)
  }

  @Test func nothingIsNoEvidence() throws {
    #expect(throws: StoreError(.badSource, "")) { try ingest("") }
    #expect(try store.cases.cases().isEmpty)
  }

  @Test func anotherStreamGoesIntoTheCaseOnlyWhenAsked() throws {
    _ = try ingest("one")
    #expect(throws: StoreError(.badSource, "")) { try ingest("two") }
    #expect(try ingest("two", mayMix: true).files == 1)
    #expect(try store.cases.sightings(of: "c").count == 2)
  }

  @Test func interruptedNothingIsRecorded() throws {
    #expect(try ingest("text", isInterrupted: { true }).isInterrupted)
    #expect(try store.cases.cases().isEmpty && store.objects.list().isEmpty)
  }

  /// A file of any length is left in the middle.
  @Test func aFileIsLeftBetweenTwoBlocks() throws {
    try folder.write("in/a", "small")
    try folder.write("in/b", [UInt8](repeating: 0x42, count: 8 << 20))
    var seen = 0
    let summary = try Ingest(into: store, tool: "test").run(
      try FolderSource(folder.path + "/in"), named: "in", case: "c", onProgress: { seen += $0 },
      isInterrupted: { seen > 2 << 20 })
    #expect(summary.isInterrupted && summary.files == 1 && summary.gaps.isEmpty)
    #expect(seen < 8 << 20)
    #expect(try store.cases.sightings(of: "c").map(\.path) == ["a"])
  }
}
