import Bytes
import Testing

struct ByteViewTests {
  @Test func readsOutsideGiveZeroAndSlicesClamp() {
    "abc".withView { view in
      #expect(view[-1] == 0 && view[3] == 0 && view[.max] == 0)
      #expect(view.slice(1, 99).string == "bc")
      #expect(view.slice(-5, 2).string == "ab")
      #expect(view.slice(2, 1).isEmpty)
      #expect(view.slice(.max, .min).isEmpty)
      #expect(view.dropLast(99).isEmpty)
    }
  }

  @Test func anEmptyViewAnswersEverything() {
    let view = ByteView(UnsafeRawBufferPointer(start: nil, count: 0))
    #expect(view.firstIndex(of: 0) == nil)
    #expect(view.trimmed.isEmpty)
    #expect(view.words().isEmpty)
    #expect(view.integer == nil)
    #expect(view.u32(0) == nil)
    #expect(view.string == "")
    #expect(view.hasPrefix(""))
  }

  @Test(
    arguments: [
      ("0", 0), ("-1", -1), ("+7", 7), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
    ] as [(String, Int64)])
  func readsNumbers(_ text: String, _ number: Int64) {
    #expect(text.withView { $0.integer } == number)
  }

  @Test(arguments: ["", "-", "+", "1x", " 1", "9223372036854775808", "-9223372036854775809", "99999999999999999999"])
  func refusesWhatIsNoNumberOrDoesNotFit(_ text: String) {
    #expect(text.withView { $0.integer } == nil)
  }

  @Test func hexadecimalIsBounded() {
    #expect("0xffffffffffffffff".withView { $0.hexadecimal } == .max)
    #expect("1ffffffffffffffff".withView { $0.hexadecimal } == nil)
    #expect("0x".withView { $0.hexadecimal } == nil)
    #expect("fg".withView { $0.hexadecimal } == nil)
  }

  @Test func littleEndianLoadsStopAtTheEnd() {
    [1, 2, 3, 4, 5].withView { view in
      #expect(view.u32(1) == 0x0504_0302)
      #expect(view.u32(2) == nil)
      #expect(view.u32(-1) == nil)
      #expect(view.u64(.max) == nil)
    }
  }

  @Test func splitsIntoPartsAndWords() {
    "a,,b".withView { #expect($0.split(0x2C).map(\.string) == ["a", "", "b"]) }
    "  one two   three four ".withView { view in
      #expect(view.words().map(\.string) == ["one", "two", "three", "four"])
      #expect(view.words(limit: 2).map(\.string) == ["one", "two   three four"])
    }
  }
}
