@testable import ArtifactStore
import Bytes
import Evidence
import Foundation
import TestSupport
import Testing

struct ExportTests {
  private let folder: TemporaryFolder
  private let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(directory: folder.path + "/store")
    try folder.write("in/a/one.txt", "first")
    try folder.write("in/zeros", [UInt8](repeating: 0, count: 3 << 20))
    symlink("nowhere", folder.path + "/in/broken")
    _ = try Ingest(into: store, tool: "t").run(FolderSource(folder.path + "/in"), named: "/in", case: "c")
    let one = Digest(of: Array("first".utf8))
    let unit = Array(#"{"analyzer":"text","artifact":"\#(one.hex)","version":"1"}"#.utf8)
    try store.results.record(
      key: Digest(of: unit), unit: unit, result: store.objects.put(Array("result\n".utf8), durable: false))
  }

  private var path: String { folder.path + "/c.tar.zst" }

  private func unpack() throws -> String {
    let target = folder.path + "/unpacked"
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
    #expect(try runProgram("/bin/sh", ["-c", "zstd -dc '\(path)' | tar -xf - -C '\(target)'"]).status == 0)
    return target
  }

  @Test func theArchiveIsWholeAndCheckedByTheUsualTools() throws {
    let summary = try CaseExport(store, case: "c", tool: "t").write(to: path)
    #expect(summary.objects == 3)
    let target = try unpack()
    for (tool, list) in [("sha256sum", "SHA256SUMS"), ("md5sum", "MD5SUMS"), ("sha1sum", "SHA1SUMS")] {
      #expect(try runProgram("/usr/bin/\(tool)", ["-c", "--quiet", list], in: target).status == 0)
    }
    let files = try FileManager.default.subpathsOfDirectory(atPath: target)
    #expect(Set(files).isSuperset(of: ["manifest.json", "case.json", "custody.jsonl", "custody.head"]))
    let text = try String(contentsOfFile: target + "/case.json", encoding: .utf8)
    #expect(text.contains(#""md5":"8b04d5e3775d298e78455efc5ca404d5""#) && text.contains("broken"))
  }

  @Test func anotherStoreTakesItInAndEveryByteIsChecked() throws {
    _ = try CaseExport(store, case: "c", tool: "t").write(to: path)
    #expect(CaseImport.caseName(of: path) == "c")
    let other = try ArtifactStore(directory: folder.path + "/other")
    let summary = try CaseImport(into: other, tool: "t").run(path, case: "c")
    #expect(summary.stored == 3 && summary.gaps.map(\.path) == ["broken"])
    #expect(try other.cases.sightings(of: "c") == store.cases.sightings(of: "c"))
    for digest in other.objects.list() { try other.objects.verify(digest) }
    var keys: [Digest] = []
    other.results.forEach { keys.append($0.key) }
    #expect(keys.count == 1)
    #expect(try other.custody.verify() == 1)
    // A second time there is nothing to do.
    #expect(try CaseImport(into: other, tool: "t").run(path, case: "c").stored == 0)
    #expect(try other.custody.verify() == 1)
    // And what came out of an import goes out again.
    let again = folder.path + "/again.tar.zst"
    #expect(try CaseExport(other, case: "c", tool: "t").write(to: again).objects == 3)
  }

  @Test func aDamagedObjectEndsTheExportAndLeavesNothing() throws {
    let place = store.objects.path(of: Digest(of: Array("first".utf8)))
    chmod(place, 0o644)
    try Data("tsrif".utf8).write(to: URL(fileURLWithPath: place))
    #expect(throws: StoreError(.integrity, "")) { try CaseExport(store, case: "c", tool: "t").write(to: path) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("c.tar") }.isEmpty)
  }

  @Test func tamperedArchivesAreRefused() throws {
    _ = try CaseExport(store, case: "c", tool: "t").write(to: path)
    let target = try unpack()
    let digest = Digest(of: Array("first".utf8))
    let object = "\(target)/\(CaseExport.place(of: digest))"
    let changes: [(String, () throws -> Void)] = [
      ("object", { try self.replace(object, "tsrif") }),
      ("case.json", { try self.replace(target + "/case.json", "{}") }),
      ("custody.jsonl", { try self.replace(target + "/custody.jsonl", "{}\n") }),
      ("gone", { try FileManager.default.removeItem(atPath: object) }),
    ]
    for (name, change) in changes {
      let whole = try [object, target + "/case.json", target + "/custody.jsonl"].map {
        ($0, try Data(contentsOf: URL(fileURLWithPath: $0)))
      }
      try change()
      let script =
        "cd '\(target)' && tar -cf - manifest.json SHA256SUMS case.json custody.jsonl custody.head objects results | zstd -q -f -o ../bad.tar.zst"
      #expect(try runProgram("/bin/sh", ["-c", script]).status == 0)
      let other = try ArtifactStore(directory: "\(folder.path)/other-\(name)")
      #expect(throws: StoreError(.integrity, ""), "\(name)") {
        try CaseImport(into: other, tool: "t").run(folder.path + "/bad.tar.zst", case: "c")
      }
      #expect(try other.cases.sightings(of: "c").isEmpty)
      for (path, data) in whole { try replace(path, data) }
    }
  }

  private func replace(_ path: String, _ text: String) throws { try replace(path, Data(text.utf8)) }

  private func replace(_ path: String, _ data: Data) throws {
    unlink(path)
    try data.write(to: URL(fileURLWithPath: path))
  }

  @Test func anythingElseIsNoExport() throws {
    #expect(CaseImport.caseName(of: folder.path + "/in/a/one.txt") == nil)
    #expect(CaseImport.caseName(of: folder.path + "/absent") == nil)
    #expect(CaseImport.caseName(of: folder.path + "/in") == nil)
  }
}
