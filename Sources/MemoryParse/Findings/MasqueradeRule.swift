import Evidence

/// A process that calls itself what it is not: a thread of the kernel, or a known service that is another program.
///
/// Programs that describe themselves (`sshd: admin@pts/2`, `gunicorn: master`) name themselves, not another.
enum MasqueradeRule: MemoryRule {
  private static let kernelNames = [
    "kworker/", "kthreadd", "ksoftirqd/", "migration/", "rcu_", "kswapd", "kcompactd", "khugepaged", "jbd2/",
    "watchdog",
    "kdevtmpfs", "kauditd", "khungtaskd", "oom_reaper", "writeback", "ksmd", "kblockd", "kintegrityd", "cpuhp/",
    "idle_inject",
    "scsi_eh", "irq/", "mm_percpu", "kstrp", "ext4-rsv", "xfsaild", "loop", "nvme", "edac-poller", "netns", "kmpath",
  ]
  private static let services: Set<String> = [
    "sshd", "cron", "crond", "rsyslogd", "systemd", "systemd-journald", "systemd-udevd", "systemd-logind",
    "systemd-resolved", "systemd-networkd", "systemd-timesyncd", "dbus-daemon", "agetty", "init", "nginx", "apache2",
    "httpd", "chronyd", "ntpd", "atd", "acpid", "irqbalance", "polkitd", "auditd", "snapd", "amazon-ssm-agent",
  ]

  static func check(_ scene: Scene) {
    for process in scene.userProcesses {
      let first = process.memory?.arguments.texts.first ?? ""
      let names = [first, process.task.name]
      if let name = names.first(where: { isKernelThread($0) }) {
        scene.suspect(process)
        scene.report(
          "masquerade", "Process disguised as a kernel thread", .high, attack: ["T1036.004"], process: process,
          message: "pid \(process.pid) calls itself \(name) like a thread of the kernel, but it is a program: "
            + "\(process.executable?.text ?? "unknown file").")
        continue
      }
      guard let executable = process.executable, executable.kind == .path else { continue }
      let claimed = Programs.base(String(first.split(separator: " ").first ?? ""))
      let real = Programs.base(executable.text)
      guard services.contains(claimed), claimed != real, !isAlias(claimed, real) else { continue }
      scene.report(
        "masquerade", "Process under the name of another program", .medium, .medium, attack: ["T1036.005"],
        process: process,
        message: "pid \(process.pid) calls itself \(first), but the program is \(executable.text).")
    }
  }

  /// `[kworker/0:1]` of a process, or such a name without brackets.
  static func isKernelThread(_ name: String) -> Bool {
    let inner = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : nil
    if let inner { return kernelNames.contains { inner.hasPrefix($0) } }
    return name.hasPrefix("kworker/") || name.hasPrefix("ksoftirqd/") || name == "kthreadd"
  }

  /// Names that lead to another file on every machine: `init` is systemd, udevd is a part of udevadm.
  private static func isAlias(_ claimed: String, _ real: String) -> Bool {
    if real.hasPrefix(claimed) || claimed.hasPrefix(real) { return true }
    return [
      "init": ["systemd", "busybox", "upstart"], "systemd-udevd": ["udevadm"], "sshd": ["sshd-session", "sshd-auth"],
      "agetty": ["getty", "busybox"], "apache2": ["httpd"], "httpd": ["apache2", "busybox"],
      "crond": ["busybox", "cron"],
      "ntpd": ["busybox", "ntpd"], "snapd": ["snapd"], "cron": ["crond"],
    ][claimed]?.contains(real) ?? false
  }
}
