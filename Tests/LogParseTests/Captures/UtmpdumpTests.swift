import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct UtmpdumpTests {
  private func row(_ type: Int, _ user: String, _ line: String, _ time: String, host: String = "203.0.113.9") -> String
  {
    "[\(type)] [01234] [ts/0] [\(user)     ] [\(line)       ] [\(host)         ] [203.0.113.9    ] [\(time)]\n"
  }

  @Test func sessions() throws {
    let dump = try EventDump(
      "Utmp dump of /var/log/wtmp\n"
        + "[2] [00000] [~~  ] [reboot  ] [~           ] [5.15.0-1031-aws     ] [0.0.0.0        ] [2026-11-25T05:20:00,000000+00:00]\n"
        + row(7, "ops", "pts/0", "2026-11-25T05:21:40,123456+00:00")
        + row(8, "", "pts/0", "2026-11-25T05:22:40,000000+00:00") + row(0, "x", "", "1970-01-01T00:00:00,000000+00:00"),
      path: "utmpdump.txt")
    #expect(dump.format == "capture.utmpdump" && dump.coverages.map(\.state) == [.parsed])
    #expect(dump.events.map(\.dataType) == ["linux:host:boot", "linux:login:session", "linux:login:session"])
    #expect(dump.events.map { $0.text("user") } == [nil, "ops", "ops"])
    #expect(dump.events[1].time?.description == "2026-11-25T05:21:40.123456Z")
    #expect(dump.events[1].text("remote_address") == "203.0.113.9" && dump.events[2].timeMeaning == .logout)
  }

  @Test func olderTimesHaveAZone() throws {
    let dump = try EventDump(row(7, "ops", "pts/0", "Wed Nov 25 14:21:40 2026 KST"), path: "x.txt")
    #expect(dump.events.first?.time?.description == "2026-11-25T05:21:40Z")
  }

  @Test func failuresAndNamesWithBrackets() throws {
    let dump = try EventDump(
      "Utmp dump of /var/log/btmp\n" + row(6, "a] [b", "ssh:notty", "2026-11-25T05:21:40,000000+00:00"), path: "x.txt")
    #expect(dump.events.map(\.dataType) == ["linux:login:failure"] && dump.events.first?.text("user") == "a] [b")
  }

  @Test(arguments: [
    "[7] [01234] [ts/0]\n", "[7] note\n", "[x] [1] [a] [b] [c] [d] [e] [f]\n", "[7] [1] [a] [b] [c] [d] [e] [f]\n",
  ])
  func whatIsNone(_ text: String) {
    #expect(EventDump.recognize(Array(text.utf8), path: "x.txt")?.name != "capture.utmpdump")
  }
}
