import Bytes
import Evidence
import Testing

@testable import LogParse

/// What journalctl prints for people.
@Suite struct JournalTextTests {
  private func name(_ text: String) -> String? { EventDump.recognize(Array(text.utf8), path: "x.txt")?.name }

  private static let header = "Wed 2026-11-25 14:18:27.500000 KST [s=91;i=6;t=66112f4f88fe0]"

  @Test func theCursorsTimeIsTheJournalsOwn() throws {
    let dump = try EventDump("\(Self.header)\n    MESSAGE=a\n", path: "x.txt")
    #expect(dump.format == "linux.journal_verbose")
    #expect(dump.events.first?.time == Timestamp(nanoseconds: 0x66112f4f88fe0 * 1000, precision: .microsecond))
    let plain = try EventDump(
      "Wed 2026-11-25 14:18:27 CST [s=91;i=6]\n    MESSAGE=a\n", path: "x.txt", zone: .inferred(480))
    #expect(plain.events.first?.time?.description == "2026-11-25T06:18:27Z")
    #expect(plain.events.first?.time?.zone == .inferred(480))
  }

  @Test func aValueGoesOnWhereItIsIndented() throws {
    let dump = try EventDump(
      "\(Self.header)\n    MESSAGE=a\n            PRIORITY=1\n    PRIORITY=5\n\(Self.header)\n    MESSAGE=b\n",
      path: "x.txt")
    #expect(dump.events.map { $0.text("text") } == ["a\nPRIORITY=1", "b"])
    #expect(dump.events.map { $0.integer("severity") } == [5, nil])
    #expect(dump.coverages.map(\.state) == [.parsed])
  }

  @Test func aFileThatBeginsOrEndsWithinAnEntry() throws {
    let text = "    MESSAGE=rest\n    _HOSTNAME=web-1\n\(Self.header)\n    MESS"
    let dump = try EventDump(text, path: "x.txt", format: JournalVerboseFormat())
    #expect(dump.events.map { $0.text("text") } == ["rest", nil])
    #expect(dump.coverages.last?.state == .skipped)
    #expect(HostileInputTests.isWhole(dump, text.utf8.count))
  }

  @Test func nearlyVerbose() {
    #expect(name("\(Self.header)\nMESSAGE=a\n") == nil)
    #expect(name("Wed 2026-11-25 14:18:27 KST [x]\n    MESSAGE=a\n") == nil)
    #expect(name("Foo 2026-11-25 14:18:27 KST [s=1]\n    MESSAGE=a\n") == nil)
  }

  @Test func whatDoesNotEndIsCut() throws {
    let line = "            " + String(repeating: "a", count: 1000) + "\n"
    let dump = try EventDump("\(Self.header)\n    MESSAGE=a\n" + String(repeating: line, count: 1000), path: "x.txt")
    #expect(dump.events.count == 1)
    #expect((dump.events.first?.text("text")?.utf8.count ?? 0) <= JournalEntry.valueLimit)
  }

  @Test func timesOfTheShortFormats() throws {
    let text = """
      Wed 2026-11-25 14:18:20 KST web-1 app[7]: a
      1795583900.000100 web-1 app[7]: b
      2026-11-25T14:18:20.000100+0900 web-1 app[7]: c
      Nov 25 05:18:20.000100 web-1 app[7]: d
      Wed 2026-11-25 14:18:20 KST
      Wed 2026-13-25 14:18:20 KST web-1 app[7]: no such month
      99999999999.0000 web-1 app[7]: not these seconds
      """
    let dump = try EventDump(text, path: "x.txt", format: SyslogFormat())
    #expect(
      dump.events.compactMap { $0.time?.nanoseconds }
        == [0, 100_000, 100_000, 100_000].map { $0 + 1_795_583_900_000_000_000 })
    #expect(dump.events.map { $0.text("text") ?? "" }.prefix(4) == ["a", "b", "c", "d"])
    #expect(dump.events.first?.time?.zone == .stated(540))
  }

  @Test func numbersInFrontOfWordsAreNoLog() {
    #expect(name("1795583900.5 web-1 app\n") == nil)
    #expect(name("1795583900.000100 {\"a\":1}\n") == nil)
  }

  @Test func aUnitTellsWhoSpeaks() throws {
    let dump = try EventDump(
      "Wed 2026-11-25 05:18:20 UTC web-1 sshd@4-10.1.0.5:22-203.0.113.9:4000.service[9]: Invalid user x from 203.0.113.9 port 4000\n"
        + "Wed 2026-11-25 05:18:21 UTC web-1 session-3.scope[9]: a : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=y\n"
        + "Wed 2026-11-25 05:18:21 UTC web-1 app[9]: a : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=y\n", path: "x.txt")
    #expect(dump.events.map { $0.text("action") } == ["login_failed", "sudo", nil])
    #expect(dump.events.map { $0.text("unit") != nil } == [true, true, false])
  }

  @Test func whatTheJournalHasOfAField() throws {
    func event(_ members: String) throws -> Event? {
      try EventDump("{\(members)}\n", path: "journal.json").events.first
    }
    // A field that was given more than once is a list, and some exporters write times as numbers.
    let twice = try event(#""__REALTIME_TIMESTAMP":1795584012123456,"MESSAGE":["one",null,"two"],"_HOSTNAME":"web-1""#)
    #expect(twice?.text("text") == "one\ntwo" && twice?.time?.description == "2026-11-25T05:20:12.123456Z")
    let bytes = try event(#""__REALTIME_TIMESTAMP":"1795584012123456","MESSAGE":[104,105]"#)
    #expect(bytes?.text("text") == "hi")
    let audit = try event(
      #""__REALTIME_TIMESTAMP":"1795584012123456","_TRANSPORT":"audit","_AUDIT_ID":"77","MESSAGE":"EXECVE argc=1 a0=\"id\"""#
    )
    #expect(audit?.integer("serial") == 77 && audit?.text("command_line") == "id")
    let unit = try event(
      #""__REALTIME_TIMESTAMP":"1795584012123456","SYSLOG_IDENTIFIER":"systemd","_SYSTEMD_UNIT":"init.scope","UNIT":"x.service","#
        + #""MESSAGE":"Started x.""#)
    #expect(unit?.text("unit") == "x.service")
    let other = try event(
      #""__REALTIME_TIMESTAMP":"1795584012123456","SYSLOG_IDENTIFIER":"a","_SYSTEMD_UNIT":"a.service","UNIT":"x.service","#
        + #""MESSAGE":"m""#)
    #expect(other?.text("unit") == "a.service")
    let kernel = try event(
      #""__REALTIME_TIMESTAMP":"1795584012123456","_TRANSPORT":"kernel","PRIORITY":"4","MESSAGE":"m""#)
    #expect(kernel?.integer("facility") == 0 && kernel?.integer("severity") == 4)
  }

  @Test func recordsBehindASeparator() throws {
    let record = #"{"__REALTIME_TIMESTAMP":"1795584012123456","MESSAGE":"m"}"#
    let dump = try EventDump("\u{1E}\(record)\n\u{1E}\(record)\n", path: "journal.json")
    #expect(dump.format == "linux.journal_json" && dump.events.count == 2 && dump.coverages.map(\.state) == [.parsed])
    #expect(EventDump.recognize(Array("\u{1E}m\n".utf8), path: "x.json") == nil)
  }
}
