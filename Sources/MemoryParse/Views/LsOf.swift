import Bytes

/// `linux.lsof`: open files.
enum LsOf: MemoryTable {
  static let name = "lsof"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for process in snapshot.processes {
      for open in process.files {
        guard let file = snapshot.paths.name(ofFile: open.file) else { continue }
        let inode = snapshot.kernel.pointer(open.file, snapshot.paths.fileInode)
          .flatMap { snapshot.inodeReader.inode(at: $0) }
        table.row { row in
          row.column("PID", process.pid)
          row.column("TID", process.task.thread)
          row.column("Process", process.task.name)
          row.column("FD", open.descriptor)
          row.column("Path", file.text)
          row.column("Device", inode.map { "\($0.major):\($0.minor)" })
          row.column("Inode", file.inode)
          row.column("Type", inode.flatMap { $0.type == "-" ? nil : $0.type })
          row.column("Mode", inode?.modeText)
          row.column("Changed", inode?.changed)
          row.column("Modified", inode?.modified)
          row.column("Accessed", inode?.accessed)
          row.column("Size", inode?.size)
          row.column("InodeAddr", inode?.address)
        }
      }
    }
  }
}
