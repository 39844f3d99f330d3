import Foundation
import Testing

@testable import Detectors

struct YaraCompilerTests {
  private func compile(_ files: [String: String], root: String? = nil) -> (
    rules: YaraRules?, diagnostics: [RuleDiagnostic]
  ) {
    let made = outcome(files, root: root)
    return (made.rules, made.diagnostics)
  }

  private func outcome(_ files: [String: String], root: String? = nil) -> YaraCompiler.Outcome {
    let sources = files.sorted { $0.key < $1.key }.map { YaraSource(path: $0.key, text: Array($0.value.utf8)) }
    return YaraCompiler(root: root).compile(sources).outcome
  }

  @Test func aBrokenFileFailsAloneWithFileAndLine() throws {
    let (rules, diagnostics) = compile([
      "good.yar": "rule good { condition: true }", "worse.yar": "rule worse {\n condition: nothing }",
      "z/bad.yar": "rule bad {\n strings:\n  $a = \"x\"\n condition:\n  $b\n}",
    ])
    #expect(try #require(rules).rules.map(\.name) == ["good"])
    let errors = diagnostics.filter { $0.level == .error }
    #expect(errors.map(\.file) == ["worse.yar", "z/bad.yar"])
    #expect(errors.map(\.line) == [2, 6])
    #expect(errors[1].message.contains("$b"))
    #expect(errors[1].description.hasPrefix("z/bad.yar:6: error: "))
  }

  @Test func aBrokenRuleFailsAloneInItsFile() throws {
    let made = outcome([
      "many.yar": """
      rule first { condition: true }
      rule broken { strings: $a = "x" condition: $b }
      rule second { condition: true } rule worse { strings: $r = /[z-a]/ condition: $r }
      rule needs { condition: broken }
      private rule third { condition: false }
      """, "whole.yar": "rule whole { condition: true }", "torn.yar": "rule torn { condition: ( }\nrule lost {",
    ])
    let names = try #require(made.rules).rules.map(\.name)
    #expect(names == ["first", "second", "third", "whole"])
    #expect(made.sources.flatMap { $0.rules.map(\.name) } == names)
    let told = Set(made.diagnostics.filter { $0.level == .error && $0.file == "many.yar" }.compactMap(\.line))
    #expect(told == [2, 3, 4])
    #expect(made.diagnostics.contains { $0.file == "torn.yar" })
    #expect(!made.diagnostics.contains { $0.file == "whole.yar" })
  }

  @Test func sameNamesInTwoFilesAreTwoRules() throws {
    let (rules, _) = compile(["a.yar": "rule same { condition: true }", "b.yar": "rule same { condition: false }"])
    #expect(try #require(rules).rules.map(\.namespace) == ["a.yar", "b.yar"])
  }

  @Test func externalsOfPublicRuleSetsAreDefined() {
    let names = YaraCompiler.externals.map { "\($0) == \"x\"" }.joined(separator: " or ")
    #expect(compile(["a.yar": "rule a { condition: \(names) }"]).rules != nil)
    #expect(compile(["a.yar": "rule a { condition: surprise == \"x\" }"]).rules == nil)
  }

  @Test func includesStayInTheRulesDirectory() throws {
    let outside = try TemporaryFolder(["secret.yar": "rule secret { condition: true }"])
    let folder = try TemporaryFolder([
      "parts/part.yar": "rule part { condition: true }", "sub/inner.yar": "include \"../parts/part.yar\"",
      "sub/both.yar": "include \"near.yar\"\ninclude \"inner.yar\"", "sub/near.yar": "rule near { condition: true }",
      "top/sub/one.yar": "include \"two.yar\"\nrule one { condition: two }",
      "top/sub/two.yar": "rule two { condition: true }", "top/own.yar": "rule own { condition: true }",
    ])
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/link.yar", withDestinationPath: outside.path + "/secret.yar")
    func rules(_ text: String, _ path: String = "main.yar") -> [String] {
      compile([path: text], root: folder.path).rules?.rules.map(\.name) ?? []
    }
    #expect(rules("include \"parts/part.yar\"\nrule a { condition: part }") == ["part", "a"])
    #expect(rules("include \"../parts/part.yar\"", "sub/x.yar") == ["part"])
    #expect(rules("include \"sub/inner.yar\"") == ["part"])
    // What an included file names lies beside it, also behind another file that it includes.
    #expect(rules("include \"sub/both.yar\"\nrule a { condition: near and part }") == ["near", "part", "a"])
    #expect(rules("include \"sub/one.yar\"\ninclude \"own.yar\"", "top/main.yar") == ["two", "one", "own"])
    // What is not there costs nothing else of the file.
    #expect(rules("include \"sub/one.yar\"\ninclude \"two.yar\"", "top/main.yar") == ["two", "one"])
    #expect(rules("include \"\(outside.path)/secret.yar\"") == [])
    #expect(rules("include \"../\((outside.path as NSString).lastPathComponent)/secret.yar\"") == [])
    #expect(rules("include \"link.yar\"") == [])
    #expect(rules("include \"missing.yar\"") == [])
    #expect(compile(["main.yar": "include \"parts/part.yar\""], root: nil).rules == nil)
  }

  @Test func aModuleThatIsUnknownCostsOnlyTheRulesThatAskForIt() throws {
    let made = outcome([
      "a.yar": """
      import "elf"
      import "nowhere"
      rule good { condition: elf.type == elf.ET_EXEC }
      rule asks { condition: nowhere.number == 1 }
      rule plain { condition: true }
      """
    ])
    #expect(try #require(made.rules).rules.map(\.name) == ["good", "plain"])
    #expect(made.diagnostics.filter { $0.level == .error }.map(\.line) == [2, 4])
  }

  @Test func wordsThatStandBetweenRulesCostNoRule() throws {
    let made = outcome([
      "a.yar": "rule one { condition: true } }\n<<<<<<< HEAD\nrule two { condition: true }\nrule torn { condition: (\n"
    ])
    #expect(try #require(made.rules).rules.map(\.name) == ["one", "two"])
    #expect(made.diagnostics.contains { $0.level == .error && $0.line == 1 })
  }

  @Test(arguments: [
    "rule torn { strings: $a = \"x\" condition: $a", "rule torn { strings: $a = { 41 42 condition: $a }", "rule torn",
    "rule torn : tag", "rule torn { condition: ( ", "rule torn { meta: a = \"x", "import \"torn",
    "rule 7torn { condition: true }",
    "rule torn { strings: $a = /x( condition: $a }",
  ])
  func aMissingEndCostsNoOtherRule(_ torn: String) throws {
    let made = outcome([
      "a.yar":
        "rule one { condition: true }\n\(torn)\nprivate rule two { condition: true }\nrule three { condition: two }\n"
    ])
    #expect(try #require(made.rules).rules.map(\.name) == ["one", "two", "three"], "\(made.diagnostics)")
    #expect(made.diagnostics.contains { $0.level == .error && ($0.line == 2 || $0.line == 3) })
  }

  /// The compiler tells the first of them alone, or none beside the errors of rules.
  @Test func everyLineThatIsLeftOutIsTold() throws {
    let made = outcome([
      "a.yar": "rule one { condition: true }\nruel two { condition: true }\nrule bad { condition: nothing }\n"
        + "rule 3three { condition: true }\n}\nrule four { condition: true }\n"
    ])
    #expect(try #require(made.rules).rules.map(\.name) == ["one", "four"])
    #expect(Set(made.diagnostics.filter { $0.level == .error }.compactMap(\.line)) == [2, 3, 4, 5])
  }

  @Test func aCommentThatNothingClosesIsTold() throws {
    func told(_ text: String) -> [Int?] {
      outcome(["a.yar": text]).diagnostics.filter { $0.level == .error }.map(\.line)
    }
    let one = "rule one { condition: true }\n"
    #expect(told(one + "/* gone\nrule two { condition: true }\n") == [2])
    #expect(try #require(compile(["a.yar": one + "/* gone"]).rules).rules.map(\.name) == ["one"])
    #expect(told(one + "// /* a line\n").isEmpty && told(one + "/* a /* b */").isEmpty)
    #expect(told("rule one { strings: $a = \"/*\" $b = { 41 /* x */ 42 } condition: $a or $b }").isEmpty)
    #expect(told("rule one { strings: $a = \"/*\" condition: $a } // */ /*\n").isEmpty)
  }

  @Test func aFileInUTF16IsRead() throws {
    let text = "rule one { strings: $a = \"x\" condition: $a }\n"
    for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian] {
      let marked = try #require(("\u{FEFF}" + text).data(using: encoding))
      #expect(YaraIncludes.plain(Array(marked)) == Array(text.utf8))
    }
    #expect(YaraIncludes.plain(Array(("\u{FEFF}" + text).utf8)) == Array(text.utf8))
    #expect(YaraIncludes.plain([0xFF, 0xFE, 0x41]).count == 3)
  }

  @Test func aFileThatIncludesItselfIsAnErrorAndNoLoop() throws {
    let folder = try TemporaryFolder(["a.yar": "include \"a.yar\"\nrule a { condition: true }"])
    let (set, diagnostics) = RuleSet.load(directory: folder.path)
    #expect(set.yara == nil || !diagnostics.isEmpty)
  }

  @Test func metasTagsAndKindsAreTold() throws {
    let (rules, _) = compile(["a.yar": "private rule p : one two { meta: t = \"x\" n = -4 f = true condition: true }"])
    let rule = try #require(rules?.rules.first)
    #expect(rule.tags == ["one", "two"])
    #expect(rule.metas.map(\.value) == [.text("x"), .integer(-4), .flag(true)])
    #expect(rule.isPrivate && !rule.isGlobal)
    #expect(rule.meta("t") == "x" && rule.meta("none") == nil)
  }

  @Test func compiledFilesAreLoaded() throws {
    let folder = try TemporaryFolder(["junk": "YARA but no rules at all"])
    let rules = try #require(compile(["a.yar": "rule a { strings: $x = \"needle\" condition: $x }"]).rules)
    try rules.save(to: folder.path + "/rules")
    let loaded = try YaraRules(compiled: folder.path + "/rules")
    #expect(loaded.rules == rules.rules)
    let result = try Array("a needle".utf8).withView { try YaraScanner(loaded).scan($0) }
    #expect(result.matches.map(\.rule.name) == ["a"])
    #expect(throws: YaraError(.compiledFile, "")) { try YaraRules(compiled: folder.path + "/junk") }
    #expect(throws: YaraError(.compiledFile, "")) { try YaraRules(compiled: folder.path + "/none") }
  }

  @Test func nothingToCompileIsNoError() {
    #expect(compile(["empty.yar": ""]).rules?.rules.isEmpty == true)
    #expect(compile([:]).diagnostics.isEmpty)
  }
}
