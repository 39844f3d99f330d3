import Evidence

/// Files in folders that anybody may write to, held open by a process of the attack: a lock, a log, a loot file. Of other
/// processes only names that `ls` does not show are told, at low severity.
///
/// Not told: what is there on every machine by that name (X and ICE locks of a display server, private folders of systemd's
/// services, counters of Java) and files that only descend from a shell with a terminal of its own.
enum HeldFileCheck {
  static func findings(_ facts: HostFactsTable, artifacts: [ArtifactRecord], given findings: [Finding]) -> [Finding] {
    let attack = attackers(findings, facts)
    var byPath: [String: [(artifact: Digest, file: ShownFile)]] = [:]
    for one in facts.files { byPath[one.file.path, default: []].append(one) }
    return byPath.keys.sorted().compactMap { path in
      guard let holders = byPath[path], !isUsual(path, holders.map(\.file.program)) else { return nil }
      let hostile = holders.filter { attack.contains($0.file.pid) }
      let isHidden = path.split(separator: "/").contains { $0.hasPrefix(".") }
      guard !hostile.isEmpty || isHidden else { return nil }
      return finding(path, hostile.isEmpty ? holders : hostile, isHostile: !hostile.isEmpty, isHidden, artifacts)
    }
  }

  /// Rules about what a process is or does, not about text that it holds.
  private static let telling: Set<String> = [
    "memory.reverse-shell", "reverse-shell.socket", "memory.service-shell", "memory.hidden-process",
    "memory.masquerade",
    "memory.memfd-executable", "memory.deleted-executable", "memory.executable-in-open-place", "memory.preload",
    "memory.elf-in-anonymous-memory", "contradiction.hidden-process",
  ]

  /// Processes that findings of high severity say are an intruder's, and all that descend from them. Where text was found does
  /// not count: the memory of the server that was attacked holds it too.
  private static func attackers(_ findings: [Finding], _ facts: HostFactsTable) -> Set<Int64> {
    var pids: Set<Int64> = []
    for finding in findings where finding.severity >= .high && telling.contains(finding.rule) {
      if let pid = finding.pid, pid > 2 { pids.insert(pid) }
    }
    var children: [Int64: Set<Int64>] = [:]
    for process in facts.artifacts.values.lazy.flatMap(\.processes) {
      if let parent = process.parent, parent != process.pid { children[parent, default: []].insert(process.pid) }
    }
    var open = Array(pids)
    while let pid = open.popLast() {
      for child in children[pid] ?? [] where child > 2 && pids.insert(child).inserted { open.append(child) }
    }
    return pids
  }

  private static func isUsual(_ path: String, _ programs: [String]) -> Bool {
    let parts = path.split(separator: "/").map(String.init)
    if parts.contains(where: {
      $0.hasPrefix("systemd-private-") || $0.hasPrefix("hsperfdata_") || $0.hasPrefix(".org.")
    }) {
      return true
    }
    // PostgreSQL, MySQL and kin hold files of their own without names, and shared memory of theirs.
    if path.hasPrefix("/dev/shm/"), !parts.contains(where: { $0.hasPrefix(".") }) {
      return ["PostgreSQL.", "sem.", "lttng-", "pulse-shm-", ".org.chromium"].contains {
        (parts.last ?? "").hasPrefix($0)
      }
    }
    let displays = ["Xorg", "X", "Xwayland", "Xvfb", "Xvnc", "Xtigervnc", "gnome-session", "xfce4-session"]
    let isDisplay = !programs.isEmpty && programs.allSatisfy { program in displays.contains { program.hasPrefix($0) } }
    let sockets: Set<String> = [".X11-unix", ".ICE-unix", ".XIM-unix", ".font-unix", ".Test-unix"]
    if parts.contains(where: { sockets.contains($0) }) { return isDisplay }
    // `.X0-lock`: a number, and nothing else, stands before the hyphen.
    if let name = parts.last, name.hasPrefix(".X"), name.hasSuffix("-lock"), Int(name.dropFirst(2).dropLast(5)) != nil {
      return isDisplay
    }
    return false
  }

  private static func finding(
    _ path: String, _ holders: [(artifact: Digest, file: ShownFile)], isHostile: Bool, _ isHidden: Bool,
    _ artifacts: [ArtifactRecord]
  ) -> Finding {
    let pids = Array(Set(holders.map(\.file.pid))).sorted()
    let names = pids.map { pid in "pid \(pid) (\(holders.first { $0.file.pid == pid }?.file.program ?? "?"))" }
    let changed = artifacts.sorted { $0.digest < $1.digest }.lazy.filter { one in
      one.paths.contains { $0.hasSuffix(path) }
    }
    .compactMap { $0.times.first { $0.meaning == .modification }?.time }.first
    let kind = isHidden ? "hidden file" : "file"
    let deleted = holders.contains { $0.file.isDeleted } ? ", deleted meanwhile," : ""
    let size = holders.lazy.compactMap(\.file.size).first
    var finding = Finding(
      rule: isHostile ? "incident.held-file" : "held-hidden-file",
      title: isHostile ? "A file that the attack holds open" : "A hidden file held open in a folder open to all",
      severity: isHostile ? .medium : .low, confidence: isHostile ? .high : .low, attack: ["T1564.001"],
      firstSeen: changed, entities: [Entity(.file, path)] + pids.prefix(16).map { Entity(.process, String($0)) },
      evidence: holders.prefix(8).map { EvidenceReference(artifact: $0.artifact, locator: $0.file.locator) },
      message: "The \(kind) \(path)\(deleted) is held open by \(names.prefix(8).joined(separator: ", "))"
        + (isHostile ? ", which \(pids.count == 1 ? "is" : "are") part of the attack" : "")
        + (size.map { "; it has \($0) bytes." } ?? "."))
    finding.attributes.add("path", path)
    finding.attributes.add("pid", pids.first)
    finding.attributes.add("size", size)
    return finding
  }
}
