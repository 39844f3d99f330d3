import Evidence
import Testing

@testable import Detectors

struct RuleFingerprintTests {
  private func prints(_ text: String, included: [String] = []) -> [String: Digest] {
    let file = YaraSource(path: "a.yar", text: Array(text.utf8))
    return Dictionary(
      file.fingerprints(included: included).map { ($0.rule, $0.digest) }, uniquingKeysWith: { first, _ in first })
  }

  private let base = """
    import "elf"
    private rule helper { condition: filesize > 3 }
    rule user { condition: helper }
    rule alone { condition: true }
    rule sum { condition: any of (hel*) }
    """

  @Test func commentsChangeNothing() {
    #expect(prints(base) == prints("/* x */" + base.split(separator: "\n").joined(separator: " // y\n\n\t")))
  }

  @Test func aChangeReachesExactlyWhatRefersToIt() {
    let before = prints(base)
    let after = prints(
      base.split(separator: "\n").map {
        $0 == "private rule helper { condition: filesize > 3 }"
          ? "private rule helper { condition: filesize > 4 }" : String($0)
      }.joined(separator: "\n"))
    let changed = before.keys.filter { before[$0] != after[$0] }.sorted()
    #expect(changed == ["yara:a.yar:helper", "yara:a.yar:sum", "yara:a.yar:user"])
  }

  @Test func globalRulesImportsAndIncludesReachAll() {
    let before = prints(base)
    for other in [
      prints("global rule g { condition: true }\n" + base), prints("import \"math\"\n" + base),
      prints(base, included: ["x"]),
    ] {
      #expect(before.allSatisfy { other[$0.key] != $0.value })
    }
  }

  @Test func listsAreNotTexts() {
    #expect(RuleFingerprint.digest(["ab", "c"]) != RuleFingerprint.digest(["a", "bc"]))
    #expect(RuleFingerprint.digest([]) != RuleFingerprint.digest([""]))
  }
}
