import Bytes
import Evidence

/// `linux.boottime`: when the machine started.
enum BootTime: MemoryTable {
  static let name = "boottime"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    guard let clock = snapshot.clock else { return }
    table.row { row in
      row.column("TIME NS", timeNamespace(snapshot))
      row.column("Boot Time", Timestamp(nanoseconds: clock.boot))
      row.column("Acquisition Time", clock.now)
    }
  }

  /// The machine's own; nil before 5.6, which has none.
  private static func timeNamespace(_ snapshot: Snapshot) -> UInt64? {
    let kernel = snapshot.kernel
    return kernel.pointer(kernel.initTask, kernel.member("task_struct", "nsproxy"))
      .flatMap { kernel.pointer($0, kernel.member("nsproxy", "time_ns")) }
      .flatMap { kernel.value($0, kernel.member("time_namespace", "ns.inum")) }
      .map { $0 & 0xFFFF_FFFF }
  }
}
