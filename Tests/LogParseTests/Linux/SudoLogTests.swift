import Evidence
import Testing

@testable import LogParse

@Suite struct SudoLogTests {
  @Test func anEntryGoesOnWhereItIsIndented() throws {
    let text = """
      Nov 25 05:20:12 : ops : TTY=pts/0 ; PWD=/home/ops ; USER=root ;
          COMMAND=/usr/bin/ls -la /root
      Nov 25 05:20:13 : ops : 3 incorrect password attempts ; TTY=pts/0 ;
          PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/su

      """
    let dump = try EventDump(text, path: "var/log/sudo.log")
    #expect(dump.format == "linux.sudo_log")
    #expect(dump.events.map { $0.text("action") } == ["sudo", "sudo_refused"])
    #expect(dump.events.map { $0.text("command") } == ["/usr/bin/ls -la /root", "/usr/bin/su"])
    #expect(dump.events.map { $0.text("user") } == ["ops", "ops"])
    #expect(dump.events.map { $0.text("year") } == ["inferred", "inferred"])
    #expect(dump.events.first?.time?.description == "2026-11-25T05:20:12Z")
    #expect(dump.events.allSatisfy { $0.text("host") == nil })
    #expect(HostileInputTests.isWhole(dump, text.utf8.count))
  }

  @Test func yearAndHostWhereTheyAreWritten() throws {
    let dump = try EventDump(
      "Nov 25 05:20:12 2024 : ops : HOST=web-1 : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh\n", path: "x")
    #expect(dump.format == "linux.sudo_log")
    #expect(dump.events.first?.time?.description == "2024-11-25T05:20:12Z")
    #expect(dump.events.first?.text("host") == "web-1" && dump.events.first?.text("year") == nil)
    #expect(dump.events.first?.text("command") == "/bin/sh")
  }

  @Test(arguments: [
    "Nov 25 05:20:12 web-1 sudo:      ops : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh\n",
    "Nov 25 05:20:12 : ops\n", "    COMMAND=/bin/sh\n", "Wed Nov 25 05:20:12 : ops : COMMAND=/bin/sh\n",
  ])
  func nearlySudosLog(_ text: String) {
    #expect(EventDump.recognize(Array(text.utf8), path: "x.log")?.name != "linux.sudo_log")
  }
}
