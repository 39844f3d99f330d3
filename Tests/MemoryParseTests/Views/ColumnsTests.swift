import Bytes
import Evidence
import Testing

@testable import MemoryParse

/// The columns of Volatility 3 2.28.2 (`TreeGrid` of each plug-in): scripts that read them must find them, in their order.
@Suite(.enabled(if: SharedKernel.isThere, "the kernel images are not beside the project"))
struct ColumnsTests {
  static let columns: [String: [String]] = [
    "pslist": [
      "OFFSET (V)", "PID", "TID", "PPID", "COMM", "UID", "GID", "EUID", "EGID", "CREATION TIME", "File output",
    ],
    "pstree": ["OFFSET (V)", "PID", "TID", "PPID", "COMM"],
    "psaux": ["PID", "PPID", "COMM", "ARGS"],
    "psscan": ["OFFSET (P)", "PID", "TID", "PPID", "COMM", "EXIT_STATE"],
    "envars": ["PID", "PPID", "COMM", "KEY", "VALUE"],
    "lsof": [
      "PID", "TID", "Process", "FD", "Path", "Device", "Inode", "Type", "Mode", "Changed", "Modified", "Accessed",
      "Size",
    ],
    "sockstat": [
      "NetNS", "Process Name", "PID", "TID", "FD", "Sock Offset", "Family", "Type", "Proto", "Source Addr",
      "Source Port", "Destination Addr", "Destination Port", "State", "Filter",
    ],
    "lsmod": ["Offset", "Module Name", "Code Size", "Taints", "Load Arguments", "File Output"],
    "elfs": ["PID", "Process", "Start", "End", "File Path", "File Output"],
    "maps": [
      "PID", "Process", "Start", "End", "Flags", "PgOff", "Major", "Minor", "Inode", "File Path", "File output",
    ],
    "mountinfo": [
      "MNT_NS_ID", "MOUNT ID", "PARENT_ID", "MAJOR:MINOR", "ROOT", "MOUNT_POINT", "MOUNT_OPTIONS", "FIELDS", "FSTYPE",
      "MOUNT_SRC", "SB_OPTIONS",
    ],
    "bash": ["PID", "Process", "CommandTime", "Command"],
    "kmsg": ["facility", "level", "timestamp", "caller", "line"],
    "boottime": ["TIME NS", "Boot Time"],
    "capabilities": [
      "Name", "Tid", "Pid", "PPid", "EUID", "cap_inheritable", "cap_permitted", "cap_effective", "cap_bounding",
      "cap_ambient",
    ],
    "library_list": ["Name", "Pid", "LoadAddress", "Path"],
    "pagecache.Files": [
      "SuperblockAddr", "MountPoint", "Device", "InodeNum", "InodeAddr", "FileType", "InodePages", "CachedPages",
      "FileMode", "AccessTime", "ModificationTime", "ChangeTime", "FilePath", "InodeSize",
    ],
  ]

  @Test func areVolatilitys() throws {
    let sink = CollectingSink()
    let options = MemoryAnalysis.Options(artifact: Digest(of: []), views: MemoryAnalysis.viewNames)
    _ = MemoryAnalysis.run(try #require(SharedKernel.image), options: options, into: sink)
    #expect(Set(Self.columns.keys) == Set(MemoryAnalysis.viewNames))
    for (view, wanted) in Self.columns {
      let row = try #require(sink.rows[view]?.first, "\(view)")
      var keys: [String] = []
      row.withView { view in
        _ = JSONView(view).forEachMember { key, _ in
          keys.append(key.string)
          return true
        }
      }
      #expect(Array(keys.prefix(wanted.count)) == wanted, "\(view)")
    }
  }
}
