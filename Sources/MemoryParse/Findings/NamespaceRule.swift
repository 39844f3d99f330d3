import Evidence

/// A process in namespaces other than the machine's.
///
/// Services with private mounts and containers are normal and informational; what left its parent's namespaces by itself, or
/// stands alone in its service, is worth a look.
enum NamespaceRule: MemoryRule {
  static func check(_ scene: Scene) {
    guard let home = scene.snapshot.firstProcess?.namespaces else { return }
    for process in scene.userProcesses where process.pid != 1 {
      guard let own = process.namespaces else { continue }
      let differences = names(own, home)
      guard !differences.isEmpty else { continue }
      // A child that only lives where its parent does is told with the parent.
      let parent = scene.parent(of: process)
      if let inherited = parent?.namespaces, parent?.pid != 1, names(own, inherited).isEmpty { continue }
      let group = process.cgroup ?? "/"
      let container = process.container?.container
      let isService = process.task.parent == 1 && isUnit(group) && !hasHomeMember(group, process, home, scene)
      let isOrdinary = container != nil || isService && !differences.contains("net") || isEngine(parent)
      scene.report(
        "namespaces", "Process in namespaces of its own", isOrdinary ? .informational : .medium,
        isOrdinary ? .low : .medium, attack: isOrdinary ? [] : ["T1611"], process: process,
        message: "pid \(process.pid) (\(process.commandLine)) lives in other namespaces than the machine: "
          + differences.joined(separator: ", ") + (container.map { "; container \($0)" } ?? "") + ".",
        attributes: [Attribute("namespaces", .texts(differences)), Attribute("pids", .texts(members(process, scene)))])
    }
  }

  /// The process and all that live in its namespaces below it.
  private static func members(_ process: Process, _ scene: Scene) -> [String] {
    var members: [Int32] = []
    var left = [process.pid]
    while let pid = left.popLast(), members.count < 256 {
      if members.contains(pid) { continue }
      members.append(pid)
      left += (scene.children[pid] ?? []).map { $0.pid }
    }
    return members.sorted().map { String($0) }
  }

  private static func names(_ own: TaskNamespaces, _ other: TaskNamespaces) -> [String] {
    let pairs = [
      ("mnt", own.mount, other.mount), ("pid", own.pid, other.pid), ("net", own.network, other.network),
      ("uts", own.host, other.host), ("ipc", own.ipc, other.ipc), ("user", own.user, other.user),
    ]
    return pairs.filter { $0.1 != nil && $0.2 != nil && $0.1 != $0.2 }.map { $0.0 }
  }

  private static func isUnit(_ group: String) -> Bool { group.contains(".service") }

  private static func isEngine(_ parent: Process?) -> Bool {
    guard let parent else { return false }
    return [
      "containerd-shim", "containerd-shi", "conmon", "runc", "crun", "lxc-start", "systemd-nspawn", "chrome", "snap",
    ]
    .contains { Programs.program(parent).hasPrefix($0) }
  }

  /// Another process of the same service that lives in the machine's namespaces: the service itself asked for none.
  private static func hasHomeMember(
    _ group: String, _ process: Process, _ home: TaskNamespaces, _ scene: Scene
  ) -> Bool {
    scene.userProcesses.contains { other in
      other.pid != process.pid && other.cgroup == group && (other.namespaces.map { names($0, home).isEmpty } ?? false)
    }
  }
}
