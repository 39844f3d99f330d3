import Evidence
import Testing

@testable import LogParse

@Suite struct FilesystemTests {
  /// Something mounted over a process's folder in /proc hides it.
  @Test func treeOfMounts() throws {
    let text = """
      TARGET                  SOURCE         FSTYPE   OPTIONS
      /                       /dev/nvme0n1p1 xfs      rw,noatime
      ├─/proc                 proc           proc     rw,nosuid
      │ └─/proc/912           /dev/nvme0n1p1[/var/tmp/.x] xfs rw,noatime
      |-/sys                  sysfs          sysfs    rw
      `-/mnt/a\\x20b         tmpfs          tmpfs    ro
      junk

      """
    let dump = try EventDump(text, path: "findmnt.txt")
    #expect(dump.format == "capture.filesystem" && HostileInputTests.isWhole(dump, text.utf8.count))
    #expect(dump.events.map { $0.text("mount_point") }.prefix(4) == ["/", "/proc", "/proc/912", "/sys"])
    #expect(dump.events.count == 5 && dump.events.allSatisfy { $0.dataType == "linux:mount" })
    #expect(dump.events[2].text("device") == "/dev/nvme0n1p1[/var/tmp/.x]")
    #expect(dump.coverages.last?.reason == "line is not a row of df or mount")
  }
}
