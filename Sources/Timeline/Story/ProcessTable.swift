import Bytes
import Evidence

/// The host's processes, joined over memory and the collector's listings.
struct ProcessTable {
  private(set) var byPID: [Int64: ProcessNode] = [:]
  private var children: [Int64: [Int64]] = [:]

  init(_ sightings: [Sighting]) {
    // Memory first: a listing that was made after the dump may show other processes under the same number.
    let ordered = sightings.sorted {
      ($0.source, $0.artifact, $0.event.locator.order, $0.event.locator.text)
        < ($1.source, $1.artifact, $1.event.locator.order, $1.event.locator.text)
    }
    for sighting in ordered { add(sighting) }
    for (pid, node) in byPID {
      if let parent = node.parent, parent != pid { children[parent, default: []].append(pid) }
    }
    for parent in children.keys { children[parent]?.sort() }
  }

  private mutating func add(_ sighting: Sighting) {
    let event = sighting.event
    guard let pid = event.pid else { return }
    let parent = event.firstNumber("ppid", "parent_pid")
    // Where both are there, `command` is the program's short name.
    let line = event.firstText("command_line", "cmdline", "args")
    let command = line ?? event.firstText("command") ?? ""
    let name =
      event.firstText("comm", "name", "process", "process_name", "program")
      ?? (line == nil ? nil : event.firstText("command")) ?? Self.name(of: command)
    let isStart = event.timeMeaning == .start || event.timeMeaning == .creation
    if var known = byPID[pid] {
      known.parent = known.parent ?? parent
      if known.command.utf8.count < command.utf8.count { known.command = command }
      if known.name.isEmpty { known.name = name }
      known.user = known.user ?? event.firstText("user", "uid")
      known.start = known.start ?? (isStart ? event.time : nil)
      if !known.sources.contains(sighting.source) { known.sources.append(sighting.source) }
      if known.evidence.count < 8 { known.evidence.append(sighting.reference) }
      byPID[pid] = known
    } else {
      byPID[pid] = ProcessNode(
        pid: pid, parent: parent, name: name, command: command, user: event.firstText("user", "uid"),
        start: isStart ? event.time : nil, isAttack: false, connections: [], sources: [sighting.source],
        evidence: [sighting.reference])
    }
  }

  /// The program's name: the last part of the first word.
  private static func name(of command: String) -> String {
    let word = command.prefix { $0 != " " }
    return String(word.split(separator: "/").last ?? word)
  }

  func children(of pid: Int64) -> [Int64] { children[pid] ?? [] }

  /// The processes and all that descend from them. Walks each once, so a parent that is its own child ends the walk.
  func descendants(of pids: Set<Int64>) -> Set<Int64> {
    var seen = pids
    var open = Array(pids)
    while let pid = open.popLast() {
      for child in children(of: pid) where seen.insert(child).inserted { open.append(child) }
    }
    return seen
  }

  /// From the process up to the first, itself included; stops where a cycle closes.
  func ancestors(of pid: Int64) -> [Int64] {
    var chain: [Int64] = []
    var seen: Set<Int64> = []
    var place: Int64? = pid
    while let current = place, byPID[current] != nil, seen.insert(current).inserted {
      chain.append(current)
      place = byPID[current]?.parent
    }
    return chain
  }

  /// `pid 465 (bash)`
  func title(_ pid: Int64) -> String { "pid \(pid)" + (byPID[pid].map { " (\($0.name))" } ?? "") }

  func isJava(_ pid: Int64) -> Bool { byPID[pid].map { $0.name == "java" || $0.command.contains("/java ") } ?? false }

  mutating func mark(attack: Set<Int64>, connections: [Int64: [String]]) {
    for pid in attack { byPID[pid]?.isAttack = true }
    for (pid, list) in connections { byPID[pid]?.connections = Array(Set(list)).sorted() }
  }

  var sorted: [ProcessNode] { byPID.values.sorted { $0.pid < $1.pid } }

  /// Programs that read commands or fetch files; a server that starts one was told to.
  static let shells: Set<String> = [
    "sh", "bash", "dash", "ash", "zsh", "ksh", "python", "python2", "python3", "perl", "ruby", "curl", "wget", "nc",
    "ncat",
    "socat", "busybox",
  ]
}
