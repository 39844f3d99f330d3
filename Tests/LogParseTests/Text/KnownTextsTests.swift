import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct KnownTextsTests {
  @Test func whateverCameBeforeATextIsItsOwn() {
    var known = KnownTexts()
    // The same length, beginning, middle and end: one place for all.
    let alike = (0..<50).map { number in
      "arn:aws:\(String(repeating: "a", count: number))X\(String(repeating: "a", count: 50 - number))middle12\(String(repeating: "z", count: 59))"
    }
    for _ in 0..<2 {
      for text in alike + ["", "short", String(repeating: "long", count: 200), "Ünïcödé in its sixteen bytes"] {
        #expect(text.withView { known.text($0) } == text)
      }
    }
    let broken: [UInt8] = Array("not whole: ".utf8) + [0xFF, 0xC3] + Array(" utf-8".utf8)
    for _ in 0..<2 { #expect(broken.withView { known.text($0) } == String(decoding: broken, as: UTF8.self)) }
  }

  @Test func escapesAreUndoneAndNothingGivesNothing() {
    var known = KnownTexts()
    let text = Array(
      #"{"a":"sixteen and \u0041 more","b":"","c":null,"d":{"e":1},"f":"plain text of some length"}"#.utf8)
    text.withView { view in
      let json = JSONView(view)
      for _ in 0..<2 {
        #expect(json["a"]?.kept(&known) == "sixteen and A more")
        #expect(json["b"]?.kept(&known) == nil)
        #expect(json["c"]?.kept(&known) == nil)
        #expect(json["d"]?.kept(&known) == #"{"e":1}"#)
        #expect(json["f"]?.kept(&known) == "plain text of some length")
      }
    }
  }

  @Test func identitiesAreToldApartByEveryByte() {
    var known = KnownIdentities()
    for round in 0..<2 {
      for number in 0..<3000 {
        let text = Array(#"{"type":"IAMUser","userName":"user-\#(number)","accountId":"111122223333"}"#.utf8)
        text.withView { view in
          let who = known.known(JSONView(view), JSONFingerprint())
          #expect(who.words == "user user-\(number)", "round \(round)")
          #expect(who.entities == [Entity(.user, "user-\(number)"), Entity(.account, "111122223333")])
        }
      }
    }
    #expect(known.known(nil, JSONFingerprint()).words == "somebody unnamed")
  }
}
