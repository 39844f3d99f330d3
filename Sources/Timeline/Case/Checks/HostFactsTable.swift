import Bytes
import Evidence

/// A process as one artifact shows it.
struct ShownProcess {
  var pid: Int64
  var parent: Int64?
  /// Short name and command line, either may be empty.
  var name: String
  var command: String
  var user: String?
  var start: Timestamp?
  var isZombie: Bool
  var locator: Locator

  /// A thread of the kernel, as `ps` shows it.
  var isKernelThread: Bool {
    parent == 2 || pid == 2 || command.hasPrefix("[") || command.isEmpty && name.hasPrefix("[")
  }
}

/// A socket as one artifact shows it; ports are nil where they are shown by name.
struct ShownSocket {
  var transport: String
  var state: String
  var local: String
  var localPort: Int64?
  var remote: String
  var remotePort: Int64?
  var pid: Int64?
  var program: String
  var namespace: Int64?
  var locator: Locator

  var isListening: Bool { state == "LISTEN" }
  var isEstablished: Bool { state == "ESTABLISHED" }
}

/// A kernel module as one artifact shows it.
struct ShownModule {
  var name: String
  var locator: Locator
}

/// A file that a process holds open, as one artifact shows it.
struct ShownFile {
  var pid: Int64
  var program: String
  var path: String
  var isDeleted: Bool
  var size: Int64?
  var locator: Locator
}

/// That an artifact names a process at all.
struct ShownName {
  var program: String
  var locator: Locator
}

/// What one artifact shows of its host.
struct ArtifactFacts {
  var processes: [ShownProcess] = []
  /// Processes by number that a list of sockets or files names.
  var named: [Int64: ShownName] = [:]
  var sockets: [ShownSocket] = []
  var modules: [ShownModule] = []
  var isMemory = false
  /// The kernel's clock in a memory image, the host's in a capture of `date`.
  var clock: Timestamp?
}

/// What the checks need of a case's results. Bounded; what is beyond the limits is left out, and then nothing is said of what
/// an artifact does not show.
struct HostFactsTable {
  private enum Limit {
    static let artifacts = 4096
    static let rows = 100_000
    static let files = 50_000
  }

  private(set) var artifacts: [Digest: ArtifactFacts] = [:]
  /// Open files in folders that anybody may write to.
  private(set) var files: [(artifact: Digest, file: ShownFile)] = []
  private(set) var overflowed: Set<Digest> = []

  mutating func take(_ event: Event, _ artifact: Digest) {
    switch event.dataType {
    case "linux:memory:process", "linux:capture:process":
      add(process(event), artifact, event) { $0.processes.append($1) }
    case "linux:memory:socket", "linux:capture:socket":
      name(event, artifact)
      add(socket(event), artifact, event) { $0.sockets.append($1) }
    case "linux:memory:module", "linux:module":
      let name = event.firstText("module", "name").map { ShownModule(name: $0, locator: event.locator) }
      add(name, artifact, event) { $0.modules.append($1) }
    case "linux:memory:acquisition", "linux:host:clock":
      guard let time = event.time else { return }
      change(artifact, event) { facts in facts.clock = max(facts.clock ?? time, time) }
    case "linux:capture:open_file":
      takeFile(event, artifact)
      name(event, artifact)
      add(socket(event), artifact, event) { $0.sockets.append($1) }
    default: break
    }
  }

  private mutating func change(_ artifact: Digest, _ event: Event, _ body: (inout ArtifactFacts) -> Void) {
    guard artifacts[artifact] != nil || artifacts.count < Limit.artifacts else { return }
    body(&artifacts[artifact, default: ArtifactFacts(isMemory: event.dataType.hasPrefix("linux:memory:"))])
  }

  private mutating func add<Row>(
    _ row: Row?, _ artifact: Digest, _ event: Event, _ body: (inout ArtifactFacts, Row) -> Void
  ) {
    guard let row else { return }
    if let known = artifacts[artifact], known.processes.count + known.sockets.count + known.modules.count >= Limit.rows
    {
      overflowed.insert(artifact)
      return
    }
    change(artifact, event) { body(&$0, row) }
  }

  private mutating func name(_ event: Event, _ artifact: Digest) {
    guard let pid = event.pid, artifacts[artifact]?.named[pid] == nil,
      artifacts[artifact]?.named.count ?? 0 < Limit.rows
    else { return }
    let program = event.firstText("comm", "program", "command") ?? ""
    change(artifact, event) { $0.named[pid] = ShownName(program: program, locator: event.locator) }
  }

  private func process(_ event: Event) -> ShownProcess? {
    guard let pid = event.pid, pid > 0 else { return nil }
    let line = event.firstText("command_line")
    return ShownProcess(
      pid: pid, parent: event.firstNumber("ppid"), name: event.firstText("comm", "command") ?? "", command: line ?? "",
      user: event.firstText("user", "uid"), start: event.timeMeaning == .start ? event.time : nil,
      isZombie: event.text("state") == "zombie" || event.text("process_state")?.hasPrefix("Z") ?? false
        || (line ?? "").hasSuffix("<defunct>"),
      locator: event.locator)
  }

  private func socket(_ event: Event) -> ShownSocket? {
    guard let transport = event.firstText("protocol"), transport.hasPrefix("tcp") else { return nil }
    return ShownSocket(
      transport: "tcp", state: event.firstText("state") ?? "", local: event.firstText("local_address") ?? "",
      localPort: event.firstNumber("local_port"), remote: event.firstText("remote_address") ?? "",
      remotePort: event.firstNumber("remote_port"), pid: event.pid,
      program: event.firstText("comm", "program", "command") ?? "", namespace: event.firstNumber("network_namespace"),
      locator: event.locator)
  }

  private mutating func takeFile(_ event: Event, _ artifact: Digest) {
    guard let pid = event.pid, event.text("file_type") == "REG", event.firstNumber("fd_number") != nil,
      let name = event.text("name")
    else { return }
    add(
      ShownFile(
        pid: pid, program: event.firstText("command") ?? "", path: name, isDeleted: false,
        size: event.firstNumber("size"), locator: event.locator), artifact)
  }

  mutating func take(row: ByteView, view: String, _ artifact: Digest) {
    guard view == "lsof", row.contains("/tmp/") || row.contains("/shm/") else { return }
    let json = JSONView(row)
    guard json["Type"]?.string == "REG", let pid = json["PID"]?.integer, let path = json["Path"]?.string else { return }
    var locator = Locator()
    locator.pid = pid
    locator.other["view"] = "lsof"
    locator.other["fd"] = json["FD"]?.integer.map(String.init)
    add(
      ShownFile(
        pid: pid, program: json["Process"]?.string ?? "", path: path, isDeleted: false, size: json["Size"]?.integer,
        locator: locator), artifact)
  }

  private mutating func add(_ file: ShownFile, _ artifact: Digest) {
    var file = file
    if file.path.hasSuffix(" (deleted)") {
      file.path = String(file.path.dropLast(10))
      file.isDeleted = true
    }
    guard AttackMarks.isDropPlace(file.path), files.count < Limit.files else { return }
    files.append((artifact, file))
  }
}
