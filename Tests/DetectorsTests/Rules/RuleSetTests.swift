import Testing

@testable import Detectors

struct RuleSetTests {
  @Test func theFingerprintIsOfTheRulesAndNotOfTheirLayout() throws {
    let one = try TemporaryFolder(["a.yar": "rule a { condition: true }", "b/c.yara": "rule c { condition: false }"])
    let same = try TemporaryFolder([
      "b/c.yara": "rule c\n{ condition: false } // no", "a.yar": "\n\nrule a { condition: true }", "notes.txt": "x",
    ])
    let other = try TemporaryFolder(["a.yar": "rule a { condition: true }", "b/d.yara": "rule c { condition: false }"])
    let first = RuleSet.load(directory: one.path).0
    #expect(first.fingerprint == RuleSet.load(directory: same.path).0.fingerprint)
    #expect(first.fingerprint != RuleSet.load(directory: other.path).0.fingerprint)
    #expect(first.fingerprints.map(\.rule) == ["yara:a.yar:a", "yara:b/c.yara:c"])
  }

  @Test func brokenFilesAreToldAndDoNotCount() throws {
    let good = try TemporaryFolder(["a.yar": "rule a { condition: true }"])
    let both = try TemporaryFolder(["a.yar": "rule a { condition: true }", "b.yar": "rule b {"])
    let (set, diagnostics) = RuleSet.load(directory: both.path)
    #expect(diagnostics.map(\.file) == ["b.yar"])
    #expect(set.fingerprint == RuleSet.load(directory: good.path).0.fingerprint)
  }

  @Test func compiledRulesAreToldOf() throws {
    let folder = try TemporaryFolder(["a.yar": "rule a { condition: true }", "b.yarc": "YARA", "c.txt": "x"])
    let (set, diagnostics) = RuleSet.load(directory: folder.path)
    #expect(diagnostics.map(\.file) == ["b.yarc"] && diagnostics.map(\.level) == [.warning])
    #expect(set.yara?.rules.map(\.name) == ["a"])
  }

  @Test func anIncludedFileCountsOnce() throws {
    let folder = try TemporaryFolder([
      "a.yar": "include \"b.yar\"\nrule a { condition: b }", "b.yar": "rule b { condition: true }",
    ])
    let (set, diagnostics) = RuleSet.load(directory: folder.path)
    #expect(diagnostics.isEmpty)
    #expect(set.yara?.rules.map(\.name) == ["b", "a"])
    let before = set.fingerprint
    try folder.write("b.yar", Array("rule b { condition: false }".utf8))
    #expect(RuleSet.load(directory: folder.path).0.fingerprint != before)
  }

  /// An index of a rule collection names hundreds of files, of which one is always broken.
  @Test func aBrokenFileCostsOnlyItselfInAnIndex() throws {
    let folder = try TemporaryFolder([
      "index.yar": "include \"./a.yar\"\ninclude \"sub/index.yar\"\ninclude \"gone.yar\"\nrule own { condition: a }",
      "a.yar": "rule a { condition: true }",
      "sub/index.yar": "include \"b.yar\"\ninclude \"c.yar\"", "sub/c.yar": "rule c { condition: true }",
      "sub/b.yar": "rule bad { condition: $x }\nrule b { condition: true }",
    ])
    let (set, diagnostics) = RuleSet.load(directory: folder.path)
    #expect(Set(set.yara?.rules.map(\.name) ?? []) == ["a", "b", "c", "own"])
    #expect(set.yara?.rules.count == 4)
    #expect(diagnostics.contains { $0.file == "sub/b.yar" && $0.line == 1 && $0.rule == "bad" })
    #expect(diagnostics.contains { $0.file == "index.yar" && $0.line == 3 && $0.message.contains("gone.yar") })
    // Kept for the next run, it is the same.
    let cache = try #require(RuleCache(folder.path + "/cache"))
    for _ in 0..<2 { #expect(RuleSet.load(directory: folder.path, cache: cache).0.fingerprint == set.fingerprint) }
  }

  @Test func filesThatIncludeEachOtherKeepTheirRules() throws {
    let folder = try TemporaryFolder([
      "x.yar": "include \"y.yar\"\nrule x { condition: true }",
      "y.yar": "include \"x.yar\"\nrule y { condition: true }",
    ])
    let (set, diagnostics) = RuleSet.load(directory: folder.path)
    #expect(set.yara?.rules.map(\.name) == ["x", "y"])
    #expect(Set(diagnostics.map(\.file)) == ["x.yar", "y.yar"])
  }

  @Test(arguments: ["/etc/shadow", "../../etc/passwd", "sub/../../x.yar"])
  func aFileThatAsksForOneOfTheMachineIsNotUsed(_ name: String) throws {
    let folder = try TemporaryFolder(["a.yar": "include \"\(name)\"\nrule a { condition: true }"])
    let (set, diagnostics) = RuleSet.load(directory: folder.path)
    #expect(set.yara == nil && diagnostics.map(\.level) == [.error])
    let near = try TemporaryFolder(["sub/a.yar": "include \"../gone.yar\"\nrule a { condition: true }"])
    #expect(RuleSet.load(directory: near.path).0.yara?.rules.map(\.name) == ["a"])
  }

  @Test func aMarkInFrontIsNoPartOfTheRules() throws {
    let folder = try TemporaryFolder(["a.yar": "\u{FEFF}rule a { condition: true }", "b.yar": "YARA\u{0}\u{0}"])
    let (set, diagnostics) = RuleSet.load(directory: folder.path)
    #expect(set.yara?.rules.map(\.name) == ["a"])
    #expect(diagnostics.map(\.file) == ["b.yar"] && diagnostics.map(\.level) == [.warning])
  }

  @Test func aMissingDirectoryHasNoRules() {
    let (set, _) = RuleSet.load(directory: "/nonexistent/rules")
    #expect(set.fingerprints.isEmpty)
  }
}
