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
    let threads = Set(scene.snapshot.processes.filter { $0.task.isKernelThread }.map { stem($0.task.name) })
    for process in scene.userProcesses {
      let first = process.memory?.arguments.texts.first ?? ""
      let names = [first, process.task.name]
      if let name = names.first(where: { isKernelThread($0, ofThisKernel: threads) }) {
        scene.suspect(process)
        scene.report(
          "masquerade", "Process disguised as a kernel thread", .high, attack: ["T1036.004"], process: process,
          message: "pid \(process.pid) calls itself \(name) like a thread of the kernel, but it is a program: "
            + "\(process.executable?.text ?? "unknown file").")
        continue
      }
      guard let executable = process.executable, executable.kind == .path else { continue }
      let real = Programs.base(executable.text)
      let claimed = Programs.base(String(first.split(separator: " ").first ?? ""))
      let name = process.task.name
      if disagree(claimed, real) {
        scene.report(
          "masquerade", "Process under the name of another program", .medium, .medium, attack: ["T1036.005"],
          process: process,
          message: "pid \(process.pid) calls itself \(first), but the program is \(executable.text).")
      } else if disagree(name, real), !isScript(process, name) {
        scene.report(
          "masquerade", "Process under the name of another program", .medium, .medium, attack: ["T1036.005"],
          process: process,
          message: "pid \(process.pid) is named \(name), but the program is \(executable.text).")
      }
    }
  }

  private static func disagree(_ claimed: String, _ real: String) -> Bool {
    services.contains(claimed) && claimed != real && !isAlias(claimed, real)
  }

  /// A script is named by its file, and the program is what runs it.
  private static func isScript(_ process: Process, _ name: String) -> Bool {
    (process.memory?.arguments.texts ?? []).dropFirst().contains { Programs.base($0).hasPrefix(name) }
  }

  /// What threads of one kind have in common: `kworker/u8:2` → `kworker`.
  private static func stem(_ name: String) -> String {
    let end = name.firstIndex { $0 == "/" || $0 == ":" || $0.isNumber } ?? name.endIndex
    return String(name[..<end])
  }

  /// `[kworker/0:1]` of a process, or such a name without brackets.
  ///
  /// - Parameter stems: of the threads that the kernel of the image does run.
  static func isKernelThread(_ name: String, ofThisKernel stems: Set<String> = []) -> Bool {
    let inner = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : nil
    if let inner {
      let own = stem(inner)
      return kernelNames.contains { inner.hasPrefix($0) } || own.utf8.count > 3 && stems.contains(own)
    }
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
