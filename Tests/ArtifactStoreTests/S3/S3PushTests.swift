@testable import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

struct S3PushTests {
  @Test func foldersAreNamedByInstanceAndTime() throws {
    let time = try #require(Timestamp(iso8601: "2026-11-25T14:22:37.978+09:00"))
    #expect(S3Push.folder(instance: "i-0abc", time: time) == "i-0abc/20261125T052237Z")
    #expect(S3Push.folder(instance: "../x y", time: time) == "..-x-y/20261125T052237Z")
    #expect(S3Push.folder(instance: "..", time: time) == "unknown/20261125T052237Z")
    #expect(S3Push.folder(instance: "", time: time) == "unknown/20261125T052237Z")
  }

  @Suite(.enabled(if: LocalServer.hasMoto, LocalS3.without))
  struct ToServer {
    private let s3: LocalS3
    private let folder: TemporaryFolder

    init() throws {
      s3 = try LocalS3()
      folder = try TemporaryFolder()
    }

    private func push() throws -> S3Push.Summary {
      var options = s3.options
      options.partSize = 5 << 20
      return try S3Push(url: s3.url("results/"), options: options)
        .push(try FolderSource(folder.path), to: "i-0abc/20261125T052237Z")
    }

    private func read(_ key: String) throws -> [UInt8] {
      let source = try S3Source(url: s3.url(key), options: s3.options)
      return try source.open(try #require(try source.list().first)).all()
    }

    @Test func filesLieUnderTheCase() throws {
      let large = pattern(12_000_000)
      try folder.write("report.html", "<html>")
      try folder.write("sub/memory.bin", large)
      let summary = try push()
      #expect(summary.sent == 2 && summary.unchanged == 0 && summary.byteCount == 12_000_006)
      #expect(summary.place == s3.url("results/i-0abc/20261125T052237Z/"))
      #expect(try read("results/i-0abc/20261125T052237Z/report.html") == Array("<html>".utf8))
      #expect(try read("results/i-0abc/20261125T052237Z/sub/memory.bin") == large)
      let again = try push()
      #expect(again.sent == 0 && again.unchanged == 2)
    }

    @Test func aPartThatFailsOnceIsSentAgain() throws {
      let large = pattern(12_000_000)
      try folder.write("memory.bin", large)
      try s3.spoil(#"[{"match": "partNumber=2", "do": {"status": 503, "code": "SlowDown"}}]"#)
      #expect(try push().sent == 1)
      #expect(try read("results/i-0abc/20261125T052237Z/memory.bin") == large)
    }

    @Test func anUploadThatFailsLeavesNothing() throws {
      try folder.write("memory.bin", pattern(12_000_000))
      try s3.spoil(#"[{"match": "partNumber=2", "times": 99, "do": {"status": 403, "code": "AccessDenied"}}]"#)
      #expect(throws: StoreError(.badSource, "")) { try push() }
      #expect(try s3.requests().contains("DELETE /\(s3.bucket)/results/i-0abc/20261125T052237Z/memory.bin?uploadId="))
      #expect(throws: StoreError(.badSource, "")) { try read("results/") }
    }
  }
}
