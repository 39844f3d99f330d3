import Evidence

/// Connections of processes that belong to an attack, and anybody's connections to where an attacker's shell goes.
enum SuspectConnectionRule: MemoryRule {
  static func check(_ scene: Scene) {
    for process in scene.userProcesses where isOutOfPlace(process) { scene.suspect(process) }
    for held in scene.snapshot.sockets where held.socket.isInternet {
      guard let local = held.socket.local, let remote = held.socket.remote else { continue }
      let isHostile = held.socket.hasRemote && scene.hostileAddresses.contains(remote.plain)
      let isSuspect = held.process.map { scene.suspects.contains($0.pid) } ?? false
      guard isHostile || isSuspect && !(remote.isLoopback || local.isLoopback) else { continue }
      // Standard streams were told with the shell.
      if let descriptor = held.descriptor, descriptor <= 2 || descriptor == 255 { continue }
      let holder = held.process.map { "pid \($0.pid) (\($0.commandLine))" } ?? "no process any more"
      let why = isHostile ? "the address that a reverse shell goes to" : "held by a process that is part of an attack"
      scene.report(
        "suspect-connection", isHostile ? "Connection to an attacker's address" : "Connection of a suspect process",
        isHostile ? .high : .medium, isHostile ? .high : .medium, attack: ["T1071"], process: held.process,
        socket: held,
        message:
          "\(held.socket.protocolName) \(local.text) -> \(remote.text) \(held.socket.stateName), \(holder): \(why).")
    }
  }

  /// A program, or a script of an interpreter, in a place where anybody may write.
  static func isOutOfPlace(_ process: Process) -> Bool {
    guard let executable = process.executable, executable.kind == .path else { return false }
    if Programs.isOpenToAll(executable.text) || executable.text.hasPrefix("/memfd:") { return true }
    guard Programs.interpreters.contains(Programs.family(executable.text)), let memory = process.memory else {
      return false
    }
    let script = memory.arguments.texts.dropFirst().first { !$0.hasPrefix("-") }
    return script.map { Programs.isOpenToAll($0) } ?? false
  }
}
