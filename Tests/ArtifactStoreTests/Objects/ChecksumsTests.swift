import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

struct ChecksumsTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  /// RFC 1321 and FIPS 180's `abc`, and what md5sum says of lengths around the border where a second thread begins.
  @Test(arguments: [0, 3, 1 << 18, 1 << 18 + 1, 5_000_000])
  func areThoseOfTheUsualTools(count: Int) throws {
    let bytes = count == 3 ? Array("abc".utf8) : (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let stored = try store.objects.put(MemoryStream(bytes))
    let path = try folder.write("file", bytes)
    func sum(_ tool: String) throws -> String {
      String(try runProgram("/usr/bin/\(tool)", [path]).output.prefix { $0 != " " })
    }
    #expect(try stored.checksums?.md5 == sum("md5sum"))
    #expect(try stored.checksums?.sha1 == sum("sha1sum"))
    #expect(try stored.digest.hex == sum("sha256sum"))
    if count == 3 { #expect(stored.checksums?.md5 == "900150983cd24fb0d6963f7d28e17f72") }
    #expect(try store.objects.verify(stored.digest, checksums: true) == stored.checksums)
  }

  @Test func anIngestKeepsThemInTheCaseDatabase() throws {
    try folder.write("in/one.txt", "abc")
    _ = try Ingest(into: store, tool: "t").run(FolderSource(folder.path + "/in"), named: "/in", case: "c")
    let digest = try #require(try store.cases.sightings(of: "c").first?.digest)
    #expect(try store.cases.checksums(of: digest) == Checksums(of: ByteView("abc")))
  }

  @Test func thoseThatAreNotKnownAreMadeOnceAndKept() throws {
    let stored = try store.objects.put(Array("abc".utf8))
    #expect(stored.checksums == nil)
    #expect(try store.cases.checksums(of: stored.digest) == nil)
    #expect(try store.checksums(of: [stored.digest])[stored.digest]?.sha1 == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(try store.cases.checksums(of: stored.digest)?.md5 == "900150983cd24fb0d6963f7d28e17f72")
  }
}
