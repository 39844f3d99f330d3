import Bytes
import Testing

struct JSONViewTests {
  @Test func findsMembersAndUndoesEscapes() {
    let text = #" {"a": {"b": [1, "zwei\n\u00e9\ud83d\ude00", null, true]}, "n": -12, "s": "34"} tail"#
    text.withView { view in
      let json = JSONView(view)
      let list = json.at("a", "b")?.elements ?? []
      #expect(list.count == 4)
      #expect(list[1].string == "zwei\n\u{e9}\u{1F600}")
      #expect(list[2].kind == .null && list[3].bool == true)
      #expect(json["n"]?.integer == -12 && json["s"]?.integer == 34)
      #expect(json["absent"] == nil)
    }
  }

  @Test(arguments: [
    "", "{", "[", "\"", "{\"a\"", "{\"a\":", "{\"a\":}", "{1:2}", "[1,", "[\"\\", "{\"a\":\"\\u12", "nul", "\u{0}", "}",
    String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 5000), "\"\\\\\\\"",
  ])
  func brokenTextAnswersNothingAndNeverTraps(_ text: String) {
    text.withView { view in
      let json = JSONView(view)
      _ = json.string
      _ = json.integer
      _ = json["a"]?.text
      var members = 0
      json.forEachMember { _, _ in
        members += 1
        return true
      }
      #expect(members <= 1)
      #expect(json.elements.count <= 2)
    }
  }

  @Test func loneSurrogatesBecomeReplacementCharacters() {
    #"["\ud800","\udc00x"]"#.withView { view in
      #expect(JSONView(view).elements.map { $0.string ?? "" } == ["\u{FFFD}", "\u{FFFD}x"])
    }
  }

  @Test func whatIsWrittenIsRead() {
    let hostile = "a\"\\\n\r\t\u{1B}[2J\u{7F}\u{85}\u{2028}</script>\u{1F600}"
    var out = JSONWriter()
    out.object { out in
      out.field("text", hostile)
      out.field("list", [hostile, ""])
      out.field("n", Int64.min)
    }
    out.bytes.withView { view in
      #expect(JSONView(view)["text"]?.string == hostile)
      #expect(JSONView(view)["list"]?.elements.first?.string == hostile)
      #expect(JSONView(view)["n"]?.integer == .min)
    }
    // Nothing that a terminal obeys is left in the text.
    #expect(!out.bytes.contains { $0 < 0x20 || $0 == 0x7F })
    #expect(!String(decoding: out.bytes, as: UTF8.self).unicodeScalars.contains { $0 == "\u{85}" || $0 == "\u{2028}" })
  }

  /// Eight bytes at once find what a plain search finds, wherever it stands and whatever stands around it.
  @Test func quotesAreFoundAsByAPlainSearch() {
    var random = SystemRandomNumberGenerator()
    let around: [UInt8] = [0x21, 0x22, 0x23, 0xA2, 0xA3, 0x00, 0x80, 0xFF, 0x61, 0x5C]
    for length in 0..<90 {
      for rarity in [1, 4, 40] {
        let bytes = (0..<length).map { _ in
          Int.random(in: 0..<rarity, using: &random) == 0 ? around.randomElement(using: &random) ?? 0 : 0xA2
        }
        for start in [0, 1, 7, length / 2, length, length + 3] {
          let plain = bytes.indices.first { $0 >= start && bytes[$0] == 0x22 }
          #expect(bytes.withView { JSONView.quote(in: $0, from: start) } == plain, "\(bytes) from \(start)")
        }
      }
    }
  }
}
