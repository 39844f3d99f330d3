import Bytes

/// `linux.proc.Maps`: mappings of processes.
enum Maps: MemoryTable {
  static let name = "maps"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for process in snapshot.processes {
      for mapping in process.mappings {
        let name = process.name(of: mapping)
        let inode = mapping.file.flatMap { snapshot.kernel.pointer($0, snapshot.paths.fileInode) }
          .flatMap { snapshot.inodeReader.inode(at: $0) }
        table.row { row in
          row.column("PID", process.pid)
          row.column("Process", process.task.name)
          row.column("Start", mapping.start)
          row.column("End", mapping.end)
          row.column("Flags", String(mapping.permissions.prefix(3)))
          row.column("PgOff", mapping.file == nil ? 0 : mapping.pageOffset &* snapshot.kernel.pageSize)
          row.column("Major", inode?.major ?? 0)
          row.column("Minor", inode?.minor ?? 0)
          row.column("Inode", inode?.number ?? 0)
          row.column("File Path", name.isEmpty ? "Anonymous Mapping" : name)
          row.column("File output", "Disabled")
          row.column("Sharing", mapping.permissions.hasSuffix("s") ? "shared" : "private")
        }
      }
    }
  }
}
