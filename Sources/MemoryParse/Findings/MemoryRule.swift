import Evidence

/// One rule over the state of a machine. A rule is a file; what it must not say of an innocent machine stands in its comment.
protocol MemoryRule {
  static func check(_ scene: Scene)
}

enum MemoryRules {
  /// Shells first: what they point to is asked by the rules behind them.
  static var all: [any MemoryRule.Type] {
    [
      ReverseShellRule.self, ShellStreamRule.self, ServiceShellRule.self, SuspectConnectionRule.self,
      LookupConnectionRule.self, MasqueradeRule.self, ExecutableRule.self, PreloadRule.self, CodeInMemoryRule.self,
      NamespaceRule.self, TraceRule.self, RawSocketRule.self, HiddenProcessRule.self, HiddenModuleRule.self,
      HiddenSocketRule.self,
    ]
  }

  static func check(_ snapshot: Snapshot, artifact: Digest, into sink: any ResultSink) {
    let scene = Scene(snapshot, artifact: artifact, sink: sink)
    for rule in all { rule.check(scene) }
  }
}

/// What rules share: the machine, and what the rules before have said of its processes.
final class Scene {
  let snapshot: Snapshot
  private let artifact: Digest
  private let sink: any ResultSink
  /// Processes that belong to an attack, with all that descend from them.
  private(set) var suspects: Set<Int32> = []
  /// Far ends of attackers' shells.
  var hostileAddresses: Set<String> = []
  lazy var children: [Int32: [Process]] = Dictionary(grouping: snapshot.processes) { $0.task.parent }

  init(_ snapshot: Snapshot, artifact: Digest, sink: any ResultSink) {
    self.snapshot = snapshot
    self.artifact = artifact
    self.sink = sink
  }

  /// Processes of users and services: those with a memory of their own.
  lazy var userProcesses: [Process] = snapshot.processes.filter { !$0.task.isKernelThread && $0.task.memory != nil }

  /// Marks a process and its descendants.
  func suspect(_ process: Process) {
    var left = [process.pid]
    while let pid = left.popLast() {
      guard suspects.insert(pid).inserted else { continue }
      left += (children[pid] ?? []).map { $0.pid }
    }
  }

  func parent(of process: Process) -> Process? { snapshot.processByPID[process.task.parent] }

  func report(
    _ rule: String, _ title: String, _ severity: Severity, _ confidence: Confidence = .high, attack: [String] = [],
    process: Process? = nil, socket: Snapshot.HeldSocket? = nil, locator: Locator? = nil, at time: Timestamp? = nil,
    message: String, attributes: [Attribute] = []
  ) {
    var all: [Attribute] = []
    var entities: [Entity] = []
    if let process {
      all.append(Attribute("pid", Int64(process.pid)))
      all.append(Attribute("ppid", Int64(process.task.parent)))
      all.append(Attribute("comm", process.task.name))
      all.add("command_line", process.commandLine)
      all.add("exe", process.executable?.text)
      all.append(Attribute("uid", Int64(process.task.credentials.uid)))
      entities += snapshot.entities(of: process)
    }
    if let socket = socket?.socket, let local = socket.local, let remote = socket.remote {
      all.append(Attribute("local_host", local.plain))
      all.append(Attribute("local_port", Int64(local.port)))
      if socket.hasRemote {
        all.append(Attribute("remote_host", remote.plain))
        all.append(Attribute("remote_port", Int64(remote.port)))
      }
      entities += snapshot.entities(of: socket)
    }
    var place = locator ?? process?.locator ?? socket.map { snapshot.locator(of: $0) } ?? .whole
    // One process may break a rule on several sockets: each has its own place.
    if let socket, process != nil, locator == nil {
      place = snapshot.locator(of: socket)
      place.pid = process.map { Int64($0.pid) }
    }
    sink.finding(
      Finding(
        rule: "memory." + rule, title: title, severity: severity, confidence: confidence, attack: attack,
        // A socket is younger than its process, and memory does not say by how much.
        firstSeen: time ?? (socket == nil ? process?.started : nil), entities: entities,
        evidence: [EvidenceReference(artifact: artifact, locator: place)], message: message,
        attributes: all + attributes))
  }
}
