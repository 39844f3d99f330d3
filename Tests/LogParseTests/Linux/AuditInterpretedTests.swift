import Bytes
import Evidence
import Testing

@testable import LogParse

@Suite struct AuditInterpretedTests {
  private func dump(_ lines: String..., collected: Timestamp? = EventDump.collected) throws -> EventDump {
    try EventDump(lines.joined(separator: "\n") + "\n", path: "x.txt", zone: .inferred(540), collected: collected)
  }

  @Test func wordsGiveWhatTheLogGives() throws {
    let raw = try EventDump(
      """
      type=SYSCALL msg=audit(1795584173.089:1): syscall=execve success=yes ppid=9 pid=10 uid=0 auid=4294967295 comm="sh" exe="/bin/sh"
      type=EXECVE msg=audit(1795584173.089:1): argc=3 a0="sh" a1="-c" a2=6964202D61
      type=CWD msg=audit(1795584173.089:1): cwd=2F746D702F6120623D
      """, path: "audit.log")
    let words = try dump(
      "----",
      "type=SYSCALL msg=audit(11/25/2026 14:22:53.089:1) : syscall=execve success=yes ppid=9 pid=10 uid=root auid=unset comm=sh exe=/bin/sh ",
      "type=EXECVE msg=audit(11/25/2026 14:22:53.089:1) : argc=3 a0=sh a1=-c a2=id -a ",
      "type=CWD msg=audit(11/25/2026 14:22:53.089:1) : cwd=/tmp/a b= ")
    #expect(words.format == "linux.audit_interpreted" && words.events.count == 1)
    let (one, other) = (try #require(raw.events.first), try #require(words.events.first))
    #expect(other.time?.nanoseconds == one.time?.nanoseconds && other.time?.zone == .inferred(540))
    #expect(other.message == one.message && other.entities == one.entities)
    #expect(other.attributes.filter { $0.name != "uid_name" } == one.attributes)
  }

  @Test func theDatesOfAFileTellItsOrder() throws {
    func time(_ dates: String..., collected: Timestamp? = nil) throws -> String? {
      let lines = dates.map { "type=LOGIN msg=audit(\($0) 14:22:53.089:1) : pid=10" }
      return try EventDump(lines.joined(separator: "\n"), path: "x", collected: collected).events.first?.time?
        .description
    }
    #expect(try time("03/04/2026") == "2026-03-04T14:22:53.089Z")
    #expect(try time("03/04/26", "13/04/26") == "2026-04-03T14:22:53.089Z")
    #expect(try time("03.04.26") == "2026-04-03T14:22:53.089Z")
    #expect(try time("2026-03-04") == "2026-03-04T14:22:53.089Z")
    #expect(try time("2026년 03월 04일") == "2026-03-04T14:22:53.089Z")
    #expect(try time("04/12/26", collected: EventDump.collected) == "2026-04-12T14:22:53.089Z")
    #expect(try time("12/11/26", collected: EventDump.collected) == "2026-11-12T14:22:53.089Z")
    #expect(try time("13/13/2026") == nil)
  }

  @Test func argumentsThatLookLikeFields() throws {
    let found = try dump(
      "type=EXECVE msg=audit(11/25/2026 14:22:53.089:1) : argc=4 a0=env a1=A=b exe=x a2=a9=c a3_len=4 a3[0]=ab a3[1]=c d",
      "type=SYSCALL msg=audit(11/25/2026 14:22:53.089:1) : pid=1 comm=a=b c exe=/tmp/x y=z subj=q key=k")
    #expect(found.events.first?["arguments"] == .texts(["env", "A=b exe=x", "a9=c", "abc d"]))
    #expect(found.events.first?.text("command") == "a=b c")
    #expect(found.events.first?.text("executable") == "/tmp/x y=z")
  }

  @Test func nearlyInterpreted() {
    func name(_ text: String) -> String? { EventDump.recognize(Array(text.utf8), path: "x.txt")?.name }
    #expect(name("type=LOGIN msg=audit(1795584173.089:1): pid=10\n") == "linux.audit")
    #expect(name("type=LOGIN msg=audit(yesterday 14:22:53.089:1) : pid=10\n") == nil)
    #expect(name("type=LOGIN msg=audit(11/25/2026 14:22:53.089) : pid=10\n") == nil)
    #expect(name("msg=audit(11/25/2026 14:22:53.089:1) : pid=10\n") == nil)
  }

  @Test func cutAndHostileRecordsAreTold() throws {
    let text =
      "type=SYSCALL msg=audit(11/25/2026 14:22:53.089:1) : pid=10 comm=\ntype=EXECVE msg=audit(11/25/2026 14:22:53.089:2) : a9223372036854775807=x a1=\ntype=SYSC"
    let dump = try EventDump(text, path: "x", format: AuditInterpretedFormat())
    #expect(dump.events.count == 2 && dump.coverages.last?.state == .skipped)
    #expect(HostileInputTests.isWhole(dump, text.utf8.count))
    let none = try EventDump("<no matches>\n", path: "x", format: AuditInterpretedFormat())
    #expect(none.events.isEmpty && none.coverages.first?.reason == "ausearch found nothing")
  }
}
