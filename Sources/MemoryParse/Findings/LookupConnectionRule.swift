import Evidence

/// A Java program connected to the directory port of a machine outside: what a JNDI lookup leaves behind.
///
/// A company's own directory server is in private addresses; it is told there only for ports that exploit kits use.
enum LookupConnectionRule: MemoryRule {
  private static let exploitPorts: Set<UInt16> = [1389, 1099, 1097, 1098, 1636, 9999, 50389]
  private static let directoryPorts: Set<UInt16> = [389, 636, 3268, 3269]

  static func check(_ scene: Scene) {
    for held in scene.snapshot.sockets {
      guard let process = held.process, Programs.family(Programs.program(process)) == "java", held.socket.hasRemote,
        let local = held.socket.local, let remote = held.socket.remote, !remote.isLoopback
      else { continue }
      let isExploit = exploitPorts.contains(remote.port)
      guard isExploit || directoryPorts.contains(remote.port) && !isPrivate(remote.plain) else { continue }
      scene.report(
        "jndi-connection", "Java program connected to a directory port outside", .medium, .medium,
        attack: ["T1190", "T1071"], process: process, socket: held,
        message: "Java (pid \(process.pid)) is connected \(local.text) -> \(remote.text) \(held.socket.stateName), "
          + "a port of LDAP or RMI, as a JNDI lookup leaves it.")
    }
  }

  static func isPrivate(_ address: String) -> Bool {
    if address.hasPrefix("10.") || address.hasPrefix("192.168.") || address.hasPrefix("169.254.") { return true }
    if address.hasPrefix("fc") || address.hasPrefix("fd") || address.hasPrefix("fe80") { return true }
    let parts = address.split(separator: ".")
    return parts.count == 4 && parts[0] == "172" && (Int(parts[1]).map { (16...31).contains($0) } ?? false)
  }
}
