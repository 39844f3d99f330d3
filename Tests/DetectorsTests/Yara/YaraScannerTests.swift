import Bytes
import Testing

@testable import Detectors

struct YaraScannerTests {
  private func rules(_ text: String) throws -> YaraRules {
    try #require(YaraCompiler().compile([YaraSource(path: "t.yar", text: Array(text.utf8))]).outcome.rules)
  }

  private func names(_ text: String, _ object: [UInt8], _ externals: YaraScanner.Externals = .init()) throws -> [String]
  {
    let scanner = try YaraScanner(try rules(text))
    return try object.withView { try scanner.scan($0, externals) }.matches.map(\.rule.name)
  }

  @Test func stringsAreToldWithPlaceLengthAndData() throws {
    let scanner = try YaraScanner(
      try rules("rule a { strings: $x = \"ab\" $h = { 63 ?? 65 } $p = \"f\" private condition: all of them }"))
    let match = try #require(try Array("ab.abcdef".utf8).withView { try scanner.scan($0) }.matches.first)
    #expect(match.strings.map(\.identifier) == ["$x", "$x", "$h"])
    #expect(match.strings.map(\.offset) == [0, 3, 5])
    #expect(match.strings.map(\.length) == [2, 2, 3])
    #expect(match.strings[2].data == Array("cde".utf8) && match.strings[2].isHexadecimal)
    #expect(match.stringCount == 3)
  }

  @Test func limitsCutWhatIsToldAndNotWhatIsCounted() throws {
    let scanner = try YaraScanner(try rules("rule a { strings: $x = \"abcd\" condition: #x == 100 }"))
    scanner.options.maximumStrings = 3
    scanner.options.maximumData = 2
    let object = Array(String(repeating: "abcd", count: 100).utf8)
    let match = try #require(try object.withView { try scanner.scan($0) }.matches.first)
    #expect(match.strings.count == 3 && match.stringCount == 100)
    #expect(match.strings[0].data == Array("ab".utf8) && match.strings[0].length == 4)
  }

  @Test func conditionsSeeTheWholeObject() throws {
    let object = Array("head".utf8) + [UInt8](repeating: 0, count: 100_000) + Array("tail".utf8)
    #expect(
      try names(
        """
        import "hash"
        rule size { condition: filesize == 100008 }
        rule far { strings: $h = "head" $t = "tail" condition: @t[1] - @h[1] == 100004 and $t at filesize - 4 }
        rule sum { condition: hash.md5(0, 4) == "96e89a298e0a9f469b9ae458d6afae9f" }
        rule wrong { condition: filesize == 1 }
        """, object) == ["size", "far", "sum"])
  }

  @Test func externalsAreOfTheObject() throws {
    let text = "rule a { condition: filename == \"x.JSP\" and extension == \".JSP\" and filepath contains \"/web/\" }"
    #expect(try names(text, [1], .init(path: "/srv/web/x.JSP")) == ["a"])
    #expect(try names(text, [1]) == [])
    #expect(YaraScanner.Externals(path: "/a/.x").extension == "")
    #expect(YaraScanner.Externals(path: "").filename == "")
  }

  /// A program's entry point is not that of what is scanned after it.
  @Test func anEntryPointIsOfItsObject() throws {
    let scanner = try YaraScanner(try rules("rule entry { condition: entrypoint >= 0 }"))
    let file = try MappedFile(path: "/proc/self/exe")
    let program = try file.withView { try scanner.scan($0) }
    #expect(program.matches.map(\.rule.name) == ["entry"])
    let text = try Array("no program".utf8).withView { try scanner.scan($0) }
    #expect(text.matches.isEmpty)
  }

  @Test func anEmptyObjectIsScanned() throws {
    #expect(try names("rule a { condition: filesize == 0 }", []) == ["a"])
  }

  @Test func privateRulesAreNotToldAndGlobalOnesForbid() throws {
    #expect(try names("private rule p { condition: true } rule a { condition: p }", [1]) == ["a"])
    #expect(try names("global rule g { condition: filesize > 5 } rule a { condition: true }", [1]) == [])
  }

  @Test func fastModeKeepsTheRulesAndCutsTheMatches() throws {
    let scanner = try YaraScanner(
      try rules(
        "rule one { strings: $x = \"abc\" condition: $x } rule two { strings: $x = \"abc\" condition: #x == 3 }"))
    scanner.options.isFast = true
    let result = try Array("abc abc abc".utf8).withView { try scanner.scan($0) }
    #expect(result.matches.map(\.stringCount) == [1, 3])
  }

  @Test func aScannerIsUsedAgain() throws {
    let scanner = try YaraScanner(try rules("rule a { strings: $x = \"abc\" condition: $x }"))
    for text in ["abc", "none", "zabc"] {
      let result = try Array(text.utf8).withView { try scanner.scan($0) }
      #expect(result.matches.count == (text == "none" ? 0 : 1))
    }
  }

  @Test func aStringWithTooManyMatchesIsNamed() throws {
    let scanner = try YaraScanner(try rules("rule a { strings: $x = \"aa\" condition: #x > 10 }"))
    scanner.options.maximumStrings = 1
    let result = try [UInt8](repeating: 0x61, count: 1_200_000).withView { try scanner.scan($0) }
    #expect(result.overflowed == ["a:$x"])
  }

  @Test func aScanThatTakesTooLongIsGivenUp() throws {
    // Two nested loops over every position: hours of work.
    let scanner = try YaraScanner(
      try rules("rule slow { condition: for all i in (0..9999999) : (for all j in (0..9999999) : (i + j >= 0)) }"))
    scanner.options.timeout = 1
    #expect(throws: YaraError(.timeout, "")) { try [UInt8](repeating: 1, count: 64).withView { try scanner.scan($0) } }
  }
}
