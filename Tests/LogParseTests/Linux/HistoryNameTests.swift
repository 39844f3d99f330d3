import Bytes
import Evidence
import Testing

@testable import LogParse

/// Which program a history is of, and what else programs remember of their users.
@Suite struct HistoryNameTests {
  private func shells(_ text: String, _ path: String) throws -> [String?] {
    try EventDump(text, path: path).events.map { $0.text("shell") }
  }

  @Test(arguments: [
    (".bash_history", "bash"), (".ash_history", "ash"), (".dash_history", "dash"), (".ksh_history", "ksh"),
    (".sh_history", "sh"), (".tcsh_history", "tcsh"), (".sftp_history", "sftp"), (".history", "bash"),
    (".bash_history-01234.tmp", "bash"), ("bash_history.txt", "bash"), ("ops_bash_history", "bash"),
    ("mongosh_repl_history", "mongosh"), (".cassandra/cqlsh_history", "cqlsh"), (".msf4/history", "msfconsole"),
  ])
  func theNameTellsTheShell(_ name: String, _ shell: String) throws {
    #expect(try shells("id\nwhoami\n", "home/ops/\(name)") == [shell, shell])
  }

  @Test func notesAboutAHistoryAreNone() {
    #expect(EventDump.recognize(Array("id\n".utf8), path: "home/ops/history-of-rome.txt") == nil)
    #expect(EventDump.recognize(Array("id\n".utf8), path: "etc/history") == nil)
  }

  @Test func lftpWritesWhen() throws {
    let events = try EventDump("1795584050:open files.example.com\nput a\n", path: "home/ops/.lftp/rl_history").events
    #expect(events.map { $0.text("command") } == ["open files.example.com", "put a"])
    #expect(events.map { $0.time?.description } == ["2026-11-25T05:20:50Z", nil])
  }

  @Test func marksOfLessNameAFile() throws {
    let text =
      ".less-history-file:\n.search\n\"secret\n.shell\n\"id; w\n.mark\nm a 1 100 /var/log/auth.log\nm b x y z\n"
    let events = try EventDump(text, path: "home/ops/.lesshst").events
    #expect(events.map(\.dataType).filter { $0 == "linux:shell:command" }.count == 3)
    let mark = try #require(events.first { $0.dataType == "linux:editor:file" })
    #expect(mark.text("path") == "/var/log/auth.log" && mark.text("user") == "ops")
    #expect(mark.entities == [Entity(.file, "/var/log/auth.log"), Entity(.user, "ops")])
  }

  @Test func hostsThatWgetTalkedWith() throws {
    let text = """
      # HSTS 1.0 Known Hosts database for GNU Wget.
      # <hostname>\t<port>\t<incl. subdomains>\t<created>\t<max-age>
      files.example.com\t0\t1\t1795584050\t31536000
      203.0.113.66\t8443\t0\t1795584060\t600
      broken\tline

      """
    let dump = try EventDump(text, path: "root/.wget-hsts")
    #expect(
      dump.events.map(\.message) == [
        "wget of root talked with files.example.com.", "wget of root talked with 203.0.113.66:8443.",
      ])
    #expect(dump.events[0].entities == [Entity(.user, "root"), Entity(.domain, "files.example.com")])
    #expect(dump.events[1].entities.last == Entity(.address, "203.0.113.66"))
    #expect(dump.events[0].time?.description == "2026-11-25T05:20:50Z" && dump.events[0].timeMeaning == .access)
    #expect(dump.coverages.contains { $0.state == .skipped })
  }

  @Test func filesThatFishSaw() throws {
    let text =
      "- cmd: cat /etc/passwd a\\nb\n  when: 1795584050\n  paths:\n    - /etc/passwd\n    - a\\nb\n- cmd: id\n  when: 1795584051\n"
    let dump = try EventDump(text, path: "home/ops/.local/share/fish/fish_history")
    #expect(dump.events.map { $0["paths"] } == [.texts(["/etc/passwd", "a\nb"]), nil])
    #expect(dump.events.first?.entities == [Entity(.user, "ops"), Entity(.file, "/etc/passwd")])
    #expect(dump.events.first?.locator.length == 84 && dump.coverages.map(\.state) == [.parsed])
  }
}
