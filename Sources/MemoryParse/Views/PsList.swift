import Bytes

/// `linux.pslist`: processes, zombies included, and what every view of tasks shows: which views is said behind.
enum PsList: MemoryTable {
  static let name = "pslist"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for process in snapshot.processes { table.row { columns(process, &$0) } }
  }

  static func columns(_ process: Process, _ row: inout JSONWriter) {
    let task = process.task
    row.column("OFFSET (V)", task.address)
    row.column("PID", task.process)
    row.column("TID", task.thread)
    row.column("PPID", task.parent)
    row.column("COMM", task.name)
    row.column("UID", task.credentials.uid)
    row.column("GID", task.credentials.gid)
    row.column("EUID", task.credentials.euid)
    row.column("EGID", task.credentials.egid)
    row.column("CREATION TIME", process.started)
    row.column("File output", "Disabled")
    row.key("Sources")
    row.value(process.sources.names)
    row.column("Cgroup", process.cgroup)
    row.column("Container", process.container?.container)
    row.column("Pod", process.container?.pod)
    if task.isZombie { row.column("State", "zombie") }
  }
}
