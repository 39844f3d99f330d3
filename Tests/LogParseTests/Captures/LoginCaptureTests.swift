import Bytes
import Evidence
import Testing

@testable import LogParse

/// who, w and last: what is one of their rows, and of which year.
@Suite struct LoginCaptureTests {
  private func name(_ text: String, _ path: String = "x.txt") -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  @Test(arguments: [
    "Wed Nov 25 05:20:13 2026 [pid 2] [ops] FAIL LOGIN: Client \"203.0.113.9\"\n",
    "Wed Nov 25 05:20:12 2026 1 203.0.113.9 100 /srv/x.tgz b _ o r ops ftp 0 * c\n",
    "Wed Nov 25 05:20:13 2026 203.0.113.9:1194 TLS: Initial packet\n",
    "Wed Nov 25 05:20:12 2026 : Auth: (1) Login OK: [ops] (from client x port 0)\n",
    "2026 Nov 25 05:20:12 web-1 sshd[1]: Accepted password for root from 203.0.113.9 port 22 ssh2\n",
    "nmap-7.92-1.el9.x86_64                        Wed 25 Nov 2026 05:20:12 AM UTC\n",
    "abc  def Nov 25 05:20 notes\n", "abc  def Nov 25 05:20\n", "ops pts/2 Nov 25 05:20 notes\n",
    "ops 2026-11-25 05:20 (203.0.113.9)\n", "           pts/2        2026-11-25 05:22               702\n",
  ])
  func datesThatAreNoLogin(_ text: String) { #expect(name(text) != "capture.who") }

  @Test(arguments: [
    "root     pts/0        Nov 25 05:21 (203.0.113.9)\n", "root     :0           2026-11-25 05:20 (:0)\n",
    "ops      tty1         2026-11-25 05:21\n", "ops      + pts/2      2026-11-25 05:21 00:06         435 (10.1.0.9)\n",
    "jan      pts/0        2026-11-25 05:21 (2001:db8::9)\n",
  ])
  func logins(_ text: String) { #expect(name(text) == "capture.who") }

  @Test func processesThatEndedAreRowsOfWho() throws {
    let dump = try EventDump(
      "ops      + pts/0        2026-11-25 05:21   .           700 (203.0.113.9)\n"
        + "           pts/2        2026-11-25 05:22               702 id=ts/2  term=0 exit=0\n"
        + "                        2026-11-25 05:20               123 id=si    term=0 exit=0\n", path: "x.txt")
    #expect(dump.format == "capture.who")
    #expect(dump.events.map { $0.text("record") } == [nil, "ended process", "ended process"])
    #expect(dump.events.map { $0.text("tty") } == ["pts/0", "pts/2", nil])
    #expect(dump.events.map { $0.text("user") } == ["ops", nil, nil])
  }

  @Test func aHostMayBeAheadOfUTC() throws {
    let row = "root     pts/0        Nov 25 14:20 (203.0.113.9)\n"
    #expect(try EventDump(row, path: "who.txt").events.first?.time?.description == "2026-11-25T14:20:00Z")
    // Not where the zone is known, and not by two days.
    let stated = try EventDump(row, path: "who.txt", zone: .stated(0)).events.first
    #expect(stated?.time?.description == "2025-11-25T14:20:00Z")
    let later = try EventDump(row.replacing("Nov 25", with: "Nov 27"), path: "who.txt").events.first
    #expect(later?.time?.description == "2025-11-27T14:20:00Z")
    // The new year has begun there.
    let eve = try EventDump(
      row.replacing("Nov 25 14:20", with: "Jan  1 05:20"), path: "who.txt",
      collected: Timestamp(iso8601: "2026-12-31T20:25:00Z"))
    #expect(eve.events.first?.time?.description == "2027-01-01T05:20:00Z")
    let clock = try EventDump(" 14:25:31 up 9 min,  0 users,  load average: 5.00, 2.87, 1.31\n", path: "w.txt")
    #expect(clock.events.first?.time?.description == "2026-11-25T14:25:31Z")
  }

  @Test func aWeekdayTellsTheYear() throws {
    let dump = try EventDump(
      "ops      pts/0        203.0.113.9      Wed Nov 25 14:20   still logged in\n"
        + "ops      pts/0        203.0.113.9      Thu Nov 26 14:20 - crash  (00:10)\n"
        + "ops      pts/0        203.0.113.9      Fri Nov 24 14:20 - 14:30  (00:10)\n", path: "last.txt")
    #expect(
      dump.events.compactMap { $0.time?.description }.prefix(3) == [
        "2026-11-25T14:20:00Z", "2026-11-26T14:20:00Z", "2023-11-24T14:20:00Z",
      ])
  }

  @Test func whoeverTriesToLogInChoosesTheName() throws {
    let dump = try EventDump(
      "foo bar  ssh:notty    203.0.113.9      Wed Nov 25 05:18 - 05:18  (00:00)\n"
        + "         ssh:notty    203.0.113.9      Wed Nov 25 05:17 - 05:17  (00:00)\n"
        + "a b      tty1                          Wed Nov 25 05:16 - 05:16  (00:00)\n"
        + "a name of many words ssh:notty    203.0.113.9      Wed Nov 25 05:15 - 05:15  (00:00)\n"
        + "root     ssh:notty    203.0.113.9      Wed Nov 25 05:14 - 05:14  (00:00)\n", path: "lastb.txt")
    #expect(dump.events.map { $0.text("user") } == ["foo bar", nil, "a b", "a name of many words", "root"])
    #expect(dump.events.map { $0.text("tty") } == ["ssh:notty", "ssh:notty", "tty1", "ssh:notty", "ssh:notty"])
    #expect(
      dump.events.map { $0.text("remote_address") } == [
        "203.0.113.9", "203.0.113.9", nil, "203.0.113.9", "203.0.113.9",
      ])
    // A name cannot make a row the trailer.
    let named = try EventDump(
      "x        begins       203.0.113.9      Wed Nov 25 05:18 - 05:18  (00:00)\n\nbtmp begins Wed Nov 25 05:17:00 2026\n",
      path: "lastb.txt")
    #expect(named.events.count == 1 && named.coverages.map(\.state) == [.parsed])
  }

  @Test func wtmpdbsLastHasADashMore() throws {
    let dump = try EventDump(
      "ops      pts/0                         Wed Nov 25 05:00 - still logged in\n"
        + "reboot   system boot  6.12.43+deb13-am Wed Nov 25 04:00 - still running\n\n"
        + "/var/lib/wtmpdb/wtmp.db begins Mon Nov  2 00:00:00 2026\n", path: "last.txt")
    #expect(dump.events.map { $0.text("record") } == [nil, "boot"])
    #expect(dump.events.first?.text("status") == "still logged in" && dump.events.first?["remote_host"] == nil)
    #expect(dump.coverages.map(\.state) == [.parsed])
  }

  @Test func whoMayAskSystemd() throws {
    let dump = try EventDump(
      "root     tty1         2026-11-25 05:20\n" + "ops      sshd pts/0   2026-11-25 05:21 (203.0.113.9)\n"
        + "ops      + sshd pts/1 2026-11-25 05:22 00:06         435 (203.0.113.9)\n"
        + "ops      seat0        2026-11-25 05:23 (login screen)\n"
        + "ops      pts/2        2026-11-25 05:24 (tmux(900).%0)\n", path: "who.txt")
    #expect(dump.format == "capture.who" && dump.coverages.map(\.state) == [.parsed])
    #expect(dump.events.map { $0.text("tty") } == ["tty1", "pts/0", "pts/1", "seat0", "pts/2"])
    #expect(dump.events.map { $0.text("remote_address") } == [nil, "203.0.113.9", "203.0.113.9", nil, nil])
    #expect(dump.events.allSatisfy { $0["remote_host"] == nil })
    #expect(dump.events.map { $0.text("status") } == [nil, nil, nil, "login screen", "tmux(900).%0"])
    #expect(name("ops      sshd notes 2026-11-25 05:21\n") == nil)
  }

  @Test func anAddressIsNoKernel() throws {
    let row = "reboot   system boot  %      Wed Nov 25 05:00:00 2026 - crash                    (01:00)\n"
    func status(_ kernel: String) throws -> String? {
      try EventDump(row.replacing("%", with: kernel), path: "last.txt").events.first?.text("status")
    }
    #expect(try status("0.0.0.0") == nil && status("6.1.0-9") == "kernel 6.1.0-9")
  }

  @Test func aClockThatWasSetIsARowOfLast() throws {
    let dump = try EventDump(
      """
      ops      pts/1        10.1.0.9         Wed Nov 25 05:20:51 2026   still logged in
      date     new time                      Wed Nov 25 05:20:54 2026
      date     old time     0.0.0.0          Wed Nov 25 05:21:04 2026
      reboot   system boot  6.1.0-50-cloud-a Wed Nov 25 05:10:12 2026   still running

      wtmp begins Wed Nov 25 05:10:12 2026

      """, path: "last_-x.txt")
    #expect(dump.format == "capture.last" && dump.coverages.allSatisfy { $0.state == .parsed })
    #expect(dump.events.map { $0.text("record") } == [nil, "clock change", "clock change", "boot"])
    #expect(dump.events.compactMap { $0.text("status") }.contains("old time"))
    // What a log says with the same words is none.
    #expect(name("date     new time    Wed Nov 25 05:20:54 2026 [warn] x\n") != "capture.last")
  }

  @Test func hostsOfSeveralWords() throws {
    let dump = try EventDump(
      """
      admin    pts/4        10.0.1.50 via mo Wed Nov 25 05:18:44 2026   gone - no logout
      root     pts/7        10.0.1.50 via mosh [921] Wed Nov 25 05:17:44 2026   still logged in
      ops      pts/8        mosh [921]       Wed Nov 25 05:16:44 2026   still logged in
      averyveryverylongusername pts/2        2001:db8::5      Wed Nov 25 05:15:44 2026   still logged in
      two words pts/3        10.0.1.51        Wed Nov 25 05:14:44 2026   still logged in

      wtmp begins Wed Nov 25 05:10:12 2026

      """, path: "last.txt")
    #expect(
      dump.events.map { $0.text("user") } == ["admin", "root", "ops", "averyveryverylongusername", "two words"])
    #expect(dump.events.map { $0.text("tty") } == ["pts/4", "pts/7", "pts/8", "pts/2", "pts/3"])
    #expect(
      dump.events.map { $0.text("remote_address") } == ["10.0.1.50", "10.0.1.50", nil, "2001:db8::5", "10.0.1.51"])
    #expect(dump.events[2].text("remote_host") == "mosh [921]")
    // A name that somebody made up to look like a terminal and a host.
    let failed = try EventDump(
      "a pts/1 10.9.9.9 ssh:notty    203.0.113.66     Wed Nov 25 05:20:13 2026 - Wed Nov 25 05:20:13 2026  (00:00)\n",
      path: "lastb_-w.txt")
    #expect(failed.events.first?.text("remote_address") == "203.0.113.66")
    #expect(failed.events.first?.text("user") == "a pts/1 10.9.9.9")
  }

  @Test func kernelsAreNoHosts() throws {
    let behind = try EventDump(
      "reboot   system boot  Wed Nov 25 05:10 - 05:20  (00:10)     6.1.0-50-cloud-amd64\n", path: "last_-a.txt")
    #expect(behind.events.first?.text("remote_host") == nil)
    #expect(behind.events.first?.text("status") == "kernel 6.1.0-50-cloud-amd64")
    let small = try EventDump(
      "USER       TTY            HOST               LOGIN                       TIME\n"
        + "reboot     ~              6.1.0              Wed Nov 25 05:10:24\n"
        + "root       ~              10.1.0.9           Wed Nov 25 05:11:24\n", path: "last.txt")
    #expect(small.events.map(\.dataType) == ["linux:host:boot", "linux:login:session"])
  }

  @Test func theYearThatTheListingBeginsWith() throws {
    let text = """
      ops      pts/0        10.0.1.50        Thu Jan  1 05:20   still logged in
      ops      pts/0        10.0.1.50        Wed Dec 31 05:19 - 05:20  (00:01)

      wtmp begins Sun Dec 28 05:30:24 2025

      """
    let dump = try EventDump(text, path: "last.txt", collected: nil)
    #expect(
      dump.events.filter { $0.timeMeaning == .login }.map { $0.time?.description }
        == ["2026-01-01T05:20:00Z", "2025-12-31T05:19:00Z"])
    // Where nothing says a year, none is made up.
    let bare = try EventDump(
      "ops      pts/0        10.0.1.50        Thu Jan  1 05:20   still logged in\n", path: "last.txt", collected: nil)
    #expect(bare.events.first?.time == nil)
  }

  @Test func wWithoutItsShortSpans() throws {
    let dump = try EventDump(
      """
       05:21:51 up 18:39,  4 users,  load average: 0.91, 1.93, 2.06
      USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT
      root     pts/0    10.0.1.50        05:20                        sudo -i
      nobody   pts/1    host.example.com Tue18          0.50s         -bash

      """, path: "w_-o.txt")
    #expect(dump.coverages.allSatisfy { $0.state == .parsed })
    let sessions = dump.events.filter { $0.dataType == "linux:login:session" }
    #expect(sessions.map { $0.text("command_line") } == ["sudo -i", "-bash"])
    #expect(sessions.map { $0.text("remote_address") ?? $0.text("remote_host") } == ["10.0.1.50", "host.example.com"])
    #expect(sessions.first?.time?.description == "2026-11-25T05:20:00Z")
  }
}
