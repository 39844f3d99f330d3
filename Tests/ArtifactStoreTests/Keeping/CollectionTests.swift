@testable import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

struct CollectionTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  private func unit(_ artifact: Digest, _ analyzer: String) -> [UInt8] {
    Array(#"{"analyzer":"\#(analyzer)","artifact":"\#(artifact.hex)","version":"1"}"#.utf8)
  }

  private func addResult(of artifact: Digest, _ analyzer: String, _ text: String) throws -> Digest {
    let stored = try store.objects.put(Array(text.utf8), durable: false)
    let unit = unit(artifact, analyzer)
    try store.results.record(key: Digest(of: unit), unit: unit, result: stored)
    return stored.digest
  }

  @Test func onlyWhatNothingRefersToGoes() throws {
    try folder.write("in/one", "evidence")
    _ = try Ingest(into: store, tool: "t").run(FolderSource(folder.path + "/in"), named: "/in", case: "c")
    let artifact = try #require(try store.cases.sightings(of: "c").first?.digest)
    let member = try store.objects.put(Array("member".utf8)).digest
    let expanded = try addResult(of: artifact, "expand", #"{"member":{"path":"m","digest":"\#(member.hex)"}}"# + "\n")
    let ofMember = try addResult(of: member, "text", "result of the member\n")
    let stray = try store.objects.put(Array("stray".utf8)).digest
    let ofStray = try addResult(of: stray, "text", "result of the stray\n")
    let found = try store.collectable()
    #expect(Set(found.objects.map(\.digest)) == [stray, ofStray] && found.ledgerEntries == 1 && found.kept == 4)
    #expect(store.objects.contains(stray))
    #expect(try store.collect(tool: "t").objects == found.objects)
    #expect(Set(store.objects.list()) == [artifact, member, expanded, ofMember])
    let custody = try String(contentsOfFile: store.custody.path, encoding: .utf8)
    #expect(custody.contains(#""action":"remove""#) && custody.contains(stray.hex))
    #expect(try store.custody.verify() > 0)
    #expect(try store.collect(tool: "t").objects.isEmpty)
  }

  @Test func bytesThatAreBothAResultAndAMemberKeepTheirOwnResults() throws {
    try folder.write("in/one", "evidence")
    _ = try Ingest(into: store, tool: "t").run(FolderSource(folder.path + "/in"), named: "/in", case: "c")
    let artifact = try #require(try store.cases.sightings(of: "c").first?.digest)
    // An empty result, and an empty member.
    let empty = try addResult(of: artifact, "aaa", "")
    _ = try addResult(of: artifact, "expand", #"{"member":{"path":"m","digest":"\#(empty.hex)"}}"# + "\n")
    let ofEmpty = try addResult(of: empty, "text", "result of nothing\n")
    let found = try store.collectable()
    #expect(found.objects.isEmpty && found.ledgerEntries == 0)
    #expect(try StoreReferences(store).contents.contains(ofEmpty))
  }

  @Test func nothingIsRemovedWhileSomebodyElseHasTheStoreOpen() throws {
    let stray = try store.objects.put(Array("stray".utf8)).digest
    do {
      let other = try ArtifactStore(directory: store.directory)
      #expect(throws: StoreError(.busy, "")) { try store.collect(tool: "t") }
      withExtendedLifetime(other) {}
    }
    #expect(store.objects.contains(stray))
    #expect(try store.collect(tool: "t").objects.map(\.digest) == [stray])
  }

  @Test func theBaseOfAPackedImageStays() throws {
    var noise = SystemRandomNumberGenerator()
    let first = (0..<400 * 4096).map { _ in UInt8.random(in: 0...255, using: &noise) }
    var second = first
    second[5000] ^= 1
    let runs = [PageRun(offset: 0, address: 0, byteCount: UInt64(first.count))]
    let one = try store.objects.put(first).digest
    let two = try store.objects.put(second).digest
    _ = try store.objects.pack(one) { _ in runs }
    guard case .packed = try store.objects.pack(two, layout: { _ in runs }) else {
      Issue.record("not packed")
      return
    }
    try store.cases.record(
      case: "c",
      [.init(path: "two", digest: two, byteCount: UInt64(second.count), type: "", source: "", modified: nil)], gaps: [])
    #expect(try store.collect(tool: "t").objects.isEmpty)
    try store.objects.verify(two)
    #expect(store.objects.contains(one))
  }
}
