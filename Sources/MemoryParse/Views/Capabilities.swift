import Bytes

/// `linux.capabilities`: what each process may do.
enum Capabilities: MemoryTable {
  static let name = "capabilities"

  static func write(_ snapshot: Snapshot, to table: inout TableWriter) {
    for process in snapshot.processes {
      let task = process.task
      let own = task.credentials
      table.row { row in
        row.column("Name", task.name)
        row.column("Tid", task.thread)
        row.column("Pid", task.process)
        row.column("PPid", task.parent)
        row.column("EUID", own.euid)
        row.column("cap_inheritable", names(own.inheritable))
        row.column("cap_permitted", names(own.permitted))
        row.column("cap_effective", names(own.effective))
        row.column("cap_bounding", names(own.bounding))
        row.column("cap_ambient", names(own.ambient))
      }
    }
  }

  /// `include/uapi/linux/capability.h`, in order of the bits.
  private static let all = [
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
    "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
    "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
    "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
    "checkpoint_restore",
  ]

  static func names(_ set: UInt64) -> String {
    let everything = UInt64(1) << UInt64(all.count) - 1
    if set & everything == everything { return "all" }
    var names = all.indices.filter { set >> UInt64($0) & 1 == 1 }.map { all[$0] }
    for bit in all.count..<64 where set >> UInt64(bit) & 1 == 1 { names.append("cap_\(bit)") }
    return names.joined(separator: ", ")
  }
}
