import Bytes

/// `linux.envars`: environments.
enum EnVars: MemoryTable {
  static let name = "envars"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for process in snapshot.processes {
      for (key, value) in process.memory?.environment.pairs ?? [] {
        table.row { row in
          row.column("PID", process.pid)
          row.column("PPID", process.task.parent)
          row.column("COMM", process.task.name)
          row.column("KEY", key)
          row.column("VALUE", value)
        }
      }
    }
  }
}
