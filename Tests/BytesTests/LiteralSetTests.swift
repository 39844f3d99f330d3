import Testing

@testable import Bytes

@Suite struct LiteralSetTests {
  private func matches(_ set: LiteralSet, _ text: [UInt8]) -> [[Int]] {
    var found: [[Int]] = []
    text.withView { view in
      set.forEachMatch(in: view) { place, literal in
        found.append([place, literal])
        return place + 1
      }
    }
    return found
  }

  /// The plain way to the same answer.
  private func expected(_ literals: [String], _ text: [UInt8]) -> [[Int]] {
    var found: [[Int]] = []
    for place in text.indices {
      for (index, literal) in literals.enumerated() where text[place...].starts(with: literal.utf8) {
        found.append([place, index])
        break
      }
    }
    return found
  }

  @Test func findsWhatAPlainSearchFinds() {
    let set = LiteralSet(exact: ["${", "/dev/tcp/", "%24", "base64", "nc "])
    let literals = ["${", "/dev/tcp/", "%24", "base64", "nc "]
    var state: UInt64 = 7
    var text: [UInt8] = []
    while text.count < 5000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1
      // Pieces of literals at every distance from each other and from steps of 16.
      let piece = literals[Int(state >> 33) % literals.count]
      text += piece.utf8.prefix(Int(state >> 40) % 11)
      text.append(UInt8(truncatingIfNeeded: state >> 50))
    }
    #expect(matches(set, text) == expected(literals, text))
  }

  @Test(arguments: 0..<40) func findsALiteralAtTheVeryEnd(length: Int) {
    let set = LiteralSet(exact: ["${", "abc"])
    #expect(matches(set, [UInt8](repeating: 0x20, count: length) + Array("${".utf8)) == [[length, 0]])
    #expect(matches(set, [UInt8](repeating: 0x20, count: length) + Array("ab".utf8)) == [])
  }

  @Test func ignoresCaseOnlyWhereAsked() {
    let set = LiteralSet(exact: ["Abc"], ignoringCase: ["%u00"])
    #expect(matches(set, Array("abc Abc %U00 %u00".utf8)) == [[4, 0], [8, 1], [13, 1]])
  }

  @Test func goesOnFromWhereTheBodySays() {
    let set = LiteralSet(exact: ["ab"])
    var places: [Int] = []
    [UInt8](String(repeating: "ab", count: 4000).utf8).withView { view in
      set.forEachMatch(in: view) { place, _ in
        places.append(place)
        return place + 3001
      }
    }
    #expect(places == [0, 3002, 6004])
  }

  @Test func nothingInNothing() {
    #expect(matches(LiteralSet(exact: ["ab"]), []) == [])
    #expect(matches(LiteralSet(exact: []), Array("ab".utf8)) == [])
  }
}
