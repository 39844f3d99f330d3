import Bytes
import Evidence
import TestSupport
import Testing

@testable import LogParse

/// Logs whose lines end in a carriage return alone.
@Suite struct LineEndTests {
  private static let lines = [
    "Nov 25 05:20:12 web-1 sshd[392]: Accepted publickey for ops from 10.1.0.9 port 50010 ssh2",
    "Nov 25 05:20:13 web-1 sshd[392]: pam_unix(sshd:session): session opened for user ops(uid=1000) by (uid=0)",
  ]

  private func read(_ text: String) throws -> (name: String?, events: [Event], coverages: [Coverage]) {
    let bytes = Array(text.utf8)
    let format = EventDump.recognize(bytes, path: "auth.log")
    let sink = CollectingSink()
    try format?.parse(
      LineEndStream(MemoryStream(bytes)), ParseContext(path: "auth.log", collected: EventDump.collected), into: sink)
    return (format?.name, sink.events, sink.coverages)
  }

  @Test func aSerialConsolesLogIsReadLineByLine() throws {
    let old = try read(Self.lines.joined(separator: "\r") + "\r")
    let usual = try read(Self.lines.joined(separator: "\n") + "\n")
    #expect(old.name == "linux.syslog" && old.events == usual.events && old.events.count == 2)
    #expect(old.coverages == usual.coverages && old.events.map { $0.locator.line } == [1, 2])
  }

  @Test func returnsInOtherTextsStay() throws {
    for text in ["a\rb\nc\rd", "a\r\nb\r\n", "a\r\u{0}b\r", "ab", ""] {
      #expect(try LineEndStream(MemoryStream(Array(text.utf8))).readFront(100) == Array(text.utf8))
    }
    let late = String(repeating: "a\r", count: 40_000) + "b\nc\rd"
    let bytes = try LineEndStream(MemoryStream(Array(late.utf8))).readFront(1 << 18)
    #expect(bytes.count == late.utf8.count && bytes.suffix(6) == Array("\nb\nc\rd".utf8)[...])
    #expect(bytes.prefix(80_000).allSatisfy { $0 != 0x0D })
  }
}
