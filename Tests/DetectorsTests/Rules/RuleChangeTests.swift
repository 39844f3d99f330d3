import Bytes
import Evidence
import Testing

@testable import Detectors

struct RuleChangeTests {
  private let artifact = Digest(of: [1])

  private func load(_ files: [String: String]) throws -> (RuleSet, TemporaryFolder) {
    let folder = try TemporaryFolder(files)
    return (RuleSet.load(directory: folder.path).0, folder)
  }

  private func findings(_ set: RuleSet, _ text: String) throws -> [Finding] {
    let sink = CollectedFindings()
    guard let detector = try YaraDetector(set) else { return [] }
    Array(text.utf8).withView { detector.scan($0, artifact: artifact, path: "", into: sink) }
    return sink.findings
  }

  /// What stands of the old findings, with those of the changed rules alone, in the order of the new set.
  private func delta(_ old: RuleSet, _ new: RuleSet, _ text: String) throws -> [Finding] {
    let change = RuleChange(from: old.rules, to: new)
    let kept = try findings(old, text).filter { change.stands($0) }
    let fresh = try findings(new.subset(change.changed), text).filter { !change.stands($0) }
    return (kept + fresh).sorted { change.order(of: $0) < change.order(of: $1) }
  }

  @Test func layoutChangesNothing() throws {
    let (old, _) = try load(["a.yar": "rule a { condition: true }"])
    let (new, _) = try load(["a.yar": "// said differently\nrule a\n{ condition: true }"])
    let change = RuleChange(from: old.rules, to: new)
    #expect(change.changed.isEmpty && change.removed.isEmpty)
  }

  @Test func aHelperRuleChangesItsUsersAndNoOthers() throws {
    let rest = "rule user { condition: helper } rule other { condition: true }"
    let (old, _) = try load(["a.yar": "private rule helper { condition: true } " + rest])
    let (new, _) = try load(["a.yar": "private rule helper { condition: filesize > 3 } " + rest])
    #expect(RuleChange(from: old.rules, to: new).changed == ["yara:a.yar:helper", "yara:a.yar:user"])
  }

  @Test func anIncludedFileChangesWhatItBringsEvenWhereTheFileHasNoRulesOfItsOwn() throws {
    let (old, _) = try load(["a.yar": "include \"lib/b.inc\"", "lib/b.inc": "rule b { condition: true }"])
    let (new, folder) = try load([
      "a.yar": "include \"lib/b.inc\"", "lib/b.inc": "rule b { condition: filesize == 1 }",
    ])
    #expect(RuleChange(from: old.rules, to: new).changed == ["yara:a.yar:b"])
    #expect(withExtendedLifetime(folder) { new.files.map(\.path) } == ["a.yar", "lib/b.inc"])
    #expect(try delta(old, new, "xx") == findings(new, "xx"))
    #expect(try findings(new, "xx").isEmpty && !findings(old, "xx").isEmpty)
  }

  @Test func theFindingsOfAChangedSetAreThoseThatStandAndThoseOfChangedRules() throws {
    let words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
    var random = SplitMix(seed: 7)
    func files() -> [String: String] {
      var files: [String: String] = [:]
      for file in ["a.yar", "b.yar", "c/d.yar"] {
        var text = ""
        if random.below(3) == 0 { text += "global rule big { condition: filesize > \(random.below(40)) }\n" }
        for name in 0..<4 where random.below(4) > 0 {
          let word = words[random.below(words.count)]
          let isPrivate = random.below(5) == 0 ? "private " : ""
          let helper = name > 0 && text.contains("rule r\(name - 1) ") && random.below(3) == 0 ? " or r\(name - 1)" : ""
          text += "\(isPrivate)rule r\(name) { strings: $s = \"\(word)\" condition: $s\(helper) }\n"
        }
        if random.below(6) > 0 { files[file] = text }
      }
      return files
    }
    var changed = 0
    for _ in 0..<30 {
      let (old, _) = try load(files())
      let (new, _) = try load(files())
      let text = words.filter { _ in random.below(2) == 0 }.joined(separator: " ")
      let whole = try findings(new, text)
      #expect(try delta(old, new, text) == whole)
      if try findings(old, text) != whole { changed += 1 }
    }
    #expect(changed > 10)
  }

  @Test func aCorrelationIsAskedAgainWithTheRulesItRestsOn() throws {
    let rule = """
      title: Failed
      id: 11111111-1111-4111-8111-111111111111
      name: failed
      logsource: {product: linux, service: sshd}
      detection: {k: [Failed password], condition: k}
      ---
      title: Burst
      id: 22222222-2222-4222-8222-222222222222
      correlation: {type: event_count, rules: [failed], group-by: [], timespan: 1m, condition: {gte: COUNT}}
      """
    let (old, _) = try load(["r.yml": rule.replacing("COUNT", with: "5")])
    let (new, _) = try load(["r.yml": rule.replacing("COUNT", with: "2")])
    let change = RuleChange(from: old.rules, to: new)
    #expect(change.changed == ["sigma:r.yml:22222222-2222-4222-8222-222222222222"])
    let subset = new.subset(change.changed)
    #expect(subset.sigma.rules.map(\.isReported) == [false])
    #expect(subset.sigma.correlations.map(\.isReported) == [true])
  }
}

private final class CollectedFindings: ResultSink {
  var findings: [Finding] = []
  func event(_ event: Event) {}
  func finding(_ finding: Finding) { findings.append(finding) }
  func coverage(_ coverage: Coverage) {}
  func row(view: String, json: [UInt8]) {}
}
