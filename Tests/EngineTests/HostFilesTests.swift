import ArtifactStore
import Evidence
import Foundation
import TestSupport
import Testing

@testable import Engine

struct HostFilesTests {
  private func files(_ members: [ArchiveBytes.TarMember]) throws -> [HostFiles.File] {
    let folder = try TemporaryFolder()
    let store = try ArtifactStore(directory: folder.path + "/store")
    let artifact = try store.objects.put(ArchiveBytes.tar(members)).digest
    let unit = Engine.Unit(
      artifact: artifact, analyzer: "expand", version: "", options: ["as": "archive", "path": "a"])
    let result = try ResultFile(store)
    try ExpandAnalyzer().run(unit, Surroundings(store: store, rules: RuleLibrary(directory: "")), into: result)
    var files: [HostFiles.File] = []
    try HostFiles.forEach(inArchive: try result.finish().digest, of: store) { files.append($0) }
    return files
  }

  /// The root of a container in the host's is no root of its own, and what lies beside the root is no file of the host.
  @Test func pathsAreThoseOfTheHost() throws {
    let files = try files([
      .init("uac/[root]/etc/passwd", "root:x:0:0::/root:/bin/sh\n"), .init("uac/live_response/ps.txt", "PID"),
      .init("uac/[root]/var/lib/docker/overlay2/x/etc/passwd", "a"), .init("uac/[root]/tmp/.x", "\u{7F}ELF"),
      .init("uac/[root]/tmp/", type: "5"),
    ])
    #expect(files.map(\.path) == ["/etc/passwd", "/var/lib/docker/overlay2/x/etc/passwd", "/tmp/.x"])
    #expect(files.last?.content == Digest(of: Array("\u{7F}ELF".utf8)))
    // These archives were made by somebody who is not root.
    #expect(files.allSatisfy { $0.mode == 0o644 && $0.owner == nil && $0.modified != nil })
  }

  @Test(arguments: [["./etc/passwd", "./bin/x"], ["/etc/passwd", "/bin/x"], ["etc/passwd", "bin/x"]])
  func theRootMayBeWrittenInAnyWay(_ paths: [String]) throws {
    #expect(try files(paths.map { .init($0, $0) }).map(\.path) == ["/etc/passwd", "/bin/x"])
  }

  @Test func anArchiveOfSomethingElseHasNoFilesOfAHost() throws {
    #expect(try files([.init("command/ps.txt", "PID"), .init("notetc/passwd", "a"), .init("tmp/x", "b")]).isEmpty)
    #expect(try files([]).isEmpty)
  }

  @Test func aFolderWithARootInItGivesItsFiles() {
    func sighting(_ path: String, _ mode: UInt16, _ owner: Int64) -> CaseDatabase.Sighting {
      .init(
        path: path, digest: Digest(of: Array(path.utf8)), byteCount: 1, type: "", source: "/mnt", modified: 7,
        mode: mode, owner: owner)
    }
    var files: [HostFiles.File] = []
    HostFiles.forEach(of: [sighting("etc/passwd", 0o644, 0), sighting("tmp/.x", 0o4755, 997)]) { files.append($0) }
    #expect(files.map(\.path) == ["/etc/passwd", "/tmp/.x"])
    #expect(files.last?.mode == 0o4755 && files.last?.owner == 997 && files.last?.modified == 7)
    files = []
    HostFiles.forEach(of: [sighting("etc/passwd", 0o644, 1000), sighting("tmp/.x", 0o755, 1000)]) { files.append($0) }
    #expect(files.map(\.owner) == [nil, nil])
    files = []
    HostFiles.forEach(of: [sighting("command/ps.txt", 0o644, 0)]) { files.append($0) }
    #expect(files.isEmpty)
  }
}
