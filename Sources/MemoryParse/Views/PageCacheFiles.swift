import Bytes

/// `linux.pagecache.Files`: files whose inodes the kernel holds, with how much of each is in memory.
enum PageCacheFiles: MemoryTable {
  static let name = "pagecache.Files"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    CachedFileReader(snapshot).forEach { file in
      let inode = file.inode
      table.row { row in
        row.column("SuperblockAddr", file.superBlock)
        row.column("MountPoint", file.mountPoint)
        row.column("Device", "\(inode.major):\(inode.minor)")
        row.column("InodeNum", inode.number)
        row.column("InodeAddr", inode.address)
        row.column("Type", inode.type)
        row.column("InodePages", (inode.size &+ snapshot.kernel.pageSize &- 1) / snapshot.kernel.pageSize)
        row.column("CachedPages", inode.cachedPages)
        row.column("FileMode", inode.modeText)
        row.column("AccessTime", inode.accessed)
        row.column("ModificationTime", inode.modified)
        row.column("ChangeTime", inode.changed)
        row.column("FilePath", file.path)
        row.column("InodeSize", inode.size)
      }
    }
  }
}
