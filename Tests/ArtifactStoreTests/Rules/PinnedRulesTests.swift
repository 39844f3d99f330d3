import Evidence
import Foundation
import TestSupport
import Testing

@testable import ArtifactStore

struct PinnedRulesTests {
  private let folder: TemporaryFolder
  private let first = Digest(of: Array("first".utf8))
  private let second = Digest(of: Array("second".utf8))

  init() throws { folder = try TemporaryFolder() }

  private var directory: String { folder.path }
  private func pinned() -> PinnedRules { PinnedRules(directory: folder.path) }

  @Test func aSetIsKeptWithItsFilesAndRules() throws {
    let rules = pinned()
    let digest = Digest(of: Array("rule".utf8))
    try rules.pin(
      first, lists: ["keys": ["yara": second], "yara": ["yara:web/a.yar:A": digest]],
      files: [("web/a.yar", Array("rule A { condition: true }".utf8))])
    #expect(rules.contains(first))
    #expect(!rules.contains(second))
    #expect(rules.list("yara", of: first) == ["yara:web/a.yar:A": digest])
    #expect(rules.list("keys", of: first) == ["yara": second])
    #expect(rules.list("sigma", of: first) == nil)
    #expect(rules.list("yara", of: second) == nil)
    let kept = FileManager.default.contents(atPath: rules.folder(of: first) + "/web/a.yar")
    #expect(kept.map { String(decoding: $0, as: UTF8.self) } == "rule A { condition: true }")
  }

  @Test func aSetIsWrittenOnce() throws {
    let rules = pinned()
    try rules.pin(first, lists: [:], files: [("a.yar", [1])])
    try rules.pin(first, lists: [:], files: [("a.yar", [2])])
    #expect(FileManager.default.contents(atPath: rules.folder(of: first) + "/a.yar") == Data([1]))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/rules") == [first.hex])
  }

  @Test(arguments: ["../a.yar", "/etc/a.yar", "a//b.yar", "a/../../b.yar", ""])
  func aPathThatLeadsOutIsRefused(_ path: String) throws {
    let rules = pinned()
    #expect(throws: StoreError.self) { try rules.pin(first, lists: [:], files: [(path, [1])]) }
    #expect(!rules.contains(first))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/rules").isEmpty)
  }

  @Test func historyTellsEachChangeOnce() throws {
    let rules = pinned()
    for set in [first, first, second, second, first] { try rules.noteUse(of: set, from: "/etc/rules", ruleCount: 3) }
    #expect(rules.history().map(\.fingerprint) == [first, second, first])
    #expect(rules.history().first?.source == "/etc/rules")
    #expect(rules.latest(8) == [first, second])
    #expect(rules.latest(1) == [first])
  }

  @Test func aLineCutByACrashIsPassedOver() throws {
    let rules = pinned()
    try rules.noteUse(of: first, from: "r", ruleCount: 1)
    let path = directory + "/rules/history.jsonl"
    let whole = try #require(FileManager.default.contents(atPath: path))
    try (whole + whole.prefix(30)).write(to: URL(fileURLWithPath: path))
    #expect(rules.history().map(\.fingerprint) == [first])
  }

  @Test func aListThatIsDamagedCountsAsAbsent() throws {
    let rules = pinned()
    try rules.pin(first, lists: ["yara": ["yara:a:A": second]], files: [])
    try Data(#"{"lists":{"yara":{"yara:a:A":"no digest"}}}"#.utf8).write(
      to: URL(fileURLWithPath: rules.folder(of: first) + "/rules.json"))
    #expect(rules.list("yara", of: first) == nil)
  }
}
