import Evidence

/// A shell of which some standard stream is an internet socket, without being a reverse shell: one stream only, or a connection
/// to the machine itself, which is how a tunnel ends.
///
/// Not said of unix sockets, through which services write to the journal. Scripts below inetd or a socket unit have such
/// streams, too: so it is never more than medium, with low confidence.
enum ShellStreamRule: MemoryRule {
  static func check(_ scene: Scene) {
    for process in scene.userProcesses where Programs.isShell(process) && !scene.suspects.contains(process.pid) {
      guard
        let held = process.sockets.first(where: {
          $0.descriptor <= 2 && $0.socket.isInternet && ($0.socket.type == 1 || $0.socket.hasRemote)
        })
      else { continue }
      let streams = process.sockets.filter { $0.descriptor <= 2 && $0.socket.address == held.socket.address }
        .map { ["input", "output", "error"][$0.descriptor] }
      let ends = [held.socket.local?.text, held.socket.remote?.text].compactMap { $0 }.joined(separator: " -> ")
      scene.report(
        "shell-socket", "Shell with a socket as standard stream", .medium, .low, attack: ["T1059.004"],
        process: process,
        socket: Snapshot.HeldSocket(
          socket: held.socket, process: process, descriptor: held.descriptor, isListed: true),
        message:
          "pid \(process.pid) (\(process.commandLine)): standard \(streams.joined(separator: ", ")) is the socket "
          + "\(ends) (\(held.socket.protocolName.lowercased())).",
        attributes: [Attribute("streams", .texts(streams))])
    }
  }
}
