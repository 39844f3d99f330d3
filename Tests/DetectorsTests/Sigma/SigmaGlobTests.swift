import Bytes
import Testing

@testable import Detectors

struct SigmaGlobTests {
  private func matches(_ pattern: String, _ text: String, isCased: Bool = false) -> Bool {
    (isCased ? text : text.lowercased()).withView { SigmaGlob(pattern, isCased: isCased).matches($0) }
  }

  @Test(arguments: [
    ("abc", "ABC", true), ("abc", "abcd", false), ("a*c", "abbbc", true), ("a*c", "ab", false), ("*b*", "abc", true),
    ("a?c", "abc", true), ("a?c", "ac", false), ("*", "", true), ("", "", true), ("", "x", false), ("a?", "aé", true),
    ("**a**", "xay", true), ("*ab*ab", "abab", true), ("*ab*ab", "ab", false), ("a*b*c*d", "a1b2c3d", true),
    ("?*", "", false), ("*?", "x", true), ("x*", "y", false),
  ])
  func wildcards(_ pattern: String, _ text: String, _ expected: Bool) { #expect(matches(pattern, text) == expected) }

  @Test(arguments: [
    (#"a\b"#, #"a\b"#, true), (#"a\\b"#, #"a\b"#, true), (#"a\*"#, "a*", true), (#"a\*"#, "ab", false),
    (#"a\\*"#, #"a\xyz"#, true), (#"a\\*"#, "axyz", false), (#"a\\\*"#, #"a\*"#, true), (#"a\\\*"#, #"a\x"#, false),
    (#"a\\\\b"#, #"a\\b"#, true), (#"a\?"#, "a?", true), (#"a\"#, #"a\"#, true),
  ])
  func backslashes(_ pattern: String, _ text: String, _ expected: Bool) { #expect(matches(pattern, text) == expected) }

  @Test func caseCountsOnlyWhenAsked() {
    #expect(matches("ABC", "abc") && !matches("ABC", "abc", isCased: true) && matches("É", "é"))
  }

  @Test func dashesThatBeginAWordMayBeAny() {
    var glob = SigmaGlob(" -param-name", isCased: false)
    glob.loosenDashes()
    glob.open(atStart: true, atEnd: true)
    for text in ["x -param-name", "x /param-name", "x –param-name", "x —param-name y", "x ―param-name"] {
      let found = text.withView { glob.matches($0) }
      #expect(found, "\(text)")
    }
    let found = "x -param/name".withView { glob.matches($0) }
    #expect(!found)
  }

  @Test func hostileTextCostsNoMoreThanItsLength() {
    let pattern = String(repeating: "*a", count: 50) + "b"
    #expect(!matches(pattern, String(repeating: "a", count: 20_000)))
  }
}
