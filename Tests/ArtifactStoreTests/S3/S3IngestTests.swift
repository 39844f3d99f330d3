@testable import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: LocalServer.hasMoto, LocalS3.without))
struct S3IngestTests {
  private let s3: LocalS3
  private let folder: TemporaryFolder

  init() throws {
    s3 = try LocalS3()
    folder = try TemporaryFolder()
  }

  private func store() throws -> ArtifactStore { try ArtifactStore(directory: folder.path + "/store") }

  private func ingest(
    _ store: ArtifactStore, resumable: UInt64 = 1 << 40, stopAfter bytes: Int = .max,
    isTryingOneConnection: Bool = true
  ) throws -> Ingest.Summary {
    var options = s3.options
    options.rangeSize = 1 << 16
    options.connections = 2
    options.isTryingOneConnection = isTryingOneConnection
    options.resumableSize = resumable
    let source = try S3Source(url: s3.url("case/"), options: options)
    var seen = 0
    return try Ingest(into: store, tool: "test").run(
      source, try source.list(), case: "c", onProgress: { seen += $0 }, isInterrupted: { seen >= bytes })
  }

  @Test func everyObjectIsASightingWithItsMetadata() throws {
    try s3.put("case/a/one.txt", Array("same".utf8), metadata: [("signature", "0a")])
    try s3.put("case/b.txt", "same")
    try s3.put("case/empty", "")
    let store = try store()
    let summary = try ingest(store)
    #expect(summary.files == 3 && summary.stored == 2 && summary.gaps.isEmpty)
    #expect(try store.cases.sightings(of: "c").map(\.path) == ["a/one.txt", "b.txt", "empty"])
    let custody = String(decoding: FileManager.default.contents(atPath: store.custody.path) ?? Data(), as: UTF8.self)
    #expect(
      custody.contains(#""source":"\#(s3.url("case/a/one.txt"))""#) && custody.contains(#""meta.signature":"0a""#))
    #expect(try store.custody.verify() == 3)
  }

  @Test func whatIsInTheStoreIsNotFetchedAgain() throws {
    try s3.put("case/one", pattern(100_000), metadata: [("k", "v")])
    let store = try store()
    _ = try ingest(store)
    try s3.spoil("[]")
    let again = try ingest(store)
    #expect(again.files == 1 && again.stored == 0)
    #expect(!(try s3.requests().contains("/case/one ")))
    try s3.put("case/one", "other now")
    #expect(try ingest(store).stored == 1)
  }

  @Test func aLargeObjectIsGoneOnWith() throws {
    let bytes = pattern(2_000_000)
    try s3.put("case/large", bytes)
    let first = try ingest(try store(), resumable: 1 << 20, stopAfter: 800_000)
    #expect(first.isInterrupted && first.files == 0)
    let parts = { try FileManager.default.contentsOfDirectory(atPath: folder.path + "/store/tmp/s3").sorted() }
    #expect(try parts().count == 2)
    try s3.spoil("[]")
    // A store that is opened again keeps the part.
    let store = try store()
    let second = try ingest(store, resumable: 1 << 20)
    #expect(second.files == 1 && second.stored == 1)
    #expect(!(try s3.requests().contains("bytes=0-65535")))
    #expect(try store.cases.sightings(of: "c").map(\.digest) == [Digest(of: bytes)])
    try store.objects.verify(Digest(of: bytes))
    #expect(try parts().isEmpty)
  }

  @Test func aPartThatOnlyLacksItsNameIsNotFetchedAgain() throws {
    let bytes = pattern(2_000_000)
    try s3.put("case/large", bytes, metadata: [("k", "v")])
    #expect(try ingest(try store(), resumable: 1 << 20, stopAfter: bytes.count).isInterrupted)
    try s3.spoil("[]")
    let store = try store()
    #expect(try ingest(store, resumable: 1 << 20).stored == 1)
    #expect(!(try s3.requests().contains("GET /\(s3.bucket)/case/large")))
    #expect(store.objects.contains(Digest(of: bytes)))
  }

  @Test func severalPartsAreGoneOnWith() throws {
    let second = pattern(2_000_000)
    try s3.put("case/2", second)
    #expect(try ingest(try store(), resumable: 1 << 20, stopAfter: 600_000).isInterrupted)
    let first = pattern(1_500_000)
    try s3.put("case/1", first)
    #expect(try ingest(try store(), resumable: 1 << 20, stopAfter: 1_400_000).isInterrupted)
    let store = try store()
    #expect(try ingest(store, resumable: 1 << 20).stored == 2)
    #expect(store.objects.contains(Digest(of: first)) && store.objects.contains(Digest(of: second)))
    #expect(store.objects.list().count == 2)
  }

  @Test func aDamagedPartIsFetchedFromTheDamageOn() throws {
    let bytes = pattern(2_000_000)
    try s3.put("case/large", bytes)
    _ = try ingest(try store(), resumable: 1 << 20, stopAfter: 800_000)
    let tmp = folder.path + "/store/tmp/s3"
    let part = try #require(try FileManager.default.contentsOfDirectory(atPath: tmp).first { $0.hasSuffix(".part") })
    let handle = try #require(FileHandle(forWritingAtPath: "\(tmp)/\(part)"))
    try handle.seek(toOffset: 100_000)
    try handle.write(contentsOf: Data([0, 1, 2, 3]))
    try handle.close()
    try s3.spoil("[]")
    let store = try store()
    #expect(try ingest(store, resumable: 1 << 20, isTryingOneConnection: false).stored == 1)
    let asked = try s3.requests()
    #expect(asked.contains("bytes=65536-131071") && !asked.contains("bytes=0-65535"))
    #expect(store.objects.contains(Digest(of: bytes)))
  }

  @Test func anObjectThatFailsIsAGapAndTheOthersAreIn() throws {
    for name in ["a", "b", "c"] { try s3.put("case/\(name)", pattern(150_000)) }
    try s3.put("case/b", pattern(160_000))
    try s3.spoil(#"[{"match": "/case/b", "times": 99, "do": {"status": 403, "code": "InvalidObjectState"}}]"#)
    let store = try store()
    let summary = try ingest(store)
    #expect(summary.files == 2 && summary.gaps.map(\.path) == ["b"])
    #expect(summary.gaps.first?.reason.contains("Glacier") == true)
    #expect(try store.cases.gaps(of: "c").count == 1)
  }

  @Test func accessDeniedToEverythingIsAnError() throws {
    for name in 0..<12 { try s3.put("case/\(name)", "x") }
    try s3.spoil(#"[{"match": "/case/", "times": 999, "do": {"status": 403, "code": "AccessDenied"}}]"#)
    #expect(throws: StoreError(.badSource, "")) { try ingest(try store()) }
  }

  @Test func aChecksumThatDoesNotFitIsSeen() throws {
    try s3.put("case/one", "text")
    let wrong = Data(Digest(of: [1]).bytes).base64EncodedString()
    try s3.spoil(#"[{"match": "/case/one", "times": 9, "do": {"add": {"x-amz-checksum-sha256": "\#(wrong)"}}}]"#)
    #expect(throws: StoreError(.integrity, "")) { try ingest(try store()) }
    #expect(try store().cases.sightings(of: "c").isEmpty)
  }
}
