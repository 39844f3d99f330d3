import Bytes
import Evidence
import Testing

@testable import LogParse

/// Lines that begin with numbers, lists of processes and of mounts, and names with escapes.
@Suite struct NumberedTextTests {
  private func name(_ text: String, _ path: String = "x.txt") -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  @Test(arguments: [
    "1 Buy milk\n2 Call Bob\n3 Sleep\n", "3\tWed Nov 25 06:20:00 a root\n4\tThu Nov 26 06:20:00 a ops\n",
    "    1  /sbin/init\n   99  /bin/sh\n",
  ])
  func numbersThatAreNoHistory(_ text: String) { #expect(name(text) == nil) }

  @Test func numbersOfAHistoryGoUpByOne() {
    #expect(name("    1  id\n    2* whoami\n    3  ls\n") == "capture.history")
    #expect(name("  999  id\n 1000  whoami\n") == "capture.history")
    // One was taken out.
    #expect(name("    1  id\n    2  whoami\n    3  ls\n    4  w\n    6  ps\n") == "capture.history")
    #expect(name("   9 id\n  10 whoami\n", "history.txt") == "capture.history")
    #expect(name("    9  id\n    3  whoami\n", "history.txt") == nil)
  }

  @Test func mountsOfAProcess() throws {
    let dump = try EventDump(
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n23 22 0:5 / /mnt/a\\040b rw - tmpfs udev rw\n",
      path: "proc/1/mountinfo")
    #expect(dump.format == "capture.filesystem")
    #expect(dump.events.map { $0.text("mount_point") } == ["/", "/mnt/a b"])
    #expect(dump.events.map { $0.text("device") } == ["/dev/sda1", "udev"])
    let table = try EventDump("proc /proc proc rw 0 0\n/dev/sdb1 /mnt/a\\040b ext4 rw 0 0\n", path: "mounts.txt")
    #expect(table.events.map { $0.text("mount_point") } == ["/proc", "/mnt/a b"])
    #expect(name("22 1 8:1 / / rw,relatime shared:1 ext4 /dev/sda1 rw\n") == nil)
  }

  @Test func aProcessMayShowNoCommand() throws {
    let header = "UID        PID  PPID  C STIME TTY          TIME CMD\n"
    let dump = try EventDump(
      header + "root     23521 23517  0 05:20 ?        00:00:00  \nroot     23522 23517  0 05:20 ?\n", path: "ps.txt")
    #expect(dump.events.map { $0.integer("pid") } == [23521])
    #expect(dump.events.first?.message == "Process 23521 of root shows no command.")
    #expect(dump.coverages.map(\.state) == [.parsed, .skipped])
  }

  @Test func aStartOfTwoWords() throws {
    let dump = try EventDump(
      "  PID  START COMMAND\n    1 Nov 24 /sbin/init splash\n  999  05:20 bash\n", path: "ps.txt")
    #expect(dump.events.map { $0.text("command_line") } == ["/sbin/init splash", "bash"])
    #expect(dump.events.map { $0.time?.description } == ["2026-11-24T00:00:00Z", "2026-11-25T05:20:00Z"])
    // A month's name without a day is a word.
    let named = try EventDump("  PID  START COMMAND\n    1 Nov24 nov 24\n", path: "ps.txt")
    #expect(named.events.first?.text("command_line") == "nov 24")
  }

  @Test func namesThatFindEscapes() throws {
    let front = "16252505      0 -rw-r--r--   1 root     root            0 Nov 24 08:24 "
    let dump = try EventDump(
      front + #"fl/n\nl"# + "\n" + front + #"fl/t\tq\""# + "\n" + front + #"fl/\355\225\234\\n"# + "\n", path: "x.txt")
    #expect(dump.events.map { $0.text("path") } == ["fl/n\nl", "fl/t\tq\"", "fl/한\\n"])
  }
}
