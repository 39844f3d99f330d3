import Evidence

/// Names of the system calls of x86-64 that public rules ask for: the audit daemon writes numbers unless it is told to enrich its
/// log (`log_format = ENRICHED`), and rules are written with names (arch/x86/entry/syscalls/syscall_64.tbl).
enum SigmaSyscalls {
  private static let names: [Int64: String] = [
    0: "read", 1: "write", 2: "open", 9: "mmap", 10: "mprotect", 41: "socket", 42: "connect", 43: "accept", 49: "bind",
    50: "listen", 56: "clone", 57: "fork", 58: "vfork", 59: "execve", 62: "kill", 76: "truncate", 77: "ftruncate",
    82: "rename", 83: "mkdir", 84: "rmdir", 85: "creat", 86: "link", 87: "unlink", 88: "symlink", 90: "chmod",
    91: "fchmod", 92: "chown", 93: "fchown", 94: "lchown", 101: "ptrace", 103: "syslog", 105: "setuid", 106: "setgid",
    113: "setreuid", 114: "setregid", 117: "setresuid", 119: "setresgid", 122: "setfsuid", 123: "setfsgid",
    133: "mknod", 155: "pivot_root", 157: "prctl", 159: "adjtimex", 161: "chroot", 164: "settimeofday", 165: "mount",
    166: "umount2", 169: "reboot", 170: "sethostname", 171: "setdomainname", 175: "init_module", 176: "delete_module",
    188: "setxattr", 189: "lsetxattr", 190: "fsetxattr", 197: "removexattr", 198: "lremovexattr", 199: "fremovexattr",
    200: "tkill", 227: "clock_settime", 234: "tgkill", 246: "kexec_load", 257: "openat", 258: "mkdirat", 259: "mknodat",
    260: "fchownat", 263: "unlinkat", 264: "renameat", 265: "linkat", 266: "symlinkat", 268: "fchmodat",
    272: "unshare", 288: "accept4", 298: "perf_event_open", 304: "open_by_handle_at", 305: "clock_adjtime",
    308: "setns", 310: "process_vm_readv", 311: "process_vm_writev", 313: "finit_module", 316: "renameat2",
    319: "memfd_create", 320: "kexec_file_load", 321: "bpf", 322: "execveat", 323: "userfaultfd", 425: "io_uring_setup",
    435: "clone3", 437: "openat2",
  ]

  /// nil where the event has no number, or it is none of x86-64.
  static func name(_ event: Event) -> String? {
    guard let number = event.text("syscall").flatMap(Int64.init) else { return nil }
    let arch = event.text("arch") ?? "x86_64"
    return arch == "c000003e" || arch == "x86_64" ? names[number] : nil
  }

  /// Of a number, whatever the architecture.
  static func name(_ number: String) -> String? { Int64(number).flatMap { names[$0] } }
}
