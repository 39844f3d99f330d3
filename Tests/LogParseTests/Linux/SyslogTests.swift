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
        case .beyond, .known: return .some(nil)
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
}
