import Bytes

/// `linux.kmsg`: the kernel's log, a line a row.
enum KMsg: MemoryTable {
  static let name = "kmsg"

  private static let facilities = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
  ]
  private static let levels = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"]

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for record in snapshot.log?.records ?? [] {
      for line in record.text.split(separator: "\n", omittingEmptySubsequences: false) {
        table.row { row in
          row.column("facility", name(record.facility, facilities))
          row.column("level", name(record.level, levels))
          row.column("timestamp", seconds(record.nanoseconds))
          row.column("caller", record.caller)
          row.column("line", String(line))
        }
      }
    }
  }

  private static func name(_ number: UInt64, _ names: [String]) -> String {
    number < UInt64(names.count) ? names[Int(number)] : "\(number)"
  }

  /// `12.000345`, cut to microseconds as dmesg does.
  static func seconds(_ nanoseconds: UInt64) -> String {
    let micro = String(nanoseconds % 1_000_000_000 / 1000)
    return "\(nanoseconds / 1_000_000_000)." + String(repeating: "0", count: 6 - micro.count) + micro
  }
}
