import Evidence
import Testing

@testable import LogParse

@Suite struct AuditTests {
  @Test func recordsOfMixedEventsAreJoinedBySerial() throws {
    let text = """
      type=SYSCALL msg=audit(1795584173.089:1): syscall=59 pid=10 comm="a" exe="/bin/a"
      type=SYSCALL msg=audit(1795584173.089:2): syscall=59 pid=11 comm="b" exe="/bin/b"
      type=EXECVE msg=audit(1795584173.089:2): argc=2 a0="b" a1="two"
      type=EXECVE msg=audit(1795584173.089:1): argc=2 a0="a" a1="one"
      type=EOE msg=audit(1795584173.089:2):
      type=EOE msg=audit(1795584173.089:1):
      """
    let dump = try EventDump(text, path: "audit.log")
    #expect(dump.events.map { $0.text("command_line") } == ["b two", "a one"])
    #expect(dump.events.map { $0.integer("pid") } == [11, 10])
  }

  @Test func theSameSerialAtAnotherTimeIsAnotherEvent() throws {
    let text = """
      type=SYSCALL msg=audit(1795584173.089:1): syscall=59 pid=10
      type=SYSCALL msg=audit(1795584999.089:1): syscall=59 pid=11
      """
    #expect(try EventDump(text, path: "audit.log").events.count == 2)
  }

  @Test func openEventsAreFewAndNoneIsLost() throws {
    let text = (0..<1000).map { "type=SYSCALL msg=audit(1795584173.089:\($0)): syscall=59 pid=\($0)\n" }.joined()
    let dump = try EventDump(text, path: "audit.log")
    #expect(dump.events.compactMap { $0.integer("serial") } == (0..<1000).map { Int64($0) })
  }

  @Test func longArgumentsComeInPieces() throws {
    let text = """
      type=EXECVE msg=audit(1795584173.089:1): argc=2 a0="sh" a1_len=6 a1[0]=2D63 a1[1]="id -a"
      type=EOE msg=audit(1795584173.089:1):
      """
    #expect(try EventDump(text, path: "audit.log").events.first?.text("command_line") == "sh -cid -a")
  }

  @Test func theFarEndOfAConnection() throws {
    let text = """
      type=SYSCALL msg=audit(1795584173.090:5): syscall=42 exe="/usr/bin/nc" pid=9
      type=SOCKADDR msg=audit(1795584173.090:5): saddr=0A0011500000000020010DB80000000000000000000000070000000
      type=EOE msg=audit(1795584173.090:5):
      type=SYSCALL msg=audit(1795584173.091:6): syscall=42 exe="/usr/bin/nc" pid=9
      type=SOCKADDR msg=audit(1795584173.091:6): saddr=01002F72756E
      """
    let events = try EventDump(text, path: "audit.log").events
    #expect(events.first?.text("remote_address") == "2001:db8::7")
    #expect(events.first?.integer("remote_port") == 4432)
    #expect(events.last?.text("remote_address") == nil)
  }
}
