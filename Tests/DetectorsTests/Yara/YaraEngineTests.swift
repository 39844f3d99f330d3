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
      for workers in 1...2 {
        engine.workers = workers
        #expect(try engine.scan(view, externals, largeObject: 0).matches == all)
      }
      var gate = YaraGate()
      if gate.excludesAll(engine.prefilter, view, externals, smallest: 0) { #expect(all.isEmpty) }
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

  @Test func ofTextsWithoutAnyLiteralNoRuleIsRun() throws {
    let folder = try TemporaryFolder([
      "r.yar": #"rule a { strings: $a = "telling" nocase condition: $a } rule b { condition: uint16(0) == 0x5A4D }"#
    ])
    let engine = try #require(try YaraEngine(RuleSet.load(directory: folder.path).0))
    var gate = YaraGate()
    func isExcluded(_ text: [UInt8]) -> Bool {
      text.withView { gate.excludesAll(engine.prefilter, $0, .init()) }
    }
    let log = [UInt8]("127.0.0.1 GET / 200\n".utf8)
    let long = Array(repeatElement(log, count: 2000).joined())
    #expect(isExcluded(long))
    #expect(!isExcluded(long + Array("TellinG".utf8)))
    #expect(!isExcluded(Array("MZ".utf8) + long))
    #expect(!isExcluded(log))
  }

  @Test func whereNothingIsExcludedItIsNotTriedForEver() throws {
    let folder = try TemporaryFolder(["r.yar": #"rule always { strings: $a = "GET" condition: $a }"#])
    let engine = try #require(try YaraEngine(RuleSet.load(directory: folder.path).0))
    var gate = YaraGate()
    let busy = Array(repeatElement(Array("GET / ".utf8), count: 10_000).joined())
    for _ in 0..<20 { #expect(!busy.withView { gate.excludesAll(engine.prefilter, $0, .init()) }) }
    #expect(try busy.withView { try engine.scan($0).matches.count } == 1)
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
      rule nothing { strings: $a = "missing" condition: for any of ($a) : (# > 0 - 1) }
      rule something { strings: $a = "missing" condition: for any of ($a) : (# > 0) }
      rule elsewhere { strings: $a = "missing" condition: for any i in (1..#a) : (@a[i] > 5) }
      """
    #expect(
      try survivors(text, Array("xx first yy second".utf8))
        == ["both", "one", "negative", "compared", "bare", "loops", "nothing"])
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

  @Test func filesThatIncludeOthersAreTakenApartToo() throws {
    let folder = try TemporaryFolder([
      "a.yar": "include \"b.yar\"\nrule a { condition: b } rule c { strings: $a = \"gone away\" condition: $a }",
      "b.yar": "rule b { condition: true }",
    ])
    let set = RuleSet.load(directory: folder.path).0
    try agree(set, Array("text".utf8))
    let engine = try #require(try YaraEngine(set))
    #expect(Array("text".utf8).withView { engine.survivors($0, .init()) } == [0, 1])
  }

  /// What a match depends on lies around its literal, across stretches of zeros and the borders of parts.
  @Test func surroundingsOfLiteralsAreEnough() throws {
    let rules = #"""
      import "math"
      rule Texts { strings: $a = "needle" fullword $w = "needle" wide fullword $n = "NEEDLE" nocase $x = "needle" xor
        condition: any of them }
      rule Greedy { strings: $a = /needle[a-z .]*/ $b = /[a-z]+needle/ $c = /needle.{0,40}end/s $d = /needle\s+\w+\b/ condition: any of them }
      rule Bound { strings: $a = /^needle/ $b = /needle$/ condition: any of them }
      rule Hex { strings: $a = { 6E 65 65 64 6C 65 [0-100] 65 6E 64 } $b = { 6E 65 65 64 [4-300] 65 6E 64 21 }
        $c = { 6E 65 65 64 6C 65 [-] 6C 61 73 74 } condition: any of them }
      rule Short { strings: $a = "ee" $b = { 64 ?? 65 } condition: #a > 3 and $b }
      rule Zeros { strings: $a = { 00 00 00 01 } $b = { 00 00 00 00 00 00 } condition: #a == 1 or #b > 100 }
      rule Counts { strings: $a = "needle" condition: #a > 2 and @a[2] > 9000 and !a[1] == 6 and $a in (filesize - 100..filesize) }
      rule Object { strings: $a = "needle" condition: $a and filesize > 20000 and uint8(filesize - 1) == 0x21 and math.mean(0, filesize) < 200 }
      rule Entry { strings: $a = "needle" condition: $a and not defined entrypoint }
      rule Base { strings: $a = "needlework" base64 condition: $a }
      """#
    let folder = try TemporaryFolder(["r.yar": rules])
    let set = RuleSet.load(directory: folder.path).0
    #expect(set.yara?.rules.count == 10)
    var random = SplitMix(seed: 7)
    let words = [
      "needle", " needle ", "NeedLe", "needlework", "end", "end!", "last", "xneedle", "needle  ends", "ee", "d.e",
      "bmVlZGxld29yaw",
    ]
    for _ in 0..<40 {
      var object = [UInt8](repeating: 0, count: random.below(3) * 40_000 + random.below(9000))
      for _ in 0..<random.below(12) {
        let word = Array(words[random.below(words.count)].utf8)
        let form = random.below(4)
        let bytes = form == 0 ? word.flatMap { [$0, 0] } : form == 1 ? word.map { $0 ^ 0x20 } : word
        let place =
          random.below(3) == 0 ? (random.below(20) * 4096 - random.below(8)) : random.below(max(object.count, 1))
        for (index, byte) in bytes.enumerated() where object.indices.contains(place + index) {
          object[place + index] = byte
        }
      }
      if random.below(3) == 0 {
        object += Array(repeating: Array("some filling a text of its own ".utf8), count: 300).joined()
      }
      object += Array(words[random.below(words.count)].utf8)
      if random.below(2) == 0 { object.append(0x21) }
      try agree(set, object)
    }
  }

  @Test func stringsThatStandEverywhereAreFoundAll() throws {
    let folder = try TemporaryFolder([
      "r.yar":
        "rule many { strings: $a = \"abcd\" condition: #a == 20000 } rule few { strings: $a = \"wxyz\" condition: $a }"
    ])
    try agree(RuleSet.load(directory: folder.path).0, Array((String(repeating: "abcd ", count: 20_000) + "wxyz").utf8))
  }

  @Test func cachedRulesFindTheSame() throws {
    let folder = try TemporaryFolder([
      "rules/r.yar": YaraCommandTests.rules, "rules/warned.yar": "rule w { strings: $a = /x.*/ condition: $a }",
      "rules/broken.yar": "rule b { condition: $x }",
    ])
    let cache = try #require(RuleCache(folder.path + "/cache"))
    let (first, told) = RuleSet.load(directory: folder.path + "/rules", cache: cache)
    let (second, toldAgain) = RuleSet.load(directory: folder.path + "/rules", cache: cache)
    #expect(told == toldAgain)
    #expect(first.fingerprint == second.fingerprint)
    #expect(first.yara?.rules == second.yara?.rules)
    #expect(first.yara?.patterns.count == second.yara?.patterns.count)
    for object in YaraCommandTests.objects.values {
      try agree(second, object)
      try object.withView { view in
        let one = try YaraEngine(first)?.scan(view, largeObject: 0)
        let two = try YaraEngine(second)?.scan(view, largeObject: 0)
        #expect(one?.matches == two?.matches)
      }
    }
    // What was changed on disk is not believed.
    for name in try FileManager.default.contentsOfDirectory(atPath: cache.directory) {
      let path = cache.directory + "/" + name
      var bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
      bytes[bytes.count / 2] ^= 1
      try folder.write("cache/" + name, bytes)
    }
    let (third, toldThen) = RuleSet.load(directory: folder.path + "/rules", cache: cache)
    #expect(toldThen == told)
    #expect(third.yara?.rules == first.yara?.rules)
  }

  @Test func aCacheOthersMayWriteIsNoCache() throws {
    let folder = try TemporaryFolder([:])
    let path = folder.path + "/open"
    mkdir(path, 0o700)
    #expect(RuleCache(path) != nil)
    chmod(path, 0o777)
    #expect(RuleCache(path) == nil)
    #expect(RuleCache.standard(["IR_ANALYZE_CACHE": "off", "HOME": "/root"]) == nil)
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

/// Numbers that are the same in every run.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// 0 for a limit of 0.
  mutating func below(_ limit: Int) -> Int { limit > 0 ? Int(next() % UInt64(limit)) : 0 }
}
