import Bytes

/// `linux.library_list`: shared libraries of processes, where each begins.
enum LibraryList: MemoryTable {
  static let name = "library_list"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for process in snapshot.processes {
      var seen: Set<UInt64> = []
      let program = process.memory?.executable
      for mapping in process.mappings {
        guard let file = mapping.file, mapping.pageOffset == 0, file != program, seen.insert(file).inserted,
          Elfs.isELF(mapping, of: process)
        else { continue }
        table.row { row in
          row.column("Name", process.task.name)
          row.column("Pid", process.pid)
          row.column("LoadAddress", mapping.start)
          row.column("Path", process.name(of: mapping))
        }
      }
    }
  }
}
