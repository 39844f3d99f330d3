import Evidence

/// A shell, or what a shell became, whose standard input and output are a connection to another machine.
///
/// Not said of: shells behind sshd (a pseudo-terminal), of services whose output is a socket to the journal (a unix socket),
/// of programs that only one of the three streams ties to a socket, and of connections to the machine itself.
enum ReverseShellRule: MemoryRule {
  static func check(_ scene: Scene) {
    let processes = scene.userProcesses
    var direct: Set<Int32> = []
    for process in processes {
      guard let held = stream(process, scene) else { continue }
      direct.insert(process.pid)
      tell(process, held, way(process, held, scene), scene)
    }
    for process in processes where Programs.isShell(process) && !direct.contains(process.pid) {
      guard !scene.suspects.contains(process.pid), let (relay, held) = relay(of: process, scene) else { continue }
      let name = Programs.program(relay)
      tell(process, held, "relayed by \(name) (pid \(relay.pid))", scene)
      scene.suspect(relay)
    }
  }

  private static func tell(_ process: Process, _ held: Snapshot.HeldSocket, _ way: String, _ scene: Scene) {
    guard let local = held.socket.local, let remote = held.socket.remote else { return }
    scene.suspect(process)
    scene.hostileAddresses.insert(remote.plain)
    let isInbound = isListening(local.port, scene)
    let title = isInbound ? "Shell bound to a connection from outside" : "Reverse shell"
    scene.report(
      "reverse-shell", title, Programs.isShell(process) ? .critical : .high, attack: ["T1059.004", "T1071"],
      process: process, socket: held, at: process.started,
      message: "\(title): pid \(process.pid) (\(process.commandLine)), \(way), "
        + "\(local.text) -> \(remote.text) (\(held.socket.protocolName.lowercased())), "
        + "\(scene.snapshot.user(process.task.credentials.uid)).",
      attributes: [Attribute("technique", way)])
  }

  /// The remote connection that is both input and output.
  private static func stream(_ process: Process, _ scene: Scene) -> Snapshot.HeldSocket? {
    let standard = process.sockets.filter { $0.descriptor <= 2 && isRemote($0.socket, scene) }
    guard let input = standard.first(where: { $0.descriptor == 0 }),
      standard.contains(where: { $0.descriptor > 0 && $0.socket.address == input.socket.address })
    else { return nil }
    // Services that a super-server starts have their connection so, too: only what runs commands counts.
    let family = Programs.family(Programs.program(process))
    guard Programs.isShell(process) || Programs.relays.contains(family) || scene.suspects.contains(process.pid) else {
      return nil
    }
    return Snapshot.HeldSocket(socket: input.socket, process: process, descriptor: 0, isListed: true)
  }

  private static func isRemote(_ socket: Socket, _ scene: Scene) -> Bool {
    guard socket.isInternet, socket.hasRemote, let remote = socket.remote, let local = socket.local else {
      return false
    }
    return !remote.isLoopback && remote.plain != local.plain
  }

  private static func way(_ process: Process, _ held: Snapshot.HeldSocket, _ scene: Scene) -> String {
    let program = Programs.program(process)
    let count = process.sockets.filter { $0.socket.address == held.socket.address && $0.descriptor <= 2 }.count
    let streams = count == 3 ? "standard input, output and error" : "standard input and output"
    let line = process.commandLine
    if line.contains("pty.spawn") {
      return "\(streams) of \(program) are a TCP connection; it opens a terminal (pty.spawn)"
    }
    if let parent = scene.parent(of: process), parent.commandLine.contains("/dev/tcp/") {
      return "\(streams) are a TCP connection opened with /dev/tcp"
    }
    return "\(streams) of \(program) are a \(held.socket.protocolName) connection"
  }

  private static func isListening(_ port: UInt16, _ scene: Scene) -> Bool {
    scene.snapshot.sockets.contains { $0.socket.stateName == "LISTEN" && $0.socket.local?.port == port }
  }

  /// Programs made to tie a connection to a command.
  private static let connectors: Set<String> = [
    "nc", "ncat", "netcat", "nc.openbsd", "nc.traditional", "socat", "openssl", "telnet",
  ]

  /// A shell whose pipes or terminal are held by a program with a connection to another machine.
  ///
  /// Agents run scripts of shells with pipes, too: of an interpreter only a shell without any script counts, and only on a
  /// connection that the interpreter opened itself.
  private static func relay(of shell: Process, _ scene: Scene) -> (Process, Snapshot.HeldSocket)? {
    let paths = scene.snapshot.paths
    func name(_ process: Process, _ descriptor: Int) -> FileName? {
      process.files.first { $0.descriptor == descriptor }.flatMap { paths.name(ofFile: $0.file) }
    }
    guard let input = name(shell, 0), let output = name(shell, 1) else { return nil }
    let hasScript = (shell.memory?.arguments.texts ?? []).dropFirst().contains {
      !$0.hasPrefix("-") || $0.hasSuffix("c")
    }
    for candidate in scene.userProcesses where candidate.pid != shell.pid && !Programs.isShell(candidate) {
      let program = Programs.program(candidate)
      let isConnector = connectors.contains(program)
      guard isConnector || !hasScript && ["python", "perl", "ruby", "php"].contains(Programs.family(program)),
        let found = candidate.sockets.first(where: {
          isRemote($0.socket, scene) && $0.socket.stateName == "ESTABLISHED"
        }),
        let local = found.socket.local, isConnector || !isListening(local.port, scene)
      else { continue }
      let held = Snapshot.HeldSocket(
        socket: found.socket, process: candidate, descriptor: found.descriptor, isListed: true)
      let own = Set(candidate.files.compactMap { paths.name(ofFile: $0.file)?.text })
      if output.text.hasPrefix("/dev/pts/") {
        // The relay opened the terminal for its own child.
        if shell.task.parent == candidate.pid, own.contains(where: { $0.hasSuffix("/ptmx") }) {
          return (candidate, held)
        }
        continue
      }
      guard isPipe(output), own.contains(output.text), isPipe(input) else { continue }
      // Both directions: the relay holds the input too, or a named pipe or a pipeline brings it.
      if own.contains(input.text) || isConnector { return (candidate, held) }
    }
    return nil
  }

  private static func isPipe(_ name: FileName) -> Bool {
    name.kind == .pipe || name.kind == .path && !name.text.hasPrefix("/dev/")
  }
}
