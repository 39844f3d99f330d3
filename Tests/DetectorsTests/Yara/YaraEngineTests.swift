import Bytes
import Foundation
import Testing

@testable import Detectors

/// The engine leaves rules out; it must never leave out one that holds.
struct YaraEngineTests {
  private func agree(_ set: RuleSet, _ object: [UInt8], _ externals: YaraScanner.Externals = .init()) throws {
    let engine = try #require(try YaraEngine(set))
    let scanner = try YaraScanner(engine.rules)
    try object.withView { view in
      let all = try scanner.scan(view, externals).matches
      let chosen = try engine.scan(view, externals, largeObject: 0).matches
      #expect(chosen == all)
    }
  }

  private func survivors(_ rules: String, _ object: [UInt8], _ externals: YaraScanner.Externals = .init()) throws
    -> [String]
  {
    let folder = try TemporaryFolder(["r.yar": rules])
    let set = RuleSet.load(directory: folder.path).0
    let engine = try #require(try YaraEngine(set))
    try agree(set, object, externals)
    let chosen = try #require(object.withView { engine.survivors($0, externals) })
    return chosen.map { set.yaraSources[0].rules[$0].name }
  }

  @Test func theCommandsObjectsGiveTheSame() throws {
    let folder = try TemporaryFolder(["r.yar": YaraCommandTests.rules])
    let set = RuleSet.load(directory: folder.path).0
    for object in YaraCommandTests.objects.values { try agree(set, object) }
  }

  @Test func rulesWhoseLiteralsAreMissingAreLeftOut() throws {
    let text = """
      rule both { strings: $a = "first" $b = "second" condition: all of them }
      rule one { strings: $a = "first" $b = "missing" condition: any of them }
      rule absent { strings: $a = "missing" condition: $a }
      rule negative { strings: $a = "missing" condition: not $a }
      rule compared { strings: $a = "missing" condition: #a == 0 or #a < 5 }
      rule bare { condition: filesize < 100 }
      rule two { strings: $x1 = "first" $x2 = "gone away" $y = "second" condition: 2 of ($x*) or (1 of ($y*) and filesize > 1MB) }
      rule loops { strings: $a = "missing" condition: for any of them : (# > 1) or for all i in (1..#a) : (@a[i] > 5) }
      rule elsewhere { strings: $a = "missing" condition: for any i in (1..#a) : (@a[i] > 5) }
      """
    #expect(
      try survivors(text, Array("xx first yy second".utf8))
        == ["both", "one", "negative", "compared", "bare", "loops"])
  }

  @Test func everyKindOfStringIsFoundInItsForm() throws {
    let text = #"""
      rule spread { strings: $a = "telling" wide condition: $a }
      rule caseless { strings: $a = "TeLLing" nocase condition: $a }
      rule hex { strings: $a = { 01 02 ?? 74 65 6C 6C [2-4] 67 } condition: $a }
      rule pattern { strings: $a = /te+lling(s|ly)?/ condition: $a }
      rule choice { strings: $a = /(telling|spelling) [0-9]/ condition: $a }
      rule masked { strings: $a = "telling" xor(1-255) condition: $a }
      rule maskedwide { strings: $a = "telling" xor wide condition: $a }
      rule based { strings: $a = "a telling text" base64 condition: $a }
      rule basedwide { strings: $a = "a telling text" base64wide condition: $a }
      rule caselessregex { strings: $a = /TELL[a-z]+/i condition: $a }
      rule chained { strings: $a = { 74 65 6C 6C 69 [0-900] 65 6E 64 21 } condition: $a }
      rule short { strings: $a = "te" condition: $a }
      """#
    func wide(_ text: String) -> [UInt8] { text.utf8.flatMap { [$0, 0] } }
    let base = Array(Data("xa telling text!".utf8).base64EncodedString().utf8)
    for object in [
      Array("telling 5".utf8), wide("telling"), Array("TELLING".utf8), [1, 2, 3] + Array("tell..g".utf8),
      Array("telling".utf8).map { $0 ^ 0x41 }, wide("telling").map { $0 ^ 0x41 }, base, base.flatMap { [$0, 0] },
      Array("telli".utf8) + [UInt8](repeating: 0, count: 700) + Array("end!".utf8),
      [UInt8](repeating: 0, count: 20_000),
      [UInt8](repeating: 0, count: 4093) + Array("telling 7".utf8) + [UInt8](repeating: 0, count: 9000),
      [UInt8](repeating: 7, count: (256 << 10) - 3) + Array("telling 7".utf8),
    ] {
      _ = try survivors(text, object)
    }
    #expect(try survivors(text, Array("nothing".utf8)) == ["short"])
  }

  @Test func sizeFirstBytesAndNamesRuleOut() throws {
    let text = """
      import "pe"
      rule small { strings: $a = "text" condition: filesize < 10 and $a }
      rule program { condition: uint16(0) == 0x5A4D and filesize > 3 }
      rule named { condition: filename == "x.txt" }
      rule far { condition: uint32(1000) == 0 }
      rule signed { condition: pe.number_of_signatures > 0 }
      rule other { condition: uint8(0) != 0x20 or uint32be(0) == 0x61207465 }
      """
    #expect(try survivors(text, Array("a text of some length".utf8), .init(path: "x.txt")) == ["named", "other"])
    #expect(try survivors(text, Array("MZ  ".utf8)) == ["program", "signed", "other"])
  }

  @Test func rulesThatReferToOthersBringThemAlong() throws {
    let text = """
      private rule base { strings: $a = "needed" condition: $a }
      rule top { strings: $b = "present" condition: base and $b }
      rule shown { strings: $a = "present" condition: $a }
      rule uses { condition: shown and not base }
      rule some { condition: any of (sho*) }
      """
    #expect(try survivors(text, Array("it is present".utf8)) == ["shown", "uses", "some"])
    let chosen = try survivors(text, Array("present, needed".utf8))
    #expect(chosen.contains("top"))
  }

  @Test func globalRulesForbidAll() throws {
    for object in ["small", String(repeating: "large ", count: 100)] {
      _ = try survivors(
        "global rule g { condition: filesize > 100 } rule a { strings: $a = \"large\" condition: $a }",
        Array(object.utf8))
    }
  }

  @Test func filesThatIncludeOthersAreRunWhole() throws {
    let folder = try TemporaryFolder([
      "a.yar": "include \"b.yar\"\nrule a { condition: b }", "b.yar": "rule b { condition: true }",
    ])
    try agree(RuleSet.load(directory: folder.path).0, Array("text".utf8))
  }

  static let corpus = ProcessInfo.processInfo.environment["IR_RULESETS"]

  @Test(.enabled(if: corpus != nil, "IR_RULESETS names no directory of public rule sets"))
  func publicRuleSetsGiveTheSame() throws {
    let set = RuleSet.load(directory: Self.corpus ?? "").0
    for path in ["/usr/bin/yara", "/bin/bash", "/etc/services", "/etc/passwd"] {
      try agree(set, [UInt8](FileManager.default.contents(atPath: path) ?? Data()), .init(path: path))
    }
  }
}
