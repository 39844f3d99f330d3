import Bytes
import Evidence

/// `linux.boottime`: when the machine started.
enum BootTime: MemoryTable {
  static let name = "boottime"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    guard let clock = snapshot.clock else { return }
    table.row { row in
      row.column("TIME NS", snapshot.firstProcess?.namespaces?.host == nil ? nil : 0 as Int?)
      row.column("Boot Time", Timestamp(nanoseconds: clock.boot))
      row.column("Acquisition Time", clock.now)
    }
  }
}
