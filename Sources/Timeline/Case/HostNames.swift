/// Names on a Linux host that are known for what they are.
enum HostNames {
  /// Where packages put programs.
  static func isOfPrograms(_ path: String) -> Bool {
    for folder in [
      "/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/opt/", "/snap/", "/nix/", "/var/lib/", "/run/", "/wsl-",
    ]
    where path.hasPrefix(folder) { return true }
    return false
  }

  /// Where anybody may write, or hidden among the system's own files. In homes hidden folders are usual.
  static func isOddPlace(_ path: String) -> Bool {
    if AttackMarks.isDropPlace(path) { return true }
    guard path.contains("/.") else { return false }
    return ["/usr/", "/etc/", "/bin/", "/sbin/", "/lib", "/dev/", "/boot/", "/run/", "/var/run/", "/."].contains {
      path.hasPrefix($0)
    }
  }

  /// The name of a thread of the kernel, without its brackets.
  static func isKernelThread(_ name: Substring) -> Bool {
    kernelThreads.contains { name.hasPrefix($0) }
  }

  private static let kernelThreads = [
    "kworker/", "kthreadd", "ksoftirqd/", "migration/", "rcu_", "kswapd", "kcompactd", "khugepaged", "jbd2/",
    "watchdog/", "watchdogd", "kdevtmpfs", "kauditd", "khungtaskd", "oom_reaper", "writeback", "ksmd", "kblockd",
    "kintegrityd", "cpuhp/", "idle_inject/", "scsi_eh_", "irq/", "mm_percpu_wq", "kstrp", "ext4-rsv-conver", "xfsaild/",
    "edac-poller", "netns", "kthrotld", "md_", "bioset", "crypto", "ata_sff", "nvme-", "slub_flushwq", "inet_frag_wq",
  ]

  /// Modules of rootkits that are passed around.
  static let rootkits: Set<String> = [
    "diamorphine", "reptile", "reptile_module", "suterusu", "adore", "adore_ng", "knark", "kbeast", "ipsecs_kbeast_v1",
    "enyelkm", "puszek", "nuk3gh0st", "kovid", "brokepkg", "syslogk", "drovorub", "wnps", "rkit", "lkm_rootkit",
    "rootkit",
    "caraxes", "kopycat", "sutekh", "rootfoo", "phide", "modhide", "hidepid_lkm",
  ]

  /// Libraries that are passed around for one thing, which is to hide files and processes from every program.
  static func isHider(_ path: String) -> Bool {
    guard let name = path.split(separator: "/").last?.lowercased() else { return false }
    return hiders.contains { name.hasPrefix($0) }
  }

  private static let hiders = [
    "libprocesshider", "processhider", "libhider", "azazel", "libselinux.so.a", "jynx", "beurk", "bdvl", "vlany",
    "libxselinux", "libhiderootkit", "libhidden", "father.so", "rkld.so", "umbreon",
  ]

  /// Whether the capabilities let a program become root or read everything.
  static func givesRoot(_ capabilities: String) -> Bool {
    // `=ep` gives all of them.
    if capabilities.hasPrefix("="), capabilities.contains("p") { return true }
    let words = capabilities.split { $0 == "," || $0 == " " || $0 == "=" || $0 == "+" }
    return words.contains {
      [
        "cap_setuid", "cap_setgid", "cap_sys_admin", "cap_sys_ptrace", "cap_sys_module", "cap_dac_override",
        "cap_dac_read_search", "cap_setfcap", "cap_chown", "cap_fowner", "all",
      ].contains($0)
    }
  }

  /// Whether the program does whatever it is told: a shell, an interpreter, an editor, a copier of files.
  static func runsAnything(_ path: String) -> Bool {
    guard let name = path.split(separator: "/").last else { return false }
    let stem = name.prefix { !$0.isNumber && $0 != "." && $0 != "-" }
    return [
      "python", "perl", "ruby", "php", "node", "nodejs", "lua", "bash", "sh", "dash", "zsh", "ksh", "busybox", "gdb",
      "vim",
      "vi", "nano", "tar", "rsync", "cp", "dd", "find", "awk", "gawk", "env", "java", "openssl", "socat", "nc", "tclsh",
    ].contains(String(stem))
  }
}
