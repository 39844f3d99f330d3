import Evidence
import Testing

@testable import LogParse

@Suite struct FTPLogTests {
  @Test func theServersOwnLog() throws {
    let text = """
      Wed Nov 25 05:20:12 2026 [pid 2] CONNECT: Client "203.0.113.9"
      Wed Nov 25 05:20:12 2026 [pid 2] [a b] FAIL LOGIN: Client "203.0.113.9"
      Wed Nov 25 05:20:13 2026 [pid 2] [ops] OK LOGIN: Client "203.0.113.9"
      Wed Nov 25 05:20:14 2026 [pid 3] [ops] OK UPLOAD: Client "203.0.113.9", "/www/x y.php", 42 bytes, 1.20Kbyte/sec

      """
    let dump = try EventDump(text, path: "vsftpd.log", zone: .utc)
    #expect(dump.format == "linux.ftp" && HostileInputTests.isWhole(dump, text.utf8.count))
    #expect(dump.events.map { $0.text("action") } == ["connected", "login_failed", "login_accepted", "file_uploaded"])
    #expect(dump.events.map { $0.text("user") } == [nil, "a b", "ops", "ops"])
    #expect(dump.events.allSatisfy { $0.text("remote_address") == "203.0.113.9" })
    #expect(dump.events.last?.text("path") == "/www/x y.php" && dump.events.last?.integer("bytes") == 42)
    #expect(dump.events.last?.time?.description == "2026-11-25T05:20:14Z")
  }

  @Test func transfers() throws {
    let text = """
      Wed Nov 25 05:20:12 2026 1 203.0.113.9 42 /www/x.php b _ i r ops ftp 0 * c
      Wed Nov 25 05:20:13 2026 1 203.0.113.9 7 /a b c b _ o r ops ftp 0 * c

      """
    let dump = try EventDump(text, path: "xferlog")
    #expect(dump.format == "linux.ftp")
    #expect(dump.events.map { $0.text("action") } == ["file_uploaded", "file_downloaded"])
    #expect(dump.events.map { $0.text("path") } == ["/www/x.php", "/a b c"])
    #expect(
      dump.events.map { $0.text("user") } == ["ops", "ops"] && dump.events.map { $0.integer("bytes") } == [42, 7])
  }

  @Test(arguments: ["Wed Nov 25 05:20:12 2026", "Wed Nov 25 05:20:12 2026 x y z", "Nov 25 05:20:12 2026 [pid 2] x"])
  func otherLines(_ line: String) {
    #expect(EventDump.recognize(Array((line + "\n").utf8), path: "a.log")?.name != "linux.ftp")
  }
}
