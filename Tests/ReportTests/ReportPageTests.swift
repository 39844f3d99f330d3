import Evidence
import Foundation
import Testing
import Timeline

@testable import Report

@Suite("The page")
struct ReportPageTests {
  typealias Samples = ReportSamples

  private func page(_ input: CaseInput, _ options: ReportOptions = ReportOptions()) throws -> String {
    var page = ""
    try Samples.written(input, options) { page = try Samples.read($0, "report.html") }
    return page
  }

  @Test("Hostile text is text everywhere: the page has exactly its own elements")
  func escaping() throws {
    let plain = try page(Samples.input("harmless"))
    let hostile = try page(Samples.input())
    func tags(_ page: String, _ tag: String) -> Int { page.lowercased().components(separatedBy: "<" + tag).count - 1 }
    for tag in ["script", "/script", "img", "iframe", "style", "meta", "link", "base", "form", "object", "embed"] {
      #expect(tags(hostile, tag) == tags(plain, tag), "\(tag)")
    }
    #expect(tags(hostile, "script") == 2 && tags(hostile, "img") == 0)
    #expect(!hostile.contains("\u{1B}") && !hostile.utf8.contains(0))
  }

  @Test("The policy forbids everything but the page's own style and script, and names their digests")
  func policy() throws {
    let page = try page(Samples.input("x"))
    let policy = try #require(page.firstMatch(of: /Content-Security-Policy" content="([^"]*)"/)?.1)
    #expect(policy.contains("default-src &#39;none&#39;") && !policy.contains("unsafe"))
    func hash(_ open: String, _ close: String) throws -> String {
      let start = try #require(page.range(of: open, options: .backwards))
      let end = try #require(page.range(of: close, range: start.upperBound..<page.endIndex))
      let code = Array(page[start.upperBound..<end.lowerBound].utf8)
      return Data(Digest(of: code).bytes).base64EncodedString()
    }
    let script = try hash("<script>", "</script>")
    let style = try hash("<style>", "</style>")
    #expect(policy.contains(script) && policy.contains(style))
  }

  @Test("The page loads nothing and has no inline style or handler, which the policy would refuse")
  func selfContained() throws {
    let page = try page(Samples.input("x"))
    let markup = try #require(page.components(separatedBy: "<script type=\"application/json\"").first)
    #expect(!markup.contains("src=") && !markup.contains("@import") && !markup.contains("url("))
    #expect(markup.firstMatch(of: /\sstyle="/) == nil)
    #expect(markup.firstMatch(of: /\son[a-z]+="/) == nil)
    #expect(markup.matches(of: /href="([^"#][^"]*)"/).isEmpty)
  }

  @Test("What was left out is said plainly")
  func leftOut() throws {
    let page = try page(Samples.input("x", events: 30), ReportOptions(maximumPageEvents: 10, maximumPageFindings: 1))
    #expect(page.contains("20 more are in timeline.jsonl"))
    #expect(page.contains("are in findings.jsonl"))
  }

  @Test("The embedded data is JSON and has a column entry for every event")
  func data() throws {
    let page = try page(Samples.input())
    let start = try #require(page.range(of: "id=\"data\">"))
    let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
    let object = try JSONSerialization.jsonObject(with: Data(page[start.upperBound..<end.lowerBound].utf8))
    let events = try #require((object as? [String: Any])?["events"] as? [String: Any])
    for column in ["time", "source", "type", "weight", "artifact", "message", "place", "entities", "tags"] {
      #expect((events[column] as? [Any])?.count == 40, "\(column)")
    }
  }

  @Test("Korean: the page's words are Korean, evidence stays as it is")
  func korean() throws {
    let page = try page(Samples.input("evidence text"), ReportOptions(language: .korean))
    #expect(page.contains("<html lang=\"ko\">"))
    #expect(page.contains("증거 보관") && page.contains("evidence text"))
  }

  @Test("Commands that show bytes are quoted for a shell")
  func showCommand() {
    var locator = Locator()
    locator.physical = 0x1000
    locator.mapping = "it's"
    let place = EvidenceReference(artifact: Samples.digest("a"), locator: locator)
    let hex = Samples.digest("a").hex
    #expect(ShowCommand.text(place) == "ir-analyze show '\(hex):phys=0x1000;map=it'\\''s'")
    let plain = EvidenceReference(artifact: Samples.digest("a"), locator: Locator(offset: 7, length: 2, line: 3))
    #expect(ShowCommand.text(plain) == "ir-analyze show \(hex):7")
  }
}

@Suite("Words")
struct LanguageTests {
  @Test("Every phrase and label is there in both languages and uses the same facts", arguments: Language.allCases)
  func complete(language: Language) {
    for key in Phrase.Key.allCases {
      let template = language == .korean ? Phrases.korean(key) : Phrases.english(key)
      #expect(!template.isEmpty)
      func facts(_ text: String) -> Set<String> { Set(text.matches(of: /\{[0-9*]\}/).map { String($0.output) }) }
      #expect(facts(template) == facts(Phrases.english(key)), "\(key)")
      #expect(template.filter { $0 == "[" }.count == template.filter { $0 == "]" }.count)
    }
    for label in Label.allCases { #expect(!Phrases(language).label(label).isEmpty) }
  }

  @Test("Facts with braces and brackets are put in as they are, and unknown ones leave no hole")
  func filling() {
    let phrases = Phrases(.english)
    #expect(phrases.text(Phrase(.callback, ["{0}[x]"])) == "The server called back to {0}[x]")
    #expect(phrases.text(Phrase(.callback)) == "The server called back")
    #expect(phrases.text(Phrase(.takenOver, ["a"])).contains("?"))
    #expect(
      phrases.text(Phrase(.intruderThen, parts: [Phrase(.coveredTracks), Phrase(.escalated), Phrase(.causedDamage)]))
        == "The intruder then covered tracks, gained higher privileges, and caused damage.")
  }

  @Test("Text is broken for drawings by its width, and a word longer than a line is cut")
  func wrapping() {
    #expect(TextWrap.lines("one two three", width: 7, limit: 3) == ["one two", "three"])
    #expect(TextWrap.lines("aaaaaaaaaa", width: 4, limit: 3) == ["aaaa", "aaaa", "aa"])
    #expect(TextWrap.lines("a b c d e f", width: 1, limit: 2).count == 2)
    #expect(TextWrap.lines("가나다라", width: 4, limit: 3) == ["가나", "다라"])
    #expect(TextWrap.lines("", width: 4, limit: 3).isEmpty)
    #expect(TextWrap.lines("가", width: 1, limit: 1) == ["가"])
  }
}
