import Bytes

/// `linux.psaux`: command lines.
enum PsAux: MemoryTable {
  static let name = "psaux"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for process in snapshot.processes {
      table.row { row in
        row.column("PID", process.pid)
        row.column("PPID", process.task.parent)
        row.column("COMM", process.task.name)
        row.column("ARGS", process.commandLine)
        if let memory = process.memory, !memory.arguments.isWhole {
          row.column("Missing", "part of it is not in the dump")
        }
      }
    }
  }
}
