import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

/// Lists of every kind against a case: as it should be, and each way in which it can be wrong.
struct HashCheckTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
  }

  private func check(_ files: [String: String]) throws -> [HashVerdict] {
    for (name, text) in files { try folder.write("in/\(name)", text) }
    return try check()
  }

  private func check() throws -> [HashVerdict] {
    _ = try Ingest(into: store, tool: "t").run(FolderSource(folder.path + "/in"), named: "/in", case: "c")
    return try CaseHashCheck(store, files: caseFiles()).run(case: "c", tool: "t")
  }

  private func caseFiles() throws -> [CaseFile] {
    try store.cases.sightings(of: "c").map { CaseFile(path: $0.path, digest: $0.digest, byteCount: $0.byteCount) }
  }

  private func sha256(_ text: String) -> String { Digest(of: Array(text.utf8)).hex }
  private func sums(_ text: String) -> Checksums { text.withView { Checksums(of: $0) } }

  @Test func aListThatFits() throws {
    let list = "\(sha256("one"))  ./one.txt\nSHA256 (sub/two.txt) = \(sha256("two"))\n"
    let verdicts = try check(["d/one.txt": "one", "d/sub/two.txt": "two", "d/SHA256SUMS": list])
    #expect(verdicts.map(\.verdict) == [.matched, .matched])
    #expect(verdicts.map(\.path) == ["d/one.txt", "d/sub/two.txt"])
    #expect(try store.cases.verdicts(of: "c") == verdicts)
    let custody = try String(contentsOfFile: store.custody.path, encoding: .utf8)
    #expect(custody.contains(#""action":"check""#) && custody.contains(#""matched":2"#))
    // Found again, it is not said again.
    let count = try store.custody.verify()
    _ = try check()
    #expect(try store.custody.verify() == count)
  }

  @Test func changedMissingAndUnlistedFiles() throws {
    let list = "\(sha256("one"))  one.txt\n\(sha256("was"))  two.txt\n\(sha256("gone"))  three.txt\n"
    let verdicts = try check(["one.txt": "one", "two.txt": "is", "four.txt": "new", "SHA256SUMS": list])
    #expect(verdicts.map(\.verdict) == [.matched, .mismatch, .missing, .unlisted])
    #expect(verdicts[1].expected == sha256("was") && verdicts[1].found == sha256("is"))
    #expect(verdicts[1].sentence.contains("two.txt does not have the sha256 that SHA256SUMS gives"))
    #expect(verdicts[3].path == "four.txt")
  }

  @Test func limesSideCarAndTheOrchestratorsFile() throws {
    let image = String(repeating: "page", count: 2000)
    let verdicts = try check([
      "i-1/memory/i-1.lime": image, "i-1/memory/i-1.lime.sha1": "\(sums(image).sha1 ?? "")\n",
      "i-1/memory/i-1.sha256": sha256(image),
      "i-1/memory/lime_sha256.txt": "\(sha256(image))  /tmp/forensics/output.lime\n",
      "i-2/output.lime": "other", "i-2/lime_sha256.txt": sha256("something else"),
    ])
    #expect(verdicts.map(\.verdict) == [.matched, .matched, .matched, .mismatch])
    #expect(
      verdicts.map(\.path) == ["i-1/memory/i-1.lime", "i-1/memory/i-1.lime", "i-1/memory/i-1.lime", "i-2/output.lime"])
  }

  @Test func uacsListInsideItsArchiveAndItsLogBesideIt() throws {
    let md5 = sums("root:x:0:0").md5 ?? ""
    let list = "\(md5)  ./[root]/etc/passwd\n\(md5)  /etc/group\n\(sums("x").md5 ?? "")  /etc/shadow\n"
    let inner = [
      "a.tar.gz!/hash_list.md5": list, "a.tar.gz!/[root]/etc/passwd": "root:x:0:0",
      "a.tar.gz!/[root]/etc/group": "root:x:0:0",
    ]
    let files = try inner.map { path, text in
      CaseFile(path: path, digest: try store.objects.put(Array(text.utf8)).digest, byteCount: UInt64(text.utf8.count))
    }
    try store.cases.record(case: "c", [], gaps: [])
    let verdicts = try CaseHashCheck(store, files: files).run(case: "c", tool: "t")
    #expect(verdicts.map(\.verdict) == [.matched, .matched, .missing])
    let log =
      "[Output Information]\nFile: uac-1.tar.gz\n[Computed Hashes]\nMD5 checksum: \(sums("archive").md5 ?? "")\n"
    let outer = try check(["uac-1.tar.gz": "archive", "uac-1.log": log])
    #expect(outer.map(\.verdict) == [.matched] && outer[0].path == "uac-1.tar.gz")
  }

  @Test func aFileThatWasCompressedAfterItsHashWasMade() throws {
    let image = String(repeating: "page of memory ", count: 5000)
    try folder.write("in/host.lime", image)
    _ = try runProgram("/usr/bin/gzip", ["-n", folder.path + "/in/host.lime"])
    let verdicts = try check(["sums.md5": "\(sums(image).md5 ?? "")  host.lime\n\(sums("x").md5 ?? "")  host.lime\n"])
    #expect(verdicts.map(\.verdict) == [.matched, .mismatch])
    #expect(verdicts[0].note == "after its compression is undone")
  }

  @Test func sameNamesElsewhereAreNoMismatch() throws {
    // `passwd` of another folder is another file, not a changed one.
    let verdicts = try check([
      "a/passwd": "one", "b/passwd": "two", "list/hash_list.sha256": "\(sha256("three"))  /etc/passwd\n",
    ])
    #expect(verdicts.map(\.verdict) == [.missing])
    let renamed = try check(["list/hash_list.sha256": "\(sha256("two"))  /etc/renamed\n"])
    #expect(renamed.contains { $0.verdict == .matched && $0.note == "under another name" })
  }

  @Test func namesThatLeadOutFindNothing() throws {
    let list = "\(sha256("x"))  ../../../../etc/passwd\n\(sha256("y"))  /\n\(sha256("z"))  ..\n\(sha256("w"))  \u{0}\n"
    let verdicts = try check(["d/SHA256SUMS": list, "d/one": "one"])
    #expect(verdicts.allSatisfy { $0.verdict == .missing } && verdicts.count == 4)
  }

  /// `ucf` keeps the hashes of all former versions of a file of configuration.
  @Test(arguments: ["", "disk/", "uac.tar.gz!/[root]/"])
  func aListOfTheHostIsNoCollectorsList(_ root: String) throws {
    let list = "\(sha256("was"))  sshd_config\n\(sha256("before"))  sshd_config\n"
    let verdicts = try check([
      root + "etc/passwd": "root:x:0:0", root + "usr/share/openssh/sshd_config": "is",
      root + "usr/share/openssh/sshd_config.sha256sum": list, root + "opt/app/SHA256SUMS": "\(sha256("x"))  run\n",
      root + "opt/app/run": "y",
    ])
    #expect(verdicts.isEmpty)
    // The collector's lies beside the root's folders.
    let own = try check([root + "SHA256SUMS": "\(sha256("x"))  etc/passwd\n"])
    #expect(own.filter { $0.verdict != .unlisted }.map(\.verdict) == (root.contains("[root]") ? [] : [.mismatch]))
  }
}
