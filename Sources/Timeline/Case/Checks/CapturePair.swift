import Evidence

/// A memory image, and what commands on the same machine showed around the time at which it was taken.
///
/// Two sources are of one machine and one boot where most of the processes that `ps` shows are in the image under the same
/// number and name; nothing is compared otherwise.
struct CapturePair {
  struct Part {
    var artifact: Digest
    var facts: ArtifactFacts
  }

  var memory: Part
  /// When the image was taken, by the kernel's own clock in it.
  var acquired: Timestamp
  /// The memory's processes by number; kernel threads are not among them.
  var processes: [Int64: ShownProcess]
  /// A whole listing of processes.
  var listing: Part?
  /// Every capture of the same folder, the listing among them.
  var captures: [Part]
  /// When the commands were run, as far as the captures say.
  var captured: Timestamp?
  /// Captures and images that were not read whole.
  var damaged: Set<Digest>

  /// Seconds from acquisition to capture: negative where the commands were run first.
  var gap: Double? { captured.map { seconds(from: acquired, to: $0) } }

  /// Of the processes of a listing that existed when the image was taken, so many must be in it.
  private static let sameness = 0.6

  static func pairs(in table: HostFactsTable, artifacts: [ArtifactRecord], damaged: Set<Digest>) -> [CapturePair] {
    let damaged = damaged.union(table.overflowed)
    let folders = Dictionary(artifacts.map { ($0.digest, folder($0.name)) }, uniquingKeysWith: { first, _ in first })
    var groups: [String: [Part]] = [:]
    for (artifact, facts) in table.artifacts.sorted(by: { $0.key < $1.key }) where !facts.isMemory {
      groups[folders[artifact] ?? "", default: []].append(Part(artifact: artifact, facts: facts))
    }
    var made: [CapturePair] = []
    for (artifact, facts) in table.artifacts.sorted(by: { $0.key < $1.key }) where facts.isMemory {
      guard let acquired = facts.clock else { continue }
      let processes = Dictionary(facts.processes.map { ($0.pid, $0) }, uniquingKeysWith: { first, _ in first })
      for folder in groups.keys.sorted() {
        let captures = groups[folder] ?? []
        var pair = CapturePair(
          memory: Part(artifact: artifact, facts: facts), acquired: acquired, processes: processes, captures: captures,
          captured: captures.compactMap(\.facts.clock).min(), damaged: damaged)
        // Two listings of the same moment: the whole one with the most rows speaks.
        let same = captures.filter { pair.isOfThisMachine($0.facts.processes) }
        guard !same.isEmpty else { continue }
        if pair.captured == nil { pair.captured = same.flatMap { $0.facts.processes }.compactMap(\.start).max() }
        pair.listing = same.filter { pair.isWhole($0) }.max {
          ($0.facts.processes.count, $1.artifact) < ($1.facts.processes.count, $0.artifact)
        }
        made.append(pair)
      }
    }
    return made
  }

  private static func folder(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }

  private func isOfThisMachine(_ listed: [ShownProcess]) -> Bool {
    let old = listed.filter { row in
      !row.isKernelThread && (row.start.map { seconds(from: $0, to: acquired) > 60 } ?? true)
    }
    guard old.count >= 3 else { return false }
    let same = old.filter { row in processes[row.pid].map { Self.isSame($0, row) } ?? false }
    return Double(same.count) >= Self.sameness * Double(old.count)
  }

  /// Names are cut (15 bytes) and changed (`sshd: admin`), so one of both that begins the other is enough.
  static func isSame(_ memory: ShownProcess, _ listed: ShownProcess) -> Bool {
    let one = [memory.name, program(memory.command)].filter { !$0.isEmpty }
    let other = [listed.name, program(listed.command)].filter { !$0.isEmpty }
    return one.contains { a in other.contains { b in a.hasPrefix(b) || b.hasPrefix(a) } }
  }

  private static func program(_ command: String) -> String {
    let word = command.prefix { $0 != " " && $0 != ":" }
    return String(word.split(separator: "/").last ?? word)
  }

  /// A listing of all processes from the first to its own, nothing cut off: only then does an absence mean something.
  private func isWhole(_ part: Part) -> Bool {
    let rows = part.facts.processes
    guard !damaged.contains(part.artifact), rows.contains(where: { $0.pid == 1 }) else { return false }
    // `ps` is always among its own rows, near the end of a listing by number.
    guard rows.contains(where: { Self.program($0.command) == "ps" || $0.name == "ps" }) else { return false }
    // What one user may see of a system that hides the others' processes is no whole listing.
    return Set(rows.compactMap(\.user)).count > 1
  }

  /// What takes images and runs the commands of a collection.
  private static let collectors: Set<String> = [
    "insmod", "avml", "lime", "linpmem", "uac", "memdump", "ssm-document-worker", "ssm-session-worker",
  ]

  /// A process of the collection itself: a collector, what it started, or what started it.
  func isCollector(_ process: ShownProcess) -> Bool {
    func collects(_ one: ShownProcess) -> Bool {
      Self.collectors.contains(one.name) || Self.collectors.contains(Self.program(one.command))
        || one.command.contains("awsrunShellScript")
    }
    var seen: Set<Int64> = []
    var place: ShownProcess? = process
    while let current = place, current.pid > 2, seen.insert(current.pid).inserted {
      if collects(current) { return true }
      place = current.parent.flatMap { processes[$0] }
    }
    return processes.values.contains { $0.parent == process.pid && collects($0) }
  }

  /// The evidence that something is not shown: the capture as a whole.
  func absence(in part: Part) -> EvidenceReference { EvidenceReference(artifact: part.artifact, locator: .whole) }
}
