import Bytes

/// `linux.lsmod`: modules, hidden ones too.
enum LsMod: MemoryTable {
  static let name = "lsmod"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for module in snapshot.modules {
      table.row { row in
        row.column("Offset", module.address)
        row.column("Module Name", module.name)
        row.column("Code Size", module.byteCount)
        row.column("Taints", taints(module.taints))
        row.column("Load Arguments", module.arguments)
        row.column("File Output", nil as String?)
        row.key("Sources")
        row.value(module.sources.names)
      }
    }
  }

  /// The letters of `/proc/modules` (`kernel/panic.c`, `taint_flags`).
  private static func taints(_ bits: UInt64) -> String {
    let letters = Array("PFSRMBUDAWCIOELKXTN")
    return String(letters.indices.filter { bits >> UInt64($0) & 1 == 1 }.map { letters[$0] })
  }
}
