import Bytes

/// `linux.pagecache.Files`: files whose inodes the kernel holds, with how much of each is in memory.
enum PageCacheFiles: MemoryTable {
  static let name = "pagecache.Files"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    let kernel = snapshot.kernel
    let link = kernel.member("inode", "i_link")
    CachedFileReader(snapshot).forEach { file in
      let inode = file.inode
      // Short links keep their target beside the inode.
      let target = inode.type == "LNK" ? kernel.string(inode.address, link) : nil
      table.row { row in
        row.column("SuperblockAddr", file.superBlock)
        row.column("MountPoint", file.mountPoint)
        row.column("Device", "\(inode.major):\(inode.minor)")
        row.column("InodeNum", inode.number)
        row.column("InodeAddr", inode.address)
        row.column("FileType", inode.type)
        row.column("InodePages", (inode.size &+ kernel.pageSize &- 1) / kernel.pageSize)
        row.column("CachedPages", inode.cachedPages)
        row.column("FileMode", inode.modeText)
        row.column("AccessTime", inode.accessed)
        row.column("ModificationTime", inode.modified)
        row.column("ChangeTime", inode.changed)
        row.column("FilePath", file.path + (target.map { " -> \($0)" } ?? ""))
        row.column("InodeSize", inode.size)
      }
    }
  }
}
