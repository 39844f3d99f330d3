import Foundation
import Testing

@testable import Detectors

/// Rules that are read on two threads and compiled when they are run, against rules that are compiled at once.
struct YaraPartsTests {
  /// Files of some size, so that they are split; the named ones are the first, one in the middle and the last.
  private func files(_ named: [String]) -> [String: String] {
    let filler = String(repeating: "// a comment that makes the file longer\n", count: 200)
    var files: [String: String] = [:]
    for number in 0..<40 {
      files[String(format: "f%02d.yar", number)] =
        filler + "rule same { strings: $a = \"text \(number) of it\" $b = /x[0-9]+y\(number)z/ condition: any of them }"
    }
    for (number, text) in named.enumerated() {
      files[["a.yar", "f20-.yar", "z.yar"][number % 3] + (number > 2 ? "a" : "")] = filler + text
    }
    return files
  }

  private func agree(_ named: [String], _ more: [String: String] = [:]) throws {
    let folder = try TemporaryFolder(files(named).merging(more) { $1 })
    let cache = try #require(RuleCache(folder.path + "-cache"))
    defer { try? FileManager.default.removeItem(atPath: folder.path + "-cache") }
    let (whole, told) = RuleSet.load(directory: folder.path)
    // Without a cache, with an empty one, and with what was left in it.
    for (round, kept) in [nil, cache, cache].enumerated() {
      let (parts, toldToo) = RuleSet.load(directory: folder.path, cache: kept, runsAll: false)
      #expect(toldToo == told, "round \(round)")
      #expect(parts.fingerprint == whole.fingerprint)
      #expect(parts.yara?.rules == whole.yara?.rules)
      #expect(parts.yaraSources.map(\.text) == whole.yaraSources.map(\.text))
      guard whole.yara != nil else { continue }
      let one = try #require(try YaraEngine(whole))
      let two = try #require(try YaraEngine(parts))
      #expect(one.prefilter.entries.map(\.need) == two.prefilter.entries.map(\.need))
      #expect(one.prefilter.entries == two.prefilter.entries)
      #expect(one.prefilter.literals == two.prefilter.literals)
      for object in ["", "text 3 of it, text 33 of it", "x12y7z needle x99y39z", "needle base text 0 of it"] {
        try Array(object.utf8).withView { view in
          let all = try one.scan(view).matches
          for size in [0, Int.max] { #expect(try two.scan(view, largeObject: size).matches == all) }
        }
      }
      two.rules.settle()
    }
  }

  @Test func goodFilesGiveTheSame() throws {
    try agree([
      "global rule g { condition: filesize > 1 } private rule p { condition: true } rule same { condition: p }",
      "import \"math\" rule m : t { meta: a = 1 b = \"x\" c = true condition: math.entropy(0, filesize) >= 0.0 }",
      "rule same { strings: $a = \"needle\" nocase wide ascii condition: #a == 1 and filename == \"\" }",
    ])
  }

  @Test func warningsAndErrorsOfEitherPartAreTold() throws {
    let (warned, bad) = ("rule w { strings: $a = /x.*/ condition: $a }", "rule b { condition: $nothing }")
    let torn = "rule t { condition: ( } rule lost {"
    try agree([warned, warned, warned])
    try agree([bad])
    try agree(["rule good { condition: true } " + bad, warned, torn])
    try agree([warned, "rule twice { condition: true } rule twice { condition: true }", bad + " " + warned])
    try agree([torn, torn, torn, bad])
  }

  @Test func filesThatIncludeOthers() throws {
    try agree(
      ["include \"in/one.yar\" rule same { condition: One }", "include \"in/gone.yar\"", "include \"in/two.yar\""],
      [
        "in/one.yar": "rule One { strings: $a = \"needle\" condition: $a }",
        "in/two.yar": "include \"one.yar\" rule Two { condition: One }",
      ])
  }

  @Test func whatIsIncludedMayChangeWhenTheRulesAreKnown() throws {
    let folder = try TemporaryFolder([
      "a.yar": "include \"b.yar\" rule a { condition: b }",
      "b.yar": "rule b { strings: $a = \"needle\" condition: $a }",
    ])
    let cache = try #require(RuleCache(folder.path + "-cache"))
    defer { try? FileManager.default.removeItem(atPath: folder.path + "-cache") }
    let (first, _) = RuleSet.load(directory: folder.path, cache: cache, runsAll: false)
    try folder.write("b.yar", Array("rule b { condition: false }".utf8))
    // What was read counts, also where it is compiled only now.
    let engine = try #require(try YaraEngine(first))
    #expect(try Array("a needle".utf8).withView { try engine.scan($0).matches.map(\.rule.name) } == ["b", "a"])
    engine.rules.settle()
    let (second, _) = RuleSet.load(directory: folder.path, cache: cache, runsAll: false)
    let other = try #require(try YaraEngine(second))
    #expect(try Array("a needle".utf8).withView { try other.scan($0).matches }.isEmpty)
  }

  @Test func whatIsKeptIsReadAsItWasWritten() throws {
    let source = YaraSource(
      path: "a.yar",
      text: Array(
        """
        import "pe" rule a : t { meta: n = -5 s = "x" b = false strings: $a = "needle" xor(1-3) $b = { 01 ?? 03 04 05 } $c = /[a-z]+/
          condition: (any of them and filesize < 3MB) or uint16be(4) == 0x1234 or filename == "x" or pe.machine == 1 }
        rule b { condition: a and not false } rule c { strings: $a = "hay stack" condition: 1 of them and filesize > 2 and a }
        """.utf8))
    let rules = try #require(YaraCompiler().compile([source]).outcome.rules)
    let prefilter = YaraPrefilter([source], rules.rules, rules.patterns)
    var repair = YaraRepair()
    repair.removed = ["a.yar": [3, 4]]
    repair.dropped = ["b.yar"]
    repair.diagnostics = [RuleDiagnostic(.warning, file: "a", line: 7, rule: "x", "words")]
    let form = YaraStored.form(YaraKnown(rules: Lazy { rules.rules }, prefilter: prefilter), repair)
    let read = try #require(YaraStored.read(form, 2))
    #expect(read.known?.rules.value == rules.rules)
    #expect(read.known?.prefilter.entries == prefilter.entries)
    #expect(read.known?.prefilter.literals == prefilter.literals)
    #expect(read.repair.removed == repair.removed && read.repair.dropped == repair.dropped)
    #expect(read.repair.diagnostics == repair.diagnostics)
    // Cut or changed anywhere it is read or not, and nothing worse.
    for count in 0..<form.count { #expect(YaraStored.read(Array(form[..<count]), 2)?.known == nil) }
    for place in form.indices {
      var changed = form
      changed[place] ^= 0x81
      if let known = YaraStored.read(changed, 2)?.known {
        _ = known.rules.value
        for index in known.prefilter.entries.indices { _ = known.prefilter.family(index) }
      }
    }
  }
}
