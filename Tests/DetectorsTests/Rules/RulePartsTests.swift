import Testing

@testable import Detectors

struct RulePartsTests {
  private func load(_ files: [String: String]) throws -> (RuleSet, TemporaryFolder) {
    let folder = try TemporaryFolder(files)
    return (RuleSet.load(directory: folder.path).0, folder)
  }

  @Test func filesThatAskForNamesAreAPartOfTheirOwn() throws {
    let (set, folder) = try load([
      "content.yar": "rule a { meta: filename = \"x\" strings: $a = \"filename\" condition: $a }",
      "name.yar": "rule b { condition: filename matches /\\.jsp$/ } rule c { condition: filesize > 0 }",
      "rule.yml": "title: t",
    ])
    #expect(set.asksForPaths)
    #expect(set.part(.content).yara?.rules.map(\.name) == ["a"])
    #expect(set.part(.path).yara?.rules.map(\.name) == ["b", "c"])
    #expect(set.part(.yara).yara?.rules.map(\.name) == ["a", "b", "c"])
    let prints = RuleSet.Part.allCases.map { set.fingerprint(of: $0) }
    #expect(Set(prints).count == 4)
    #expect(prints == RuleSet.Part.allCases.map { set.part($0).fingerprint })
    withExtendedLifetime(folder) {}
  }

  @Test func aChangeInOnePartLeavesTheOther() throws {
    let content = "rule a { condition: true }"
    let (one, first) = try load(["a.yar": content, "b.yar": "rule b { condition: filepath contains \"/tmp/\" }"])
    let (other, second) = try load(["a.yar": content, "b.yar": "rule b { condition: filepath contains \"/dev/\" }"])
    #expect(one.fingerprint(of: .content) == other.fingerprint(of: .content))
    #expect(one.fingerprint(of: .path) != other.fingerprint(of: .path))
    withExtendedLifetime((first, second)) {}
  }

  @Test func anIncludedFileThatAsksCounts() throws {
    let (set, folder) = try load([
      "a.yar": "include \"b.inc\"\nrule a { condition: true }", "b.inc": "rule b { condition: extension == \".sh\" }",
    ])
    #expect(set.asksForPaths)
    withExtendedLifetime(folder) {}
  }

  @Test func withoutRulesThereIsNothingToAsk() throws {
    let (set, folder) = try load([:])
    #expect(!set.asksForPaths)
    #expect(set.part(.content).yara?.rules.isEmpty ?? true)
    withExtendedLifetime(folder) {}
  }
}
