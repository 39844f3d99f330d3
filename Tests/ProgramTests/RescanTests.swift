import Bytes
import Foundation
import TestSupport
import Testing

/// Nights over a small store, as a timer runs them.
struct RescanTests {
  /// A store with one case of three files, and a folder of rules.
  private struct Night {
    let folder: TemporaryFolder
    var store: String { folder.path + "/store" }
    var rules: String { folder.path + "/rules" }

    init(rules texts: [String: String], more: [String: String] = [:]) throws {
      folder = try TemporaryFolder()
      for (name, text) in more { try folder.write("evidence/\(name)", text) }
      try folder.write("evidence/notes.txt", "alpha beta\nthe quick brown fox\n")
      try folder.write("evidence/more.txt", "gamma delta\n")
      try folder.write(
        "evidence/auth.log",
        (0..<6).map {
          "2026-11-25T05:2\($0):00+00:00 web sshd[71\($0)]: Failed password for root from 203.0.113.9 port 4071\($0) ssh2\n"
        }.joined())
      try write(texts)
      let run = try runProgram(
        irAnalyze,
        ["run", folder.path + "/evidence", "-o", folder.path + "/report", "--store", store, "--rules", rules])
      #expect(run.status == 0 || run.status == 2, "\(run.errors)")
    }

    func write(_ texts: [String: String]) throws {
      try? FileManager.default.removeItem(atPath: rules)
      for (name, text) in texts { try folder.write("rules/\(name)", text) }
    }

    func rescan(_ more: [String] = []) throws -> (result: ProgramResult, json: String) {
      let result = try runProgram(
        irAnalyze, ["rescan", "--store", store, "--rules", rules, "-o", folder.path + "/rescan", "--json"] + more)
      return (result, result.output)
    }

    /// Work → digest of its result, from the record of the last re-scan.
    func results() throws -> [String: String] {
      let text = try String(contentsOfFile: folder.path + "/rescan/records/evidence.jsonl", encoding: .utf8)
      var results: [String: String] = [:]
      for line in text.split(separator: "\n").dropFirst() {
        String(line).withView { line in
          let json = JSONView(line)
          let options = json["options"].map { "\($0["path"]?.string ?? "") \($0["of"]?.string ?? "")" } ?? ""
          let name = "\(json["analyzer"]?.string ?? "") \(json["artifact"]?.string ?? "") \(options)"
          results[name] = json["result"]?.string
        }
      }
      return results
    }
  }

  private func number(_ json: String, _ name: String) -> Int64? {
    json.withView {
      member(name, of: JSONView($0)["stores"]?.elements.first?["cases"]?.elements.first?["units"])?.integer
    }
  }

  private func member(_ name: String, of json: JSONView?) -> JSONView? {
    var found: JSONView?
    json?.forEachMember { key, value in
      if key.string == name { found = value }
      return found == nil
    }
    return found
  }

  private func findings(_ json: String, _ kind: String) -> [String] {
    json.withView { text in
      (member(kind, of: JSONView(text)["stores"]?.elements.first?["cases"]?.elements.first)?.elements ?? []).map {
        "\($0["rule"]?.string ?? "") \($0["cause"]?.string ?? "")"
      }.sorted()
    }
  }

  private static let sigma = """
    title: Failed login
    id: 0b5fd8d2-1f6c-4f5a-9a51-1f7c2f0d9a11
    status: test
    logsource: {product: linux, service: sshd}
    detection: {keywords: ['Failed password'], condition: keywords}
    level: low
    """

  @Test func aNightOnWhichNothingChangedComputesNothing() throws {
    let night = try Night(rules: [
      "yara/a.yar": "rule A { strings: $a = \"alpha\" condition: $a }", "sigma/s.yml": Self.sigma,
    ])
    let (result, json) = try night.rescan()
    #expect(result.status == 0, "\(result.errors)")
    #expect(number(json, "computed") == 0)
    #expect(number(json, "updated") == 0)
    #expect((number(json, "reused") ?? 0) > 6)
    for kind in ["new", "gone", "changed"] { #expect(findings(json, kind).isEmpty) }
  }

  @Test func aCommentChangesNothing() throws {
    let night = try Night(rules: ["yara/a.yar": "rule A { strings: $a = \"alpha\" condition: $a }"])
    try night.write(["yara/a.yar": "// reviewed\nrule A\n{ strings: $a = \"alpha\" condition: $a }"])
    let (_, json) = try night.rescan()
    #expect(number(json, "computed") == 0)
    #expect(number(json, "updated") == 0)
  }

  @Test func newChangedAndRemovedRulesAreToldWithTheirCause() throws {
    let kept = "rule Kept { strings: $a = \"quick brown\" condition: $a }\n"
    let night = try Night(rules: [
      "yara/a.yar": kept + "rule Changed { strings: $a = \"nothing here\" condition: $a }",
      "yara/b.yar": "rule Removed { strings: $a = \"gamma\" condition: $a }",
    ])
    try night.write([
      "yara/a.yar": kept + "rule Changed { strings: $a = \"alpha\" condition: $a }",
      "yara/c.yar": "rule New { meta: severity = \"high\" strings: $a = \"delta\" condition: $a }",
    ])
    let (result, json) = try night.rescan(["--fail-level", "high"])
    #expect(result.status == 10, "\(result.errors)")
    #expect(findings(json, "new") == ["yara:Changed changed-rule", "yara:New new-rule"])
    #expect(findings(json, "gone") == ["yara:Removed removed-rule"])
    #expect(number(json, "computed") == 0)
    #expect((number(json, "updated") ?? 0) > 0)
  }

  /// A night whose time was up, or that was killed, has put the rules in force and has not come to every case.
  @Test func aCaseThatTheNightBeforeDidNotComeToIsToldWhatIsNewSinceItsOwnLastRun() throws {
    let night = try Night(rules: [
      "yara/a.yar": "rule Changed { strings: $a = \"nothing here\" condition: $a }",
      "yara/b.yar": "rule Removed { strings: $a = \"gamma\" condition: $a }",
    ])
    let second = try runProgram(
      irAnalyze,
      [
        "run", night.folder.path + "/evidence", "-o", night.folder.path + "/second", "--case", "second", "--store",
        night.store, "--rules", night.rules,
      ])
    #expect(second.status == 0 || second.status == 2, "\(second.errors)")
    try night.write([
      "yara/a.yar": "rule Changed { strings: $a = \"alpha\" condition: $a }",
      "yara/c.yar": "rule New { strings: $a = \"delta\" condition: $a }",
    ])
    for name in ["evidence", "second"] {
      let (result, json) = try night.rescan(["--case", name])
      #expect(result.status == 0, "\(result.errors)")
      #expect(findings(json, "new") == ["yara:Changed changed-rule", "yara:New new-rule"])
      #expect(findings(json, "gone") == ["yara:Removed removed-rule"])
    }
  }

  @Test func aFolderWithoutRulesIsNotTakenForNewsOfAllThatIsGone() throws {
    let night = try Night(rules: ["yara/a.yar": "rule A { strings: $a = \"alpha\" condition: $a }"])
    try night.write(["readme.txt": "the rules are on a disk that is not mounted"])
    let (result, _) = try night.rescan()
    #expect(result.status == 64 && result.errors.contains("there is no rule in"), "\(result.errors)")
    try night.write(["yara/a.yar": "rule A { strings: $a = \"alpha\" condition: $a }"])
    let (again, json) = try night.rescan()
    #expect(again.status == 0 && findings(json, "gone").isEmpty && findings(json, "new").isEmpty)
  }

  @Test func theHookIsToldWhatDiffersAndOnlyThen() throws {
    let night = try Night(rules: ["yara/a.yar": "rule A { strings: $a = \"omega\" condition: $a }"])
    let told = night.folder.path + "/told.json"
    _ = try night.rescan(["--hook", "cat > '\(told)'"])
    #expect(!FileManager.default.fileExists(atPath: told))
    try night.write(["yara/a.yar": "rule A { strings: $a = \"alpha\" condition: $a }"])
    let (result, json) = try night.rescan(["--hook", "cat > '\(told)'; echo said"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(try String(contentsOfFile: told, encoding: .utf8) == json)
    try night.write(["yara/a.yar": "rule A { strings: $a = \"absent\" condition: $a }"])
    let (failed, _) = try night.rescan(["--hook", "exit 3"])
    #expect(failed.status == 2)
    #expect(failed.errors.contains("the hook failed"))
  }

  @Test func newEvidenceIsAskedAllRules() throws {
    let night = try Night(rules: ["yara/a.yar": "rule A { strings: $a = \"omega\" condition: $a }"])
    try night.folder.write("evidence/late.txt", "omega\n")
    let taken = try runProgram(
      irAnalyze, ["ingest", night.folder.path + "/evidence", "--case", "evidence", "--store", night.store])
    #expect(taken.status == 0, "\(taken.errors)")
    let (_, json) = try night.rescan()
    #expect(findings(json, "new") == ["yara:A new-evidence"])
    #expect(number(json, "updated") == 0)
  }

  @Test func whateverIsEditedADeltaIsWhatAFreshStoreFinds() throws {
    var random = RepeatableRandom(state: 11)
    let words = ["alpha", "beta", "gamma", "delta", "quick", "absent"]
    func rules() -> [String: String] {
      var texts: [String: String] = [:]
      for file in 0..<3 where random.next(5) > 0 {
        let isHelped = random.next(2) == 0
        var text = "private rule Help\(file) { strings: $a = \"\(words[random.next(6)])\" condition: $a }\n"
        for rule in 0..<3 {
          let helper = isHelped && rule == 1 ? " and Help\(file)" : ""
          let name = random.next(6) == 0 ? " and filename matches /\\.txt$/" : ""
          text += "rule R\(file)\(rule) { strings: $a = \"\(words[random.next(6)])\" condition: $a\(helper)\(name) }\n"
        }
        texts["yara/f\(file).yar"] = text
      }
      if random.next(3) > 0 {
        texts["sigma/s.yml"] =
          Self.sigma + """

            ---
            title: Burst
            id: 7d5a1f34-95a5-4d0a-8a0e-5f7d1a7f0c22
            correlation: {type: event_count, rules: [0b5fd8d2-1f6c-4f5a-9a51-1f7c2f0d9a11], group-by: [], timespan: 10m, \
            condition: {gte: \(random.next(8) + 1)}}
            level: medium
            """
      }
      texts["yara/always.yar"] = "rule Always { condition: filesize > \(random.next(60)) }"
      return texts
    }
    let old = try Night(rules: rules())
    for _ in 0..<6 {
      let texts = rules()
      try old.write(texts)
      let (result, json) = try old.rescan(["--audit", "100%"])
      #expect(result.status == 0, "\(result.errors) \(json)")
      let fresh = try Night(rules: texts)
      _ = try fresh.rescan()
      #expect(try old.results() == fresh.results())
    }
  }

  /// Six refusals in each of two logs: only together they are more than six.
  @Test func aNewCorrelationIsAskedOfSeveralArtifacts() throws {
    let rules = { (count: Int) in
      """
      title: Refused
      id: 0b5fd8d2-1f6c-4f5a-9a51-1f7c2f0d9a11
      status: test
      logsource: {product: linux, service: sshd}
      detection: {selection: {action: login_failed}, condition: selection}
      level: low
      ---
      title: Refused on all hosts
      id: 7d5a1f34-95a5-4d0a-8a0e-5f7d1a7f0c22
      correlation: {type: event_count, rules: [0b5fd8d2-1f6c-4f5a-9a51-1f7c2f0d9a11], group-by: [user], timespan: 1h, \
      condition: {gte: \(count)}, generate: true}
      level: high
      """
    }
    let second = (0..<6).map {
      "2026-11-25T05:3\($0):00+00:00 db sshd[81\($0)]: Failed password for root from 203.0.113.9 port 4071\($0) ssh2\n"
    }.joined()
    let night = try Night(rules: ["sigma/refused.yml": rules(100)], more: ["db/auth.log": second])
    #expect(try findings(night.rescan().json, "new").isEmpty)
    try night.write(["sigma/refused.yml": rules(8)])
    let name = "7d5a1f34-95a5-4d0a-8a0e-5f7d1a7f0c22"
    #expect(try findings(night.rescan().json, "new") == ["\(name) changed-rule"])
    let (quiet, json) = try night.rescan(["--audit", "100%"])
    #expect(quiet.status == 0 && findings(json, "new").isEmpty && findings(json, "gone").isEmpty)
    try night.write(["sigma/refused.yml": rules(100)])
    #expect(try findings(night.rescan().json, "gone") == ["\(name) changed-rule"])
  }

  @Test func aBrokenFileIsNamedAndItsLastGoodVersionStaysInForce() throws {
    let good = "rule A { strings: $a = \"alpha\" condition: $a }"
    let night = try Night(rules: ["yara/a.yar": good])
    try night.write([
      "yara/a.yar": "rule A { strings: $a = \"alpha\" condition: ",
      "yara/b.yar": "rule B { strings: $a = \"beta\" condition: $a }",
      "yara/shadow.yar": "include \"/etc/shadow\"\nrule S { condition: true }",
    ])
    let (result, json) = try night.rescan()
    #expect(result.status == 2)
    #expect(result.errors.contains("its last good version stays in force: yara/a.yar"))
    #expect(result.errors.contains("it is not used: yara/shadow.yar"))
    #expect(findings(json, "gone").isEmpty)
    #expect(findings(json, "new") == ["yara:B new-rule"])
  }

  @Test func theAuditFindsAResultThatIsNotWhatTheRulesSay() throws {
    let night = try Night(rules: ["yara/a.yar": "rule A { strings: $a = \"alpha\" condition: $a }"])
    _ = try night.rescan()
    let results = try night.results()
    let yara = results.filter { $0.key.hasPrefix("yara") }.map(\.value)
    let other = try #require(results.first { $0.key.hasPrefix("text") }?.value)
    // Every YARA result is filed as if it were a text search's.
    var forged = 0
    let ledger = night.store + "/results"
    let count =
      try FileManager.default.attributesOfItem(
        atPath: "\(night.store)/objects/\(other.prefix(2))/\(other.dropFirst(2))")[.size] as? Int ?? 0
    for name in try FileManager.default.subpathsOfDirectory(atPath: ledger) where name.hasSuffix(".json") {
      let path = "\(ledger)/\(name)"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      guard let result = text.withView({ JSONView($0)["result"]?.string }), yara.contains(result), result != other,
        let bytes = text.withView({ JSONView($0)["bytes"]?.integer })
      else { continue }
      try text.replacing(result, with: other).replacing("\"bytes\":\(bytes)", with: "\"bytes\":\(count)").write(
        to: URL(fileURLWithPath: path), atomically: true, encoding: .utf8)
      forged += 1
    }
    #expect(forged > 0)
    let (result, json) = try night.rescan(["--audit", "100%"])
    #expect(result.status == 3, "\(result.errors)")
    #expect(json.contains("from nothing"))
  }

  @Test func whatTheTimeDoesNotSufficeForIsLeftToTheNextNightAndSaid() throws {
    let night = try Night(rules: ["yara/a.yar": "rule A { strings: $a = \"alpha\" condition: $a }"])
    try night.write(["yara/a.yar": "rule A { strings: $a = \"beta\" condition: $a }"])
    let (first, json) = try night.rescan(["--max-time", "0.000001s"])
    #expect(first.status == 2)
    #expect(json.contains("\"not_come_to\":[\"evidence\"]"))
    let (second, whole) = try night.rescan()
    #expect(second.status == 0, "\(second.errors)")
    #expect(findings(whole, "changed").count + findings(whole, "new").count == 1)
  }

  @Test func onlyCasesThatTookEvidenceInSinceThenAreLookedAt() throws {
    let night = try Night(rules: ["yara/a.yar": "rule A { condition: true }"])
    let (old, none) = try night.rescan(["--since", "2200-01-01"])
    #expect(old.status == 0)
    #expect(none.contains("\"cases\":[]"))
    #expect(try night.rescan(["--since", "1d"]).json.contains("\"case\":\"evidence\""))
    #expect(try night.rescan(["--since", "yesterday"]).result.status == 64)
    #expect(try night.rescan(["--case", "nobody"]).result.errors.contains("no store has a case nobody"))
  }
}

/// Numbers that are the same in every run.
private struct RepeatableRandom {
  var state: UInt64

  mutating func next(_ below: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(below))
  }
}
