import Testing

@testable import Detectors

/// `re` and what may stand behind it.
struct SigmaRegexTests {
  /// Characters, not bytes: `ü` is two of these, an em dash three.
  @Test(arguments: [
    ("a|re: '^M.ller$'", "Müller", true), ("a|re: '^M..ller$'", "Müller", false), ("a|re: '^.{5}$'", "a—ü—b", true),
    ("a|re: '^.{9}$'", "a—ü—b", false), ("a|re: '^[^a]b$'", "—b", true), ("a|re: '^[^a]{3}b$'", "—b", false),
    ("a|re: '^[a-ü]$'", "ö", true), ("a|re: '^\\W$'", "—", true), ("a|re: '^\\w$'", "ü", false),
    ("a|re: '^\\S\\S$'", "é!", true), ("a|re: '^x?ü+$'", "üü", true),
  ])
  func charactersAreWhatIsCounted(_ detection: String, _ text: String, _ expected: Bool) {
    #expect(holds("s:\n  " + detection, ["a": .text(text)]) == expected, "\(detection) \(text)")
  }

  @Test(arguments: [
    ("a|re: 'STRASSE'", "strasse", false), ("a|re|i: 'STRASSE'", "strasse", true), ("a|re|i: 'ÉCOLE'", "école", true),
    ("a|re: 'ÉCOLE'", "école", false), ("a|re|i: 'привет'", "ПРИВЕТ", true), ("a|re|i: 'k1'", "\u{212A}1", true),
    ("a|re|i: 'passwd'", "pa\u{17F}\u{17F}wd", true), ("a|re: '(?i)ab'", "AB", true),
    ("a|re|m: '^two$'", "one\ntwo\nthree", true), ("a|re: '^two$'", "one\ntwo\nthree", false),
    ("a|re|s: 'one.two'", "one\ntwo", true), ("a|re: 'one.two'", "one\ntwo", false),
    ("a|re: 'one.two'", "one\rtwo", true), ("a|re|i|m|s: '^TWO.three'", "one\ntwo\nthree", true),
    ("a|re|ignorecase: 'AB'", "ab", true), ("a|re|multiline: '^b'", "a\nb", true),
    ("a|re|dotall: 'a.b'", "a\nb", true),
    // What Hyperscan does not take, by the other engine.
    ("a|re: 'a(?!b).$'", "aü", true), ("a|re: '(?=a)a.b'", "a\rb", true), ("a|re: '(?=a)a.b'", "a\nb", false),
    ("a|re|i: '(?=é)É.$'", "éa", true),
  ])
  func flags(_ detection: String, _ text: String, _ expected: Bool) {
    #expect(holds("s:\n  " + detection, ["a": .text(text)]) == expected, "\(detection) \(text)")
  }

  /// However far into a value a match begins, and with classes as everywhere else.
  @Test(arguments: [
    ("a|re: '(?<!x)needle'", String(repeating: "y", count: 5000) + "needle", true),
    ("a|re: '(?<!x)needle'", String(repeating: "y", count: 5000) + "xneedle", false),
    ("a|re: '(a+)b\\1c'", String(repeating: "-", count: 100) + "aabaac", true),
    ("a|re: '(?<!a)\\d'", "\u{661}", false), ("a|re: '(?<!a)\\d'", "1", true),
    ("a|re: '(?<!x)\\s'", "\u{A0}", false), ("a|re: '(?!x)^[\\s]$'", " ", true), ("a|re: '^(?=\\w+$)é'", "é", false),
    ("a|re: '(?<!x)\\bfoo\\b'", "éfoo", true), ("a|re: '(?!x)^\\W$'", "é", true), ("a|re: '(?!x)é\\Ba'", "éa", false),
    ("a|re: '(?!1)^[a&&b]$'", "&", true), ("a|re: '(?!x)^[a-z&&b]$'", "c", true), ("a|re: '(?!1)^[a[b]$'", "[", true),
    ("a|re: '(?!1)^[[:alpha:]1]$'", "q", true), ("a|re: '(?!1)^[]a]$'", "]", true),
    ("a|re: '(?P<q>a)(?P=q)(?!b)'", "xaac", true), ("a|re: '(?P<q>a)(?P=q)(?!b)'", "xab", false),
    ("a|re: '(?!1)\\Qa.b\\E'", "a.b", true), ("a|re: '(?!1)\\Qa.b\\E'", "axb", false),
  ])
  func whatLooksAround(_ detection: String, _ text: String, _ expected: Bool) {
    #expect(holds("s:\n  " + detection, ["a": .text(text)]) == expected, "\(detection) \(text.suffix(20))")
  }

  @Test func whatTheOtherEngineLacksIsRefused() {
    let (rules, diagnostics) = sigma(nativeRule("s:\n  a|re: '(?!1)a\\Kb'"))
    #expect(rules.count == 0 && diagnostics.first?.message.contains("not understood") == true, "\(diagnostics)")
  }

  @Test(arguments: [
    ("0x20", false), ("inf", false), ("infinity", false), ("nan", false), ("1e2", true), ("+11", true), ("-11", false),
  ])
  func decimalNumbersAreCompared(_ text: String, _ expected: Bool) {
    #expect(holds("s:\n  a|gt: 10", ["a": .text(text)]) == expected)
  }

  /// Wherever it stands in a long value, and not where only the cut of a piece would end or begin the text.
  @Test(arguments: [
    ("(?<!x)needle(?=y)", true), ("^(?!x)needle", false), ("(?!x)needle$", false), ("(?=n)needlez", false),
    ("(?<=a)needley(?!b)", true), ("^(?=a)a", true), ("(?<=é)z$", true), ("^(?=é)", false),
  ])
  func whatOneEngineAloneUnderstandsIsFoundInLongValues(_ pattern: String, _ expected: Bool) {
    for count in [3, 16_380, 32_760, 49_147, 100_000] {
      let text = String(repeating: "a", count: count) + "needley" + String(repeating: "é", count: 9000) + "z"
      let regex = SigmaRegex.make(pattern, flags: []).regex
      #expect(text.withView { regex?.matches($0) } == expected, "\(pattern) \(count)")
    }
  }

  @Test(arguments: [
    ("(?!x)begin.*end", true), ("(?<!x)begin[^!]*end$", true), ("(?!x)begin.*endz", false), ("(?!x)begun.*end", false),
  ])
  func aMatchOfOneEngineAloneMayBeLong(_ pattern: String, _ expected: Bool) {
    let text = "--begin" + String(repeating: "ab", count: 100_000) + "end"
    #expect(text.withView { SigmaRegex.make(pattern, flags: []).regex?.matches($0) } == expected)
  }

  @Test func aBacktrackingPatternEndsInALongValueToo() {
    let text = String(repeating: "a", count: 200_000)
    #expect(text.withView { SigmaRegex.make("(?!x)(a|a)*b$", flags: []).regex?.matches($0) } == false)
  }

  @Test(arguments: [
    (String(repeating: "a|", count: 8000) + "b", false), (String(repeating: "a|", count: 7000) + "b", true),
    ("([^x]{1,500}[a-z]{1,500}){30}", false), ("([^x]{1,50}[a-z]{1,20}){2}", true), (".{0,5000}evil", true),
    (".{1,5000}x.{1,5000}y", false),
    ("(a.{0,3000}b){3}", false),
    ("a{1,2000000000}{2000000000}", false),
    ("(((((a{50}){50}){50}){50}){50})", false),
  ])
  func whatTakesTooLongToCompileIsRefused(_ pattern: String, _ expected: Bool) {
    let (rules, diagnostics) = sigma(nativeRule("s:\n  a|re: '\(pattern)'"))
    #expect((rules.count == 1) == expected && diagnostics.isEmpty == expected)
    #expect(expected || diagnostics.first?.line == 6)
  }

  @Test func aBacktrackingPatternEnds() {
    let text = String(repeating: "a", count: 8000)
    #expect(!holds("s:\n  a|re: '(?!x)(a|a)*b$'", ["a": .text(text)]))
  }

  @Test func aPatternWithAZeroIsRefused() {
    let (rules, diagnostics) = sigma(nativeRule("s:\n  a|re: \"a\\0b\""))
    #expect(rules.count == 0 && diagnostics.first?.message.contains("zero byte") == true, "\(diagnostics)")
  }
}
