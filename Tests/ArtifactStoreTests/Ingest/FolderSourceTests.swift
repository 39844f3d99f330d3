import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

@testable import ArtifactStore

@Suite struct FolderSourceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A name in EUC-KR, or of whoever does not want to be listed.
  @Test func aNameThatIsNoUTF8IsTakenInAllTheSame() throws {
    try folder.write("in/plain.txt", "plain")
    let name = Array((folder.path + "/in/shell").utf8CString.dropLast()) + [-1, -2] + Array(".jsp".utf8CString)
    let descriptor = open(name, O_WRONLY | O_CREAT, 0o600)
    try #require(descriptor >= 0)
    #expect(write(descriptor, "hidden", 6) == 6)
    close(descriptor)
    let source = try FolderSource(folder.path + "/in")
    #expect(source.files.map(\.name) == ["plain.txt", "shell\u{FFFD}\u{FFFD}.jsp"])
    let store = try ArtifactStore(directory: folder.path + "/store")
    let summary = try Ingest(into: store, tool: "test").run(source, named: "in", case: "c")
    #expect(summary.files == 2 && summary.gaps.isEmpty)
    let digests = try store.cases.sightings(of: "c").map(\.digest)
    #expect(digests.contains(Digest(of: Array("hidden".utf8))))
  }

  /// In a host's root links are meant from there.
  @Test func anAbsoluteLinkIsTakenFromTheFolderAsRoot() throws {
    try folder.write("in/etc/systemd/system/x.service", "[Service]\n")
    for (link, target) in [
      ("inside", "/etc/systemd/system/x.service"), ("folder", "/etc/systemd"), ("outside", "/etc/hostname-of-nobody"),
      ("upwards", "/etc/../../etc/passwd"), ("relative", "etc/systemd/system/x.service"),
    ] {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path + "/in/" + link, withDestinationPath: target)
    }
    let source = try FolderSource(folder.path + "/in")
    #expect(source.files.map(\.name) == ["etc/systemd/system/x.service", "relative"])
    #expect(source.gaps.map(\.path).sorted() == ["outside", "upwards"])
  }

  /// Somebody works inside the folder of evidence.
  @Test func theStoreAndReportsInsideTheFolderAreLeftOut() throws {
    for name in ["a.log", "report/report.html", "report2/x", "reporter/y", "work/store/objects/ab/cd"] {
      try folder.write("in/\(name)", "x")
    }
    mkfifo(folder.path + "/in/report/pipe", 0o600)
    symlink("in", folder.path + "/link")
    var source = try FolderSource(folder.path + "/in/../in")
    let left = try source.leaveOut([
      folder.path + "/link/work/store", folder.path + "/in/report", folder.path + "/in/absent", folder.path,
    ])
    #expect(left == ["work/store", "report"])
    #expect(source.files.map(\.name) == ["a.log", "report2/x", "reporter/y"] && source.gaps.isEmpty)
    var inner = try FolderSource(folder.path + "/in/work")
    #expect(throws: StoreError(.badSource, "")) { _ = try inner.leaveOut([folder.path + "/in/work/store"]) }
    // What the folder lies in is not in it, and a file alone is meant.
    var file = try FolderSource(folder.path + "/in/report/report.html")
    #expect(try file.leaveOut([folder.path + "/in/report"]).isEmpty && file.files.count == 1)
  }
}
