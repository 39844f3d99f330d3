import Bytes
import Evidence
import Testing

@testable import Detectors

struct YaraDetectorTests {
  private let artifact = Digest(of: [1])

  private func scan(_ rule: String, _ text: String, path: String = "", timeout: Int = 0) throws -> CollectingSink {
    let folder = try TemporaryFolder(["t.yar": rule])
    let sink = CollectingSink()
    let detector = try #require(try YaraDetector(RuleSet.load(directory: folder.path).0, timeout: timeout))
    Array(text.utf8).withView { detector.scan($0, artifact: artifact, path: path, into: sink) }
    return sink
  }

  @Test func aRuleThatHoldsIsOneFindingWithItsPlaces() throws {
    let sink = try scan(
      """
      rule Names : T1059_004 { meta: description = "Says so." severity = "high" attack = "T1190, T1105" author = "me"
        reference = "https://example.org" strings: $a = "one" $b = "two" condition: #a > 0 and $b }
      """, "one one\u{1}two")
    let finding = try #require(sink.findings.first)
    #expect(sink.findings.count == 1)
    #expect(finding.rule == "yara:Names" && finding.title == "Says so." && finding.severity == .high)
    #expect(finding.attack == ["T1190", "T1105", "T1059.004"])
    #expect(finding.evidence.map(\.locator.text) == ["bytes=0+3", "bytes=4+3", "bytes=8+3"])
    #expect(finding.attributes.first { $0.name == "author" }?.value.text == "me")
    #expect(finding.message.contains("$a at offset 0 and 2 more"))
    #expect(sink.coverages == [Coverage(.scanned, 0..<11)])
  }

  @Test func aRuleWithoutStringsPointsAtTheWhole() throws {
    let finding = try #require(try scan("rule a { condition: filesize > 0 }", "x").findings.first)
    #expect(finding.evidence.map(\.locator) == [.whole])
    #expect(finding.severity == .medium && finding.title == "a")
  }

  /// Files with the same bytes have other names.
  @Test func aRuleAboutTheNameTellsTheName() throws {
    let rule = "rule a { condition: extension == \".jsp\" }"
    let finding = try #require(try scan(rule, "x", path: "srv/shell.jsp").findings.first)
    #expect(finding.attributes.first { $0.name == "path" }?.value.text == "srv/shell.jsp")
    #expect(finding.message == "YARA rule a holds. The file is srv/shell.jsp.")
    #expect(try scan(rule, "x", path: "srv/shell.txt").findings.isEmpty)
    #expect(try scan("rule a { condition: true }", "x").findings.first?.attributes.map(\.name) == ["yara_namespace"])
  }

  @Test func aRuleThatTakesTooLongIsNamedAndTheOthersRun() throws {
    let sink = try scan(
      """
      rule quick { strings: $a = "text" condition: $a }
      rule slow { condition: for all i in (0..9999999) : (for all j in (0..9999999) : (i + j >= 0)) }
      rule other { condition: filesize == 6 }
      """, "a text", timeout: 1)
    #expect(sink.findings.map(\.rule) == ["yara:quick", "yara:other"])
    #expect(sink.coverages.first?.reason == "YARA gave up the rules slow: too slow")
  }

  @Test func nothingFoundIsStillCovered() throws {
    let sink = try scan("rule a { strings: $x = \"needle\" condition: $x }", "hay")
    #expect(sink.findings.isEmpty && sink.coverages == [Coverage(.scanned, 0..<3)])
  }

  @Test(arguments: [
    ("severity = \"critical\"", Severity.critical), ("severity = 100", .critical), ("severity = 50", .medium),
    ("score = 75", .high), ("score = 10", .low), ("severity = \"nonsense\"", .medium), ("level = \"Low\"", .low),
    ("severity = 99999999", .medium), ("other = 1", .medium),
  ])
  func severityIsReadFromTheUsualMetas(_ meta: String, _ expected: Severity) throws {
    #expect(try scan("rule a { meta: \(meta) condition: true }", "x").findings.map(\.severity) == [expected])
  }

  @Test func techniquesAreReadFromAnyText() {
    #expect(
      YaraRuleWords.techniques(in: ["attack.t1059.004 and T1190", "XT1234", "T12", "T1059.0"]) == [
        "T1059.004", "T1190", "T1059",
      ])
  }

  @Test func hostileDataIsToldPrintable() {
    #expect(YaraDetector.printable([0x1B, 0x41, 0xFF, 0x0A]) == "\\x1BA\\xFF\\x0A")
  }
}
