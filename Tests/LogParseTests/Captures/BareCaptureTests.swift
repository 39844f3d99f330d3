import Bytes
import Evidence
import Testing

@testable import LogParse

/// Captures without the headers and words that others are known by.
@Suite struct BareCaptureTests {
  private func name(_ text: String, _ path: String = "x.txt") -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  private static let tcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

  @Test func socketsOfTheKernelsTableAreNetstats() throws {
    let kernel = try EventDump(
      Self.tcp + "   0: 0500010A:A3C2 427100CB:1151 01 00000024:00000007 00:00000000 00000000   960        0 23344 1\n",
      path: "proc/net/tcp")
    let netstat = try EventDump(
      "Proto Recv-Q Send-Q Local Address           Foreign Address         State       User       Inode\n"
        + "tcp        7     36 10.1.0.5:41922          203.0.113.66:4433       ESTABLISHED 960        23344\n",
      path: "netstat.txt")
    #expect(kernel.format == "capture.proc_net" && netstat.format == "capture.netstat")
    let (one, other) = (try #require(kernel.events.first), try #require(netstat.events.first))
    #expect(one.message == other.message && one.entities == other.entities && one.dataType == other.dataType)
    #expect(Set(one.attributes) == Set(other.attributes))
  }

  @Test func rowsThatAreNoSockets() throws {
    for row in [
      "   0: 0500010A:A3C2 427100CB:1151 01", "   0: 0500010A:A3C2 427100CB0:1151 01 0:0 0:0 0 0 0 1 1",
      "   0: 0500010A:A3C2 00000000000000000000000001000000:1151 01 0:0 0:0 0 0 0 1 1",
      "   0: 0500010A:A3C2 427100CB:1151 FFFFFFFFFFFFFFFFFF 0:0 0:0 0 0 0 1 1",
      "0000000000000000: 00000002 00000000 00010000 0001 01 12003 /run/x",
    ] {
      let dump = try EventDump(Self.tcp + row + "\n", path: "proc/net/tcp")
      #expect(dump.events.isEmpty && dump.coverages.last?.state == .skipped, "\(row)")
    }
    let odd = try EventDump(
      Self.tcp + "   0: 0500010A:A3C2 427100CB:1151 FF FFFFFFFFFFFFFFFF:0 0:0 0 99999999999999999999 0 -1 1\n",
      path: "tcp")
    #expect(odd.events.count == 1 && odd.events.first?.text("state") == nil)
    #expect(odd.events.first?.integer("send_queue") == nil && odd.events.first?.integer("uid") == nil)
    #expect(name("  sl  local_address rem_address\n") == nil)
    #expect(name("Num       RefCount Protocol\n") == nil)
  }

  @Test func wWithoutItsHeader() throws {
    let row = "ops      pts/2    10.1.0.9         05:21    5:54   0.57s  0.29s sudo -i\n"
    let bare = try EventDump(row, path: "x.txt")
    let full = try EventDump(
      "USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n" + row, path: "x.txt")
    #expect(bare.format == "capture.w" && full.format == "capture.w")
    #expect(bare.events.map(\.attributes) == full.events.map(\.attributes))
    #expect(name("ops pts/2 10.1.0.9 05:21 5:54 0.57s\n") == nil)
    #expect(name("ops pts/2 10.1.0.9 noon 5:54 0.57s 0.29s sudo\n") == nil)
    #expect(name("a b 10.1.0.9 05:21 5:54 0.57s 0.29s sudo\n") == nil)
  }

  @Test func namesOfWhoCountUp() throws {
    #expect(name("ops root\n# users=2\n") == "capture.who")
    #expect(name("ops root\n# users=3\n") == nil)
    #expect(
      try EventDump("ops root\n# users=2", path: "x.txt").events.compactMap { $0.text("user") } == ["ops", "root"])
    #expect(name("NAME     LINE         TIME             COMMENT\n") == "capture.who")
    #expect(name("NAME     LINE         TIME             COMMENT\nprose about it\n") == nil)
  }

  @Test func aNumberIsAClockWhereItsNameSaysSo() throws {
    #expect(name("1795584329\n", "date_+%s.txt") == "capture.date")
    #expect(name("1795584329\n", "pid.txt") == nil)
    #expect(name("179558432\n", "date.txt") == nil)
    #expect(name("1795584329.x\n", "date.txt") == nil)
    #expect(name("20261125T052529Z\n") == "capture.date")
    #expect(name("20261325T052529Z\n") == nil)
    // Which zone the host is in, seconds do not tell.
    #expect(try EventDump("1795584329\n", path: "date.txt").events.first?["zone_minutes"] == nil)
  }

  @Test func theDatesOfAHistoryTellTheirOrder() throws {
    func times(_ text: String, collected: Timestamp? = EventDump.collected) throws -> [String?] {
      try EventDump(text, path: "x.txt", collected: collected).events.map { $0.time?.description }
    }
    #expect(
      try times("1  01/11/26 09:00:00 a\n2  25/11/26 05:21:05 b\n") == ["2026-11-01T09:00:00Z", "2026-11-25T05:21:05Z"])
    #expect(
      try times("1  11/01/26 09:00:00 a\n2  11/25/26 05:21:05 b\n") == ["2026-11-01T09:00:00Z", "2026-11-25T05:21:05Z"])
    // Neither is beyond the capture, but only days in front go up.
    #expect(
      try times("1  09/02/26 09:00:00 a\n2  01/03/26 05:21:05 b\n") == ["2026-02-09T09:00:00Z", "2026-03-01T05:21:05Z"])
    let open = try EventDump("1  01/02/26 09:00:00 a\n2  01/02/26 09:00:01 b\n", path: "x.txt")
    #expect(open.events.map { $0.text("date_order") } == ["assumed", "assumed"])
    #expect(open.events.first?.time?.description == "2026-02-01T09:00:00Z")
    // An offset belongs to the time that stands before it.
    let stated = try EventDump("1  2026-11-25 05:21:05 +0900 ls -l\n", path: "history.txt")
    #expect(stated.events.first?.text("command") == "ls -l")
    #expect(stated.events.first?.time?.description == "2026-11-24T20:21:05Z")
    // What is no date remains of the command.
    let none = try EventDump("1  31/31/26 09:00:00 a\n2  1.2.3.4 09:00 b\n", path: "history.txt")
    #expect(none.events.map { $0.text("command") } == ["31/31/26 09:00:00 a", "1.2.3.4 09:00 b"])
  }
}
