import Bytes
import Foundation
import Testing

@testable import Detectors

/// Literals out of patterns: each must stand in whatever libyara finds.
struct YaraTreeReaderTests {
  private func literals(_ string: String) throws -> [MaskedLiteral]? {
    let source = YaraSource(path: "r.yar", text: Array("rule r { strings: $a = \(string) condition: $a }".utf8))
    let rules = try #require(YaraCompiler().compile([source]).outcome.rules)
    let prefilter = YaraPrefilter([source], rules.rules, rules.patterns)
    return try #require(prefilter.entries.first).strings[0].literals?.map { prefilter.literals[$0] }
  }

  private func shown(_ string: String) throws -> [String]? {
    try literals(string)?.map { literal in
      literal.bytes.map { byte in
        byte.mask == 0 ? "?" : byte.mask == 0xFF ? String(UnicodeScalar(byte.value)) : "<\(byte.value),\(byte.mask)>"
      }.joined()
    }
  }

  @Test func partsOfPatternsThatTellMost() throws {
    #expect(try shown("/eval\\s*\\(base64_decode/") == ["(base64_decode"])
    #expect(try shown("/(GET|POST) \\/x9/") == ["GET /x9", "POST /x9"])
    #expect(try shown("/ab+cde/") == ["bcde"])
    #expect(try shown("/qu[a]x.jz/") == ["quax?jz"])
    #expect(try shown("/qw(xyz){2}k/") == ["qwxyzxyzk"])
    #expect(try shown("/\\bqwxyz\\b/") == ["qwxyz"])
    #expect(try shown("/Q[0-9]W\\d/") == ["Q<48,240>W<48,240>"])
    #expect(try shown("{ 8B ?? 24 9C 77 [2] 99 A? }")?.first?.hasSuffix("<160,240>") == true)
    #expect(try shown("/[a-z]+/") == nil)
    #expect(try shown("\"ab\"") == nil)
    #expect(try shown("{ 00 00 00 00 00 00 }") == nil)
  }

  @Test func modifiersGiveTheirForms() throws {
    #expect(
      try literals("\"qw-x\" nocase")?.first.map { $0[0].covers(0x51) && $0[0].covers(0x71) && !$0[2].covers(0x0D) }
        == true)
    #expect(try literals("/q[x]wz/i")?.first.map { $0[1].covers(0x58) && $0[1].covers(0x78) } == true)
    #expect(try literals("\"qwxz\" wide ascii")?.map(\.count).sorted() == [4, 8])
    #expect(try literals("\"qwxzk\" xor(1-9)")?.count == 9)
  }

  /// Rules of every kind on objects with what they look for, and with near misses, as a whole and by their surroundings.
  @Test func nothingThatMatchesIsLeftOut() throws {
    let strings = [
      "{ 71 ?? 78 7A [3] 4? }", "{ 71 (77 | 78 79) 7A ?4 }", "{ 71 77 [1-4] 78 79 7A }",
      "{ 71 77 ?? ?? 78 [0-300] 7A 7A 71 }",
      "/q(wx|zk|m)y{2,3}z/", "/q[wx]y.z[0-9]{2}/", "/(a|b)?qwx+yz/s", "/qw\\s\\d\\w[^a]z/i", "/q.w.x.y/ wide ascii",
      "/(qw|xy)+z(k|j){2}/ nocase", "\"qwz\"", "\"q\\x00w\"", "\"Qwz\" nocase wide", "\"qwzk\" xor",
      "\"qwxyz\" fullword",
      "/\\bqwz\\b/", "/qw$/", "\"qwxyzqwxyz\" base64", "{ 51 57 }", "/q\\Sw\\D-/",
    ]
    let text = strings.enumerated().map { "rule r\($0) { strings: $a = \($1) condition: #a > 0 }" }
      .joined(separator: "\n")
    let folder = try TemporaryFolder(["r.yar": text])
    let set = RuleSet.load(directory: folder.path).0
    #expect(set.yara?.rules.count == strings.count)
    let engine = try #require(try YaraEngine(set))
    let scanner = try YaraScanner(engine.rules)
    var random = SplitMix(seed: 3)
    let letters = Array("qwxyzkmjQWXYZ01 -ab\n\u{0}\u{0}".utf8)
    let words = [
      "qaxz123B", "qxyzD", "qw1xyz", "qw12x\u{0}zzq", "qwxyyz", "qzkyyyz", "qwy-z42", "aqwxxyz", "QW 5q-Z", "q1w2x3y",
      "qwxyqwzkj", "qwz", "q\u{0}w", "qwzk", "qwxyz", "cXd4eXpxd3h5e", "QW", "q1wz-",
    ].map { Array($0.utf8) }
    for _ in 0..<300 {
      var object: [UInt8] = []
      for _ in 0..<random.below(8) {
        switch random.below(5) {
        case 0: object += [UInt8](repeating: 0, count: random.below(6000))
        case 1: object += (0..<random.below(20)).map { _ in letters[random.below(letters.count)] }
        default:
          var word = words[random.below(words.count)]
          if random.below(3) == 0 { word[random.below(word.count)] = letters[random.below(letters.count)] }
          let form = random.below(5)
          object += form == 0 ? word.flatMap { [$0, 0] } : form == 1 ? word.map { $0 ^ 0x17 } : word
        }
      }
      try object.withView { view in
        let all = try scanner.scan(view).matches
        #expect(try engine.scan(view, largeObject: 0).matches == all)
      }
    }
  }
}
