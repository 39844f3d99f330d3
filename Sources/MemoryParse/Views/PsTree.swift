import Bytes

/// `linux.pstree`: processes below their parents, in the nesting of Volatility's JSON.
enum PsTree: MemoryTable {
  static let name = "pstree"
  /// A chain of processes deeper than this goes on at the top.
  private static let depthLimit = 100

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    var children: [Int32: [Process]] = [:]
    for process in snapshot.processes { children[process.task.parent, default: []].append(process) }
    let known = snapshot.processByPID
    var seen: Set<UInt64> = []
    // Roots are those whose parent is not shown; what a cycle of parents keeps from all roots comes last.
    let roots = snapshot.processes.filter { known[$0.task.parent] == nil } + snapshot.processes
    for root in roots where !seen.contains(root.task.address) {
      table.row { write(root, depth: 0, children, &seen, &$0) }
    }
  }

  private static func write(
    _ process: Process, depth: Int, _ children: [Int32: [Process]], _ seen: inout Set<UInt64>, _ row: inout JSONWriter
  ) {
    seen.insert(process.task.address)
    row.column("OFFSET (V)", process.task.address)
    row.column("PID", process.task.process)
    row.column("TID", process.task.thread)
    row.column("PPID", process.task.parent)
    row.column("COMM", process.task.name)
    row.key("__children")
    row.array { list in
      guard depth < depthLimit else { return }
      for child in children[process.pid] ?? [] where !seen.contains(child.task.address) {
        list.object { write(child, depth: depth + 1, children, &seen, &$0) }
      }
    }
  }
}
