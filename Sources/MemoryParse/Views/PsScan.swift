import Bytes

/// `linux.psscan`: tasks found by their shape in all of memory, ended ones too.
enum PsScan: MemoryTable {
  static let name = "psscan"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for carved in snapshot.carvedTasks {
      guard let task = snapshot.taskReader.task(at: carved.address) else { continue }
      table.row { row in
        row.column("OFFSET (P)", carved.physical)
        row.column("PID", task.process)
        row.column("TID", task.thread)
        row.column("PPID", task.parent)
        row.column("COMM", task.name)
        row.column("EXIT_STATE", [0: "TASK_RUNNING", 16: "EXIT_DEAD", 32: "EXIT_ZOMBIE"][task.exitState])
        row.column("CREATION TIME", snapshot.clock?.moment(task.start))
        row.key("Sources")
        row.value((snapshot.taskViews.sources[carved.address] ?? []).union(carved.sources).names)
      }
    }
  }
}
