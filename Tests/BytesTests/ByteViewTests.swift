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

  /// Every length, every place, and what stands in front and behind.
  @Test func theLastOfSeveralIsFound() {
    for length in 0..<70 {
      for place in 0..<max(length - 5, 1) {
        let text = String(repeating: " ", count: place) + " from " + String(repeating: "f ", count: length / 2)
        text.withView { #expect($0.lastIndex(of: " from ") == place) }
        (" from " + text).withView { #expect($0.lastIndex(of: " from ") == place + 6) }
      }
      String(repeating: " f", count: length).withView { #expect($0.lastIndex(of: " from ") == nil) }
    }
    " from".withView { #expect($0.lastIndex(of: " from ") == nil) }
    ByteView(UnsafeRawBufferPointer(start: nil, count: 0)).expectNothingLast()
  }

  @Test func shortNumbersAreReadAsWhole() {
    for (text, number) in [
      ("0       ", 0), ("7]: abcd", 7), ("22 ssh2 ", 22), ("65535\n..", 65535), ("1234567:", 1_234_567),
      ("007-----", 7),
    ] as [(String, Int64)] {
      let found = text.withView { $0.shortNumber(at: 0) }
      #expect(found?.number == number && found?.count == text.prefix { $0.isNumber }.count, "\(text)")
      #expect(("[" + text).withView { $0.shortNumber(at: 1) }?.number == number)
    }
    // None, too many, and too near the end for eight bytes.
    for text in ["/1234567", ":1234567", "12345678", "1234567", "", "\u{B1}1234567"] {
      #expect(text.withView { $0.shortNumber(at: 0) } == nil, "\(text)")
    }
    #expect("1234567 ".withView { $0.shortNumber(at: -1) } == nil)
  }

  /// Held against what four numbers with dots between are.
  @Test func addressesAreFourNumbersUnder256() {
    func isAddress(_ text: String) -> Bool {
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      return parts.count == 4
        && parts.allSatisfy {
          (1...3).contains($0.utf8.count) && $0.allSatisfy(\.isWholeNumber) && (Int($0) ?? 999) < 256
        }
    }
    let numbers = [
      "", "0", "9", "10", "99", "100", "199", "200", "249", "255", "256", "300", "999", "1000", "a", "01", "-1",
    ]
    for first in numbers {
      for second in numbers {
        for last in numbers {
          for text in ["\(first).\(second).7.\(last)", "\(first).\(second).\(last)", "1.\(first).\(second)5.\(last)"] {
            #expect(text.withView { $0.isDottedAddress } == isAddress(text), "\(text)")
          }
        }
      }
    }
    for text in ["1.2.3.4.", ".1.2.3.4", "1..2.3", "1.2.3.4.5", "1/2.3.4", "1:2.3.4.5", "1.2.3.4\u{0}", "١.2.3.4"] {
      #expect(text.withView { $0.isDottedAddress } == false, "\(text)")
    }
  }
}

extension ByteView {
  fileprivate func expectNothingLast() {
    #expect(lastIndex(of: " from ") == nil && shortNumber(at: 0) == nil && !isDottedAddress)
  }
}
