import Bytes
import Testing

@Suite struct JSONWriterTests {
  private func written(_ text: String) -> String {
    var out = JSONWriter()
    out.value(text)
    return String(decoding: out.bytes, as: UTF8.self)
  }

  /// What is escaped must be, wherever in a run of sixteen plain bytes it stands.
  @Test func everyPlaceOfAnEscapeIsFound() {
    let special: [(String, String)] = [
      ("\"", "\\\""), ("\\", "\\\\"), ("\n", "\\n"), ("\u{0}", "\\u0000"), ("\u{1F}", "\\u001f"), ("\u{7F}", "\\u007f"),
      ("\u{85}", "\\u0085"), ("\u{2028}", "\\u2028"), ("é", "é"), ("\u{A0}", "\u{A0}"), ("한", "한"),
    ]
    for (raw, escaped) in special {
      for before in 0..<36 {
        for after in 0..<20 {
          let front = String(repeating: "a", count: before)
          let back = String(repeating: "~", count: after)
          #expect(written(front + raw + back) == "\"" + front + escaped + back + "\"")
        }
      }
    }
  }

  @Test func allPlainBytesStayAsTheyAre() {
    for byte in UInt8(0x20)..<0x7F where byte != 0x22 && byte != 0x5C {
      let text = String(repeating: String(decoding: [byte], as: UTF8.self), count: 19)
      #expect(written(text) == "\"\(text)\"")
    }
  }

  /// Many of them, close together, after texts that were longer: each makes room for itself.
  @Test func textsOfAnyMixtureAreReadBack() {
    let pieces = ["\"", "\\", "a", "plain text of some length", "\n", "\u{7F}", "é", "\u{2028}", "한국어", "\\\"", "{}"]
    var seed: UInt64 = 7
    func random(_ limit: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(truncatingIfNeeded: seed >> 33) % limit
    }
    var out = JSONWriter()
    for _ in 0..<3000 {
      let text = (0..<random(40)).map { _ in pieces[random(pieces.count)] }.joined()
      out.removeAll()
      out.value(text)
      let bytes = out.bytes
      #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
      #expect(bytes.withView { JSONView($0).string } == text)
      #expect(bytes.withView { JSONView($0).bytes.count } == bytes.count)
    }
  }

  @Test func twoTextsAreOneValue() {
    var out = JSONWriter()
    out.array { out in
      out.value("user:", "o\"ps")
      out.value("", "")
    }
    #expect(String(decoding: out.bytes, as: UTF8.self) == "[\"user:o\\\"ps\",\"\"]")
  }
}
