import Bytes

/// `linux.bash`: commands typed into shells, in the order of typing, whatever the shell is called.
enum Bash: MemoryTable {
  static let name = "bash"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for process in snapshot.processes {
      for command in process.typedCommands {
        table.row { row in
          row.column("PID", process.pid)
          row.column("Process", process.task.name)
          row.column("CommandTime", command.time)
          row.column("Command", command.text)
          if !command.isLinked { row.column("State", "unlinked") }
        }
      }
    }
  }
}
