import Bytes
import Evidence
import Testing

@testable import LogParse

/// `ls -l` and `find -ls` in all the shapes that options, locales and directories give them, and what only looks like a list.
@Suite struct FileListingTests {
  private func event(_ row: String, heading: String = "/tmp:\ntotal 12\n") throws -> Event? {
    let dump = try EventDump("\(heading)\(row)\n", path: "ls.txt")
    #expect(dump.format == "capture.paths", "\(row)")
    return dump.events.first
  }

  @Test(arguments: [
    ("-rwsr-xr-x 1 root root 12 2026-11-25 05:20:12.123456789 +0900 rb", "2026-11-24T20:20:12.123456789Z"),
    ("-rwsr-xr-x 1 root root 12 2026-11-25 05:20:12.1234567890 +0900 rb", "2026-11-24T20:20:12.123456789Z"),
    ("-rwsr-xr-x 1 root root 12 2026-11-25 05:20:12 +0000 rb", "2026-11-25T05:20:12Z"),
    ("-rwsr-xr-x 1 root root 12 2026-11-25 05:20 rb", "2026-11-25T05:20:00Z"),
    ("-rwsr-xr-x 1 root root 12 Nov 25 05:20 rb", "2026-11-25T05:20:00Z"),
    ("-rwsr-xr-x 1 root root 12 11월 25 05:20 rb", "2026-11-25T05:20:00Z"),
    ("-rwsr-xr-x 1 root root 12 25. Okt  2025 rb", "2025-10-25T00:00:00Z"),
    ("-rwsr-xr-x 1 root root 12 25 févr.  2025 rb", "2025-02-25T00:00:00Z"),
  ])
  func times(_ row: String, _ time: String) throws {
    let event = try event(row)
    #expect(event?.time?.description == time && event?.text("path") == "/tmp/rb", "\(row)")
  }

  @Test func columnsThatOptionsAdd() throws {
    let inode = try event(" 1234 -rwsr-xr-x 1 root root 12 Nov 25 05:20 rb")
    #expect(inode?.integer("inode") == 1234 && inode?.text("path") == "/tmp/rb")
    // Blocks, as `-s` has them, are no inode.
    #expect(try event(" 4 -rwsr-xr-x 1 root root 12 Nov 25 05:20 rb")?["inode"] == nil)
    let label = try event("-rw-r--r--. 1 root root unconfined_u:object_r:user_tmp_t:s0 12 Nov 25 05:20 rb")
    #expect(label?.text("security_label") == "unconfined_u:object_r:user_tmp_t:s0" && label?.text("group") == "root")
    let none = try event("-rw-r--r-- 1 root root ? 12 Nov 25 05:20 rb")
    #expect(none?["security_label"] == nil && none?.text("group") == "root" && none?.integer("size_bytes") == 12)
  }

  @Test func aDirectorysGroupsHoldBlanks() throws {
    let event = try event("-rwsr-xr-x 1 alice domain users 12 Nov 25 05:20 a 1 Nov 25 05:20 b")
    #expect(event?.text("group") == "domain users" && event?.text("user") == "alice")
    #expect(event?.text("path") == "/tmp/a 1 Nov 25 05:20 b")
    // Not any number of words.
    #expect(try EventDump("-rwsr-xr-x 1 a b c d e f g 12 Nov 25 05:20 x\n", path: "ls.txt").events.isEmpty)
  }

  @Test func theFolderItselfIsNoFileOfItsOwn() throws {
    let row = "drwxr-xr-x 2 root root 4096 Nov 25 05:20 "
    #expect(try event(row + ".")?.text("path") == "/tmp")
    #expect(try event(row + "..")?.entities == [Entity(.user, "root")])
    #expect(try event(row + ".", heading: "total 4\n")?.entities == [Entity(.user, "root")])
    #expect(try event(row + "x", heading: "합계 12\n")?.entities.contains(Entity(.file, "x")) ?? false)
  }

  @Test(arguments: [
    "/tmp/x: ELF 64-bit LSB executable, x86-64\n/tmp/y: POSIX shell script\n",
    "/dev/sda1: UUID=\"abc\" TYPE=\"ext4\"\n",
    "/usr/bin/ping cap_net_raw=ep\n/usr/bin/python3.9 cap_setuid=ep\n", "/usr/bin/ping = cap_net_raw+ep\n",
    "/usr/bin/ls                 OK\n/usr/bin/ps             FAILED\n", "/usr/bin/a\tb\n",
  ])
  func whatOtherCommandsSayOfPaths(_ text: String) {
    #expect(EventDump.recognize(Array(text.utf8), path: "x.txt")?.name != "capture.paths")
  }

  @Test func namesMayHoldBlanks() throws {
    let dump = try EventDump("/tmp/a b\n/tmp/c: d\n/tmp/e\n", path: "find.txt")
    #expect(dump.events.map { $0.text("path") } == ["/tmp/a b", "/tmp/c: d", "/tmp/e"])
  }

  /// The folder is named by the file's place alone.
  @Test func openFilesOfOneProcess() throws {
    let rows = "total 0\nlrwx------ 1 tomcat tomcat 64 Nov 25 05:22 0 -> socket:[12399]\n"
    let dump = try EventDump(rows, path: "live_response/process/proc/465/fd.txt")
    #expect(dump.events.map { $0.text("path") } == ["/proc/465/fd/0"])
    #expect(try EventDump(rows, path: "live_response/process/fd.txt").events.map { $0.text("path") } == ["0"])
  }
}
