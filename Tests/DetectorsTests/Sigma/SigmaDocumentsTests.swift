import Evidence
import Foundation
import Testing

@testable import Detectors

/// Rule files as they come: encodings, aliases, collections of older rules.
struct SigmaDocumentsTests {
  private let plain = nativeRule("s:\n  a: caf\u{E9}")
  private let hit = [event(["a": .text("caf\u{E9}")])]

  private func load(_ bytes: [UInt8]) -> (SigmaRules, [RuleDiagnostic]) { SigmaRules.load([("r.yml", bytes)]) }

  @Test func marksInFrontAreNoPartOfTheText() throws {
    let files: [[UInt8]] = [
      Array(plain.utf8), [0xEF, 0xBB, 0xBF] + Array(plain.utf8),
      [0xFF, 0xFE] + plain.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] },
    ]
    for bytes in files {
      let (rules, diagnostics) = load(bytes)
      #expect(diagnostics.isEmpty && titles(rules, hit) == ["T"], "\(bytes.prefix(4)): \(diagnostics)")
    }
  }

  @Test func textOfAnotherEncodingIsRefusedWithItsLine() {
    let (rules, diagnostics) = load(
      Array(plain.replacingOccurrences(of: "\u{E9}", with: "?").utf8).map { $0 == 0x3F ? 0xE9 : $0 })
    #expect(rules.count == 0 && diagnostics.map(\.level) == [.error])
    #expect(diagnostics.first?.line == 6 && diagnostics.first?.message.contains("UTF-8") == true, "\(diagnostics)")
  }

  @Test func aControlCharacterIsToldWithItsLine() {
    let (_, diagnostics) = load(Array("title: T\nlevel: low\nauthor: a\u{7}b\n".utf8))
    #expect(diagnostics.map(\.line) == [3], "\(diagnostics)")
  }

  @Test(arguments: [
    "title: [unclosed", "title: \"unclosed", "title: x\n\tlevel: low", "a: b: c", "- a\nb: c", "title: 'x",
  ])
  func aBrokenDocumentCostsNoOther(_ broken: String) {
    func rule(_ title: String) -> String {
      nativeRule("s:\n  a: 1").replacingOccurrences(of: "title: T", with: "title: \(title)")
    }
    let (rules, diagnostics) = load(
      Array(
        [rule("one"), broken + "\n", rule("two"), broken + "\n", rule("three") + "level: extreme\n"].joined(
          separator: "---\n"
        ).utf8))
    #expect(titles(rules, [event(["a": .text("1")])]) == ["one", "two"], "\(diagnostics)")
    // The last is told with its own line: seven are a rule's, and a line parts two.
    let lines = broken.split(separator: "\n").count
    #expect(diagnostics.last?.line == 7 + 1 + lines + 1 + 7 + 1 + lines + 1 + 8, "\(diagnostics)")
  }

  @Test func membersOfAnotherMappingAreBroughtIn() {
    func told(_ parts: String, _ attributes: [String: Value]) -> Bool {
      let (rules, diagnostics) = load(Array(nativeRule(parts, condition: "s").utf8))
      #expect(diagnostics.isEmpty, "\(diagnostics)")
      return !titles(rules, [event(attributes)]).isEmpty
    }
    let one = "x: &x\n  a: 1\n  b: 2\ns:\n  <<: *x\n  b: 3"
    #expect(told(one, ["a": .text("1"), "b": .text("3")]))
    #expect(!told(one, ["a": .text("1"), "b": .text("2")]) && !told(one, ["b": .text("3")]))
    let two = "x: &x {a: 1}\ny: &y {a: 2, b: 2}\ns:\n  <<: [*x, *y]\n  c: 3"
    #expect(told(two, ["a": .text("1"), "b": .text("2"), "c": .text("3")]))
    #expect(!told(two, ["a": .text("2"), "b": .text("2"), "c": .text("3")]))
    // In quotes it is a field's name, and what is no mapping is brought in nowhere.
    #expect(told("s:\n  '<<': 1", ["<<": .text("1")]))
    #expect(told("s:\n  <<: 1", ["<<": .text("1")]))
  }

  @Test func aliasesAsKeysDoNotHoldUpTheParser() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      text += "a\(level): &a\(level) [" + (0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ", ") + "]\n"
    }
    let (rules, diagnostics) = load(Array((text + "? *a12\n: 1\n").utf8))
    #expect(rules.count == 0 && diagnostics.count == 1 && (diagnostics.first?.line ?? 0) > 4, "\(diagnostics)")
    // A few are what they are for.
    let (few, none) = load(Array(nativeRule("s: &one\n  a: 1\nt: *one", condition: "s and t").utf8))
    #expect(none.isEmpty && titles(few, [event(["a": .text("1")])]) == ["T"])
  }

  @Test func documentsThatAreNoMappingsAreTold() {
    let (rules, diagnostics) = load(Array((plain + "---\n- a\n- b\n---\n").utf8))
    #expect(rules.count == 1)
    #expect(diagnostics.map(\.level) == [.error] && diagnostics.first?.message.contains("mapping") == true)
  }

  @Test func collectionsShareWhatIsGlobal() {
    let text = """
      action: global
      title: Shared
      logsource:
        product: ir-analyze
      detection:
        condition: s
      ---
      title: One
      detection:
        s:
          a: 1
      ---
      action: repeat
      title: Two
      detection:
        s:
          a: 2
      ---
      action: reset
      ---
      title: Alone
      logsource:
        product: ir-analyze
      detection:
        s:
          a: 3
        condition: s
      """
    let (rules, diagnostics) = load(Array(text.utf8))
    #expect(diagnostics.isEmpty, "\(diagnostics)")
    for (value, title) in [("1", "One"), ("2", "Two"), ("3", "Alone")] {
      #expect(titles(rules, [event(["a": .text(value)])]) == [title])
    }
    // After the reset nothing is shared.
    #expect(
      load(
        Array(
          text.replacingOccurrences(
            of: "  product: ir-analyze\ndetection:\n  s:\n    a: 3", with: "detection:\n  s:\n    a: 3"
          ).utf8)
      ).1.count == 1)
  }
}
