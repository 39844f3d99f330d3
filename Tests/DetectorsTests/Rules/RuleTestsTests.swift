import Bytes
import Foundation
import Testing

@testable import Detectors

struct RuleTestsTests {
  /// The project's own rules.
  static let own =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path + "/rules"

  @Test func ownRulesHoldForTheirHitsAndNotForTheirMisses() {
    let report = RuleTests.run(Self.own)
    #expect(report.failures == [])
    #expect(report.untested == [])
    #expect(report.diagnostics == [])
    #expect(report.passed > 50)
  }

  @Test func aWrongRuleIsTold() throws {
    let folder = try TemporaryFolder([
      "a.yar": "rule A { strings: $x = \"x\" condition: $x } rule B { condition: true }", "a/A.hit": "y",
      "a/A.miss": "x",
      "a/C.hit": "x",
    ])
    let report = RuleTests.run(folder.path)
    #expect(report.passed == 0 && !report.isPassed)
    #expect(
      report.failures == [
        "a/A.hit: the rule does not hold", "a/A.miss: the rule holds, and must not", "a/C.hit: no rule is called C",
      ])
    #expect(report.untested == ["B: no samples"])
  }

  @Test func hexadecimalSamplesAreDecoded() {
    func decode(_ text: String) -> [UInt8]? { text.withView { RuleSample.decodeHexadecimal($0) } }
    #expect(decode("7F45 # head\n\"a b\" 00") == [0x7F, 0x45, 0x61, 0x20, 0x62, 0])
    #expect(decode("7") == nil)
    #expect(decode("\"open") == nil)
    #expect(decode("zz") == nil)
    #expect(decode("") == [])
  }

  @Test func sampleNames() throws {
    let sample = try #require(RuleSample(path: "x/Some_Rule.miss.ld.so.preload"))
    #expect(sample.rule == "Some_Rule" && !sample.isHit && sample.suffix == "ld.so.preload")
    #expect(RuleSample(path: "x/readme.md") == nil)
    #expect(RuleSample(path: ".hit") == nil)
  }
}
