import Evidence

/// A socket that sees or writes packets as they are: a sniffer, a tunnel, or a back door that waits for a knock.
enum RawSocketRule: MemoryRule {
  static func check(_ scene: Scene) {
    var seen: Set<UInt64> = []
    for held in scene.snapshot.sockets {
      guard held.socket.family == .packet || held.socket.isInternet && held.socket.type == 3,
        seen.insert(held.socket.address).inserted
      else { continue }
      let program = held.process.map { Programs.program($0) } ?? ""
      let isKnown =
        Programs.packetTools.contains(program) || Programs.packetTools.contains(held.process?.task.name ?? "")
      let holder = held.process.map { "pid \($0.pid) (\($0.commandLine))" } ?? "no process"
      scene.report(
        "raw-socket", held.socket.family == .packet ? "Packet socket" : "Raw socket",
        isKnown ? .informational : .medium,
        isKnown ? .low : .medium, attack: isKnown ? [] : ["T1040", "T1205"], process: held.process, socket: held,
        message:
          "\(held.socket.familyName) socket of type \(held.socket.typeName), protocol \(held.socket.protocolName), "
          + "held by \(holder).")
    }
  }
}
