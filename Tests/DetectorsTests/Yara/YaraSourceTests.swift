import Bytes
import Testing

@testable import Detectors

struct YaraSourceTests {
  private func source(_ text: String) -> YaraSource { YaraSource(path: "a.yar", text: Array(text.utf8)) }

  @Test func tellsRulesApart() {
    let file = source(
      """
      import "elf" // one module
      private global rule first : tag other { condition: true }
      /* rule hidden { condition: true } */
      rule second {
        meta: text = "} rule fake {" number = 3
        strings:
          $a = "quote \\" and }" nocase wide
          $b = { 41 [2-4] // {
                 ( 42 | 43 ) }
          $c = /a\\/}[^"]{2}/is
          $ = "x"
        condition: $a and #b > 2 or first and !c[1] != 4
      }
      """)
    #expect(file.imports == ["elf"])
    #expect(file.rules.map(\.name) == ["first", "second"])
    #expect(file.isSeparable)
    #expect(file.rules[0].isPrivate && file.rules[0].isGlobal)
    #expect(!file.rules[1].isPrivate && file.rules[1].line == 4)
    #expect(file.rules[1].strings.map(\.name) == ["$a", "$b", "$c", "$"])
    #expect(file.rules[1].strings[0].modifiers == ["nocase", "wide"])
    #expect(file.rules[1].strings[1].value.text == "{41[2-4](42|43)}")
    #expect(file.rules[1].references.contains("first"))
  }

  @Test func aRuleEndsWhereTheNextBegins() {
    let file = source("rule torn { condition: $a\nprivate rule b : t { condition: torn }\nrule c { condition: b }")
    #expect(file.rules.map(\.name) == ["torn", "b", "c"])
    #expect(file.rules.map(\.isPrivate) == [false, true, false])
    // A word of the kind where none begins.
    #expect(
      source("rule a { meta: rule = \"x\" strings: $a = \"y\" private condition: $a }").rules.map(\.name) == ["a"])
  }

  @Test func commentsAndLayoutDoNotCount() {
    let one = source("rule a { strings: $x = { 41 42 } condition: $x }")
    let other = source("// head\nrule a\n{\n strings:\n\t$x = {4142} /* why */\n condition:\n $x // end\n}\n")
    #expect(one.normalized == other.normalized)
    #expect(one.normalized != source("rule a { strings: $x = { 41 43 } condition: $x }").normalized)
  }

  @Test func whatLooksLikeACommentInATextCounts() {
    #expect(
      source("rule a { strings: $x = \"//a\" condition: $x }").normalized
        != source("rule a { strings: $x = \"//b\" condition: $x }").normalized)
  }

  @Test(arguments: [
    "", "rule", "rule a {", "rule a { strings: $x = ", "rule a { strings: $x = {", "\"", "/", "/*", "//", "{{{{",
    "rule a { condition: true } }", "import", "rule a : : {", "\u{0}\u{1}", "rule é { condition: true }",
  ])
  func brokenTextIsReadWithoutHarm(_ text: String) {
    let file = source(text)
    #expect(file.rules.allSatisfy { $0.range.upperBound <= text.utf8.count })
  }

  @Test func everyPrefixIsReadWithoutHarm() {
    let text = Array(
      "private rule a : b { strings: $a = \"x\\\"\" $b = {4? [2] 43} $c = /[/]a/i condition: any of ($*) }".utf8)
    for count in 0...text.count {
      let file = YaraSource(path: "p", text: Array(text[..<count]))
      #expect(file.rules.count <= 1)
    }
  }

  @Test func aPartOfAFileIsItsImportsAndThoseRules() {
    let file = source("import \"math\"\nrule a { condition: true }\nrule b { condition: math.min(1, 2) == 1 }\n")
    #expect(
      String(decoding: file.text(ofRules: [1]), as: UTF8.self)
        == "import \"math\"\nrule b { condition: math.min(1, 2) == 1 }\n")
  }
}
