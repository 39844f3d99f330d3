import Bytes
import Testing

struct ByteNumbersTests {
  private func number(_ numbers: inout ByteNumbers, _ text: String) -> UInt32? {
    text.withView { numbers.number(of: $0) }
  }

  @Test func theSameRunHasTheSameNumber() {
    var numbers = ByteNumbers()
    let words = ["", "a", "b", "ab", "abcdefgh", "abcdefghi", "\0", "\0\0", "abcdefgh\0"]
    for round in 0..<2 {
      for (place, word) in words.enumerated() {
        #expect(number(&numbers, word) == UInt32(place), "\(round) \(word.debugDescription)")
      }
    }
    #expect(numbers.count == words.count)
    for (place, word) in words.enumerated() { #expect(numbers.withRun(UInt32(place)) { $0.string } == word) }
    #expect(numbers.withRun(UInt32(words.count)) { $0.count } == 0)
    #expect(numbers.withRun(.max) { $0.count } == 0)
  }

  @Test func manyRunsKeepTheirNumbers() throws {
    var numbers = ByteNumbers()
    var known: [String: UInt32] = [:]
    var state: UInt64 = 7
    for _ in 0..<200_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let text = String(repeating: "x", count: Int(state >> 60)) + String(state >> 44)
      let number = try #require(number(&numbers, text))
      if let expected = known[text] {
        #expect(number == expected)
      } else {
        #expect(Int(number) == known.count)
        known[text] = number
      }
    }
    #expect(numbers.count == known.count)
    for (text, number) in known where number % 997 == 0 {
      #expect(numbers.withRun(number) { $0.string } == text)
    }
  }
}
