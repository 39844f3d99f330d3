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

  private static let header =
    "Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name    \n"

  @Test(arguments: [
    ("Aktive Internetverbindungen (Server und stehende Verbindungen)", "VERBUNDEN  "),
    ("Conexiones activas de Internet (servidores y establecidos)", "ESTABLECIDO"),
    ("稼働中のインターネット接続 (サーバと確立)", "ESTABLISHED"),
    ("Aktiivsed internetiühendused (serverid ja ühendatud)", "ÜHENDATUD  "),
  ])
  func netstatInOtherLanguages(_ title: String, _ state: String) throws {
    let dump = try EventDump(
      title + "\n" + Self.header
        + "tcp        0      0 10.0.2.15:51270         203.0.113.66:4444       \(state) 465/bash            \n",
      path: "netstat.txt")
    #expect(dump.coverages.map(\.state) == [.parsed] && dump.events.first?.text("state") == "ESTABLISHED")
    #expect(dump.events.first?.integer("pid") == 465)
  }

  @Test func columnsInAnotherLanguage() {
    let row = "tcp        0      0 10.0.2.15:51270         203.0.113.66:4444       ESTABLISHED 465/bash\n"
    #expect(name("Proto 받음-Q 보냄-Q 로컬 주소 외부 주소 상태 PID/프로그램 이름\n" + row) == "capture.netstat")
    #expect(name("Proto and ports that we use\nhttp 80\n") != "capture.netstat")
  }

  /// Without `-W` netstat cuts addresses of IPv6: what is left may be another machine's.
  @Test func addressesThatAreCut() throws {
    func ends(_ local: String, _ remote: String) throws -> [String?] {
      let row = "tcp6       0      0 \(local) \(remote) ESTABLISHED 465/bash\n"
      let event = try EventDump(Self.header + row, path: "netstat.txt").events.first
      return ["local_address", "local_host", "remote_address", "remote_host"].map { event?.text($0) }
    }
    #expect(
      try ends("fe80::45d:31ff:fe9a:546", "2001:db8::2:41022") == [nil, "fe80::45d:31ff:fe9a", "2001:db8::2", nil])
    // Another address of the row is wider than any that was cut.
    #expect(
      try ends("fe80::45d:31ff:fe9a:546", "2001:db8:85a3::8a2e:370:7334:41022")
        == ["fe80::45d:31ff:fe9a", nil, "2001:db8:85a3::8a2e:370:7334", nil])
    #expect(try ends("fe80::45d:31ff:fea:546", "10.0.0.1:80") == ["fe80::45d:31ff:fea", nil, "10.0.0.1", nil])
  }

  @Test func routesOfTheSixthVersion() throws {
    let dump = try EventDump(
      "Kernel IPv6 routing table\nDestination                    Next Hop                   Flag Met Ref Use If\n"
        + "fe80::/64                      [::]                       U    256 1     0 ens5\n"
        + "[::]/0                         fe80::1                    UG   1024 3    0 ens5\n", path: "netstat_-rn.txt")
    #expect(dump.coverages.map(\.state) == [.parsed])
    #expect(dump.events.map { $0.text("gateway") } == ["[::]", "fe80::1"])
    #expect(dump.events.last?.message == "Packets to [::]/0 leave by ens5 through fe80::1.")
  }

  @Test func namesWithBlanksInFrontOfNumbers() throws {
    let dump = try EventDump(
      "COMMAND           PID COMMAND\nsystemd             1 /sbin/init\nevil name x     28112 python3 -\n",
      path: "ps.txt")
    #expect(dump.coverages.map(\.state) == [.parsed])
    #expect(dump.events.map { $0.text("command") } == ["systemd", "evil name x"])
    #expect(dump.events.map { $0.integer("pid") } == [1, 28112])
  }

  @Test func numbersOfUsersAreToldApart() throws {
    let dump = try EventDump("  PID   UID  EUID COMMAND\n  465   998     0 bash\n", path: "ps.txt")
    #expect(dump.events.first?.integer("uid") == 998 && dump.events.first?.integer("effective_uid") == 0)
  }

  /// Processes without their header begin like a history.
  @Test func processesAreNoHistory() {
    let rows = "    1     0 root     /sbin/init\n    2     0 root     [kthreadd]\n    3     2 root     [rcu_gp]\n"
    #expect(name(rows) != "capture.history" && name(rows, "ps.txt") != "capture.history")
    #expect(
      name("    1  1795584053 ls\n    2  1795584054 id\n    3  1795584055 w\n", "history.txt") == "capture.history")
    #expect(name("    1  ls -la\n    2  id\n    3  ps aux\n") == "capture.history")
  }

  @Test func lastLoginsInGerman() throws {
    let dump = try EventDump(
      "Benutzername     Port     Von                                        Letzter\n"
        + "root                                                                **Noch nie angemeldet**\n"
        + "admin            pts/2    10.0.1.50                                  Mi Nov 25 05:21:40 +0000 2026\n",
      path: "lastlog.txt")
    #expect(dump.format == "capture.lastlog" && dump.coverages.map(\.state) == [.parsed])
    #expect(dump.events.map { $0.text("user") } == ["admin"])
    #expect(dump.events.first?.text("remote_address") == "10.0.1.50" && dump.events.first?.text("tty") == "pts/2")
    #expect(dump.events.first?.time?.description == "2026-11-25T05:21:40Z")
  }

  @Test func routesThatLeadNowhere() throws {
    let dump = try EventDump(
      "default via 10.0.2.1 dev ens5 proto dhcp metric 100\nblackhole 203.0.113.0/24\nunreachable 192.0.2.7\n",
      path: "ip_route.txt")
    #expect(dump.format == "capture.route" && dump.coverages.map(\.state) == [.parsed])
    #expect(dump.events.map { $0.text("destination") } == ["default", "203.0.113.0/24", "192.0.2.7"])
    #expect(name("blackhole sun\nthrow away\n") != "capture.route")
  }

  @Test func ipInJSON() throws {
    let addresses = try EventDump(
      #"[{"ifindex":2,"ifname":"ens5","flags":["BROADCAST","PROMISC","UP"],"mtu":9001,"link_type":"ether","#
        + #""address":"06:5d:31:9a:2c:e4","addr_info":[{"family":"inet","local":"10.0.2.15","prefixlen":24}]},{}]"#,
      path: "ip_-j_addr.txt")
    #expect(addresses.format == "capture.ip_json")
    #expect(addresses.events.map(\.message) == ["Interface ens5 has 10.0.2.15 and is promiscuous."])
    let routes = try EventDump(
      #"[{"dst":"default","gateway":"10.0.2.1","dev":"ens5","protocol":"dhcp","flags":[]}]"#, path: "x.json")
    #expect(routes.events.map(\.message) == ["Packets to default leave by ens5 through 10.0.2.1."])
    let neighbours = try EventDump(
      #"[{"dst":"10.0.2.1","dev":"ens5","lladdr":"06:11:22:33:44:55","state":["REACHABLE"]}]"#, path: "x.json")
    #expect(neighbours.events.map(\.message) == ["10.0.2.1 is known as 06:11:22:33:44:55 on ens5."])
    for text in [#"[{"dev":"ens5"}]"#, #"[{"ifname":"ens5"}]"#, "[]", #"{"dst":"x","dev":"y"}"#] {
      #expect(name(text) != "capture.ip_json", "\(text)")
    }
  }
}
