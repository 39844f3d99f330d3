import Bytes
import Evidence
import Testing

@testable import LogParse

/// `stat`, `lsattr` and `getcap`, processes without their header, and less's own history.
@Suite struct FileStateTests {
  private func name(_ text: String, _ path: String = "x.txt") -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  @Test func statSaysWhatABodyfileSays() throws {
    let dump = try EventDump(
      "  File: /usr/bin/su\n  Size: 67816     \tBlocks: 136        IO Block: 4096   regular file\n"
        + "Device: 10301h/66305d\tInode: 8654        Links: 1\n"
        + "Access: (4755/-rwsr-xr-x)  Uid: (    0/    root)   Gid: (    0/    root)\n"
        + "Access: 2026-11-25 14:20:12.123456789 +0900\nModify: 2026-11-25 14:20:10.000000000 +0900\n"
        + "Change: 2026-11-25 14:20:10.000000000 +0900\n Birth: -\n", path: "stat.txt")
    #expect(dump.format == "capture.stat" && dump.events.map { $0.text("macb") } == ["m.c.", ".a.."])
    #expect(dump.events.first?.time?.description.hasPrefix("2026-11-25T05:20:10") ?? false)
    #expect(dump.events.first?.text("mode") == "-rwsr-xr-x" && dump.events.first?.text("user") == "root")
    #expect(dump.events.first?.integer("inode") == 8654 && dump.coverages.map(\.state) == [.parsed])
    #expect(name("File: x\nSize: 1\n") == nil && name("  File: /a\n") == nil)
  }

  @Test func marksOfFiles() throws {
    let dump = try EventDump("----i---------e------- /etc/passwd\n--------------e------- ./a b\n", path: "lsattr.txt")
    #expect(dump.format == "capture.file_marks" && dump.events.map { $0.text("path") } == ["/etc/passwd", "./a b"])
    #expect(dump.events.map { $0["is_immutable"] } == [.flag(true), nil])
    let powers = try EventDump("/usr/bin/python3.9 cap_setuid=ep\n/usr/bin/ping = cap_net_raw+ep\n", path: "getcap.txt")
    #expect(powers.events.map { $0.text("path") } == ["/usr/bin/python3.9", "/usr/bin/ping"])
    #expect(powers.events.map { $0.text("capabilities") } == ["cap_setuid=ep", "cap_net_raw+ep"])
    for text in [
      "-------------- Title\n", "---------------- -----\n", "-rw-r--r-- /etc/passwd\n", "/usr/bin/x cap_y\n",
    ] {
      #expect(name(text) != "capture.file_marks", "\(text)")
    }
  }

  @Test func rowsOfPsThatAGrepLeft() throws {
    let row = "www-data    1234  99.9  1.0 2000000 90000 ?       Sl   05:20 1234:10 /tmp/.x/kdevtmpfsi -o pool\n"
    let bare = try EventDump(row, path: "x.txt")
    let full = try EventDump("USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\n" + row, path: "x.txt")
    #expect(bare.format == "capture.ps" && bare.events.map(\.attributes) == full.events.map(\.attributes))
    #expect(bare.events.first?.text("command_line") == "/tmp/.x/kdevtmpfsi -o pool")
    let other = try EventDump("ops  1300  1235 12 Nov24 ?        1-02:03:04 /tmp/.x/a b\n", path: "x.txt")
    #expect(other.format == "capture.ps" && other.events.first?.integer("ppid") == 1235)
    #expect(name("ops pts/2 10.1.0.9 05:21 5:54 0.57s 0.29s sudo\n") != "capture.ps")
    #expect(name(row + "a line of prose\n") != "capture.ps")
  }

  @Test func lesssHistoryHasMarks() throws {
    let dump = try EventDump(
      ".less-history-file:\n.search\n\"foo\n.shell\n\"id\n", path: "root/.lesshst")
    #expect(dump.events.map { $0.text("command") } == ["foo", "id"] && dump.coverages.map(\.state) == [.parsed])
    // Another program's lines are as they stand.
    let python = try EventDump(".a\n\"b\"\n", path: "root/.python_history")
    #expect(python.events.map { $0.text("command") } == [".a", "\"b\""])
  }

  private static let table =
    "Inode,Hard link Count,Full Path,Last Access,Last Modification,Last Status Change,File Creation,User,Group,"
    + "File Permissions,File Size(bytes)\n"

  @Test func tableOfAllFiles() throws {
    let time = "2026-11-25 14:22:30.123456789 +0900"
    let dump = try EventDump(
      Self.table
        + "131999,1,/tmp/a,b,\(time),\(time),2026-11-25 05:22:31.000000000 +0000,-,root,UNKNOWN,-rwsr-xr-x,1234\n",
      path: "Misc/web-1-full-timeline.csv")
    #expect(dump.format == "capture.stat_table" && dump.coverages.map(\.state) == [.parsed])
    #expect(dump.events.map(\.dataType) == ["fs:stat", "fs:stat"])
    #expect(dump.events.map { $0.text("path") } == ["/tmp/a,b", "/tmp/a,b"])
    #expect(dump.events.map { $0.text("macb") } == ["ma..", "..c."])
    #expect(dump.events.first?.time?.description == "2026-11-25T05:22:30.123456789Z")
    #expect(dump.events.first?.text("user") == "root" && dump.events.first?.text("group") == nil)
  }

  @Test(arguments: ["1,1,/x,,,,,,,", "1,1", ",,,,,,,,,,,", "x,1,/x,-,-,-,-,root,root,-rwxr-xr-x,1", "/tmp/second line"])
  func rowsThatAreNone(_ row: String) throws {
    let dump = try EventDump(Self.table + row + "\n", path: "x.csv")
    #expect(dump.events.isEmpty && dump.coverages.last?.state == .skipped, "\(row)")
  }

  @Test func digestsInAllForms() throws {
    let hash = String(repeating: "ab", count: 32)
    let dump = try EventDump(
      "\(hash)  /tmp/.x\n\\\(hash)  /tmp/a\\nb\nSHA256 (/tmp/.y (1)) = \(hash)\n\(hash) */tmp/.z\n"
        + "sha256sum: /root/x: Permission denied\n", path: "sha256sum.txt")
    #expect(dump.format == "capture.hashes")
    #expect(dump.events.map { $0.text("path") } == ["/tmp/.x", "/tmp/a\nb", "/tmp/.y (1)", "/tmp/.z"])
    #expect(dump.coverages.map(\.state) == [.parsed, .skipped])
    for text in ["MD5 (/tmp/x) = \(hash)\n", "sha256sum: /root/x: Permission denied\n", "SHA256 () = \n"] {
      #expect(EventDump.recognize(Array(text.utf8), path: "x.txt")?.name != "capture.hashes", "\(text)")
    }
  }
}
