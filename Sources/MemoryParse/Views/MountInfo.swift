import Bytes

/// `linux.mountinfo`: mounts of every mount namespace.
enum MountInfo: MemoryTable {
  static let name = "mountinfo"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for (namespace, mounts) in snapshot.mounts {
      for mount in mounts {
        table.row { row in
          row.column("MNT_NS_ID", namespace)
          row.column("MOUNT ID", mount.id)
          row.column("PARENT_ID", mount.parentID)
          row.column("MAJOR:MINOR", "\(mount.major):\(mount.minor)")
          row.column("ROOT", mount.root)
          row.column("MOUNT_POINT", mount.point)
          row.column("MOUNT_OPTIONS", mount.options)
          row.column("FIELDS", mount.propagation)
          row.column("FSTYPE", mount.fileSystem)
          row.column("MOUNT_SRC", mount.source)
          row.column("SB_OPTIONS", mount.superOptions)
        }
      }
    }
  }
}
