import Evidence

/// Files that the attack's commands name: what it dropped, ran, packed and scheduled.
enum AttackFiles {
  /// Gives each finding of the attack its files as entities, so that they can be joined by them.
  ///
  /// Only commands of the attack's own processes speak first. Then whatever names one of these very files is the attack's
  /// too: the cron job that starts it, long after its writer has gone.
  static func name(in findings: inout [Finding], by pids: Set<Int64>) {
    var known: Set<String> = []
    for index in findings.indices where findings[index].pid.map(pids.contains) ?? false {
      let paths = Self.paths(findings[index])
      known.formUnion(paths)
      findings[index].add(files: paths)
    }
    guard !known.isEmpty else { return }
    for index in findings.indices where !(findings[index].pid.map(pids.contains) ?? false) {
      findings[index].add(files: paths(findings[index]).filter(known.contains))
    }
  }

  /// Files in folders that anybody may write to, which the finding's command names.
  static func paths(_ finding: Finding) -> [String] {
    var found: [String] = []
    for text in [finding.text("payload"), finding.text("command_line"), finding.text("inner_command"), finding.message]
    {
      for path in paths(in: text ?? "") where !found.contains(path) && found.count < 16 { found.append(path) }
    }
    return found
  }

  private static let folders = ["/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/", "/var/spool/cron/"]

  /// Paths as a shell would read them: to the next blank, quote or operator.
  static func paths(in text: String) -> [String] {
    guard text.utf8.count <= 1 << 16 else { return [] }
    var found: [String] = []
    for word in text.utf8.split(whereSeparator: { Self.ends($0) }) {
      let word = String(Substring(word))
      guard let folder = folders.first(where: { word.hasPrefix($0) }), word.utf8.count > folder.utf8.count,
        word.utf8.count < 1024
      else { continue }
      // A sentence that ends with a path adds its full stop.
      let path = word.hasSuffix(".") || word.hasSuffix(",") ? String(word.dropLast()) : word
      if path.utf8.count > folder.utf8.count, !path.hasSuffix("/") { found.append(path) }
    }
    return found
  }

  private static func ends(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte >= 0x7F || "\"'`;|&<>()@=,{}$*?[]".utf8.contains(byte)
  }
}

extension Finding {
  fileprivate mutating func add(files: [String]) {
    for path in files where !entities.contains(Entity(.file, path)) { entities.append(Entity(.file, path)) }
  }
}
