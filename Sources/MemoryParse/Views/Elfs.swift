import Bytes

/// `linux.elfs`: mappings that begin with an ELF header.
enum Elfs: MemoryTable {
  static let name = "elfs"
  static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for process in snapshot.processes {
      for mapping in process.mappings where isELF(mapping, of: process) {
        let name = process.name(of: mapping)
        table.row { row in
          row.column("PID", process.pid)
          row.column("Process", process.task.name)
          row.column("Start", mapping.start)
          row.column("End", mapping.end)
          row.column("File Path", name.isEmpty ? "Anonymous Mapping" : name)
          row.column("File Output", "Disabled")
        }
      }
    }
  }

  /// By its first bytes; where these are not in the dump, by another mapping of the same file that is executed.
  static func isELF(_ mapping: Mapping, of process: Process) -> Bool {
    if let head = process.head(of: mapping, count: 4) { return head == magic }
    guard let file = mapping.file, mapping.pageOffset == 0 else { return false }
    return process.mappings.contains { $0.file == file && $0.isExecutable }
  }
}
