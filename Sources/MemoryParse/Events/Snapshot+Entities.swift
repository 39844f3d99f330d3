import Evidence

/// What the things of a snapshot are called in events and findings.
extension Snapshot {
  /// `user tomcat`, or `uid 960` where `/etc/passwd` is not in memory.
  func user(_ uid: UInt32) -> String { userNames[uid].map { "user \($0)" } ?? "uid \(uid)" }

  func entities(of process: Process) -> [Entity] {
    var entities = [Entity(.process, String(process.pid))]
    if let user = userNames[process.task.credentials.uid] { entities.append(Entity(.user, user)) }
    if let id = process.container?.container { entities.append(Entity(.container, id)) }
    return entities
  }

  func entities(of socket: Socket) -> [Entity] {
    guard let local = socket.local, let remote = socket.remote, socket.hasRemote else { return [] }
    return [
      Entity(.socket, "\(local.text)->\(remote.text)/\(socket.protocolName.lowercased())"),
      Entity(.address, remote.plain),
    ]
  }

  func locator(of held: HeldSocket) -> Locator {
    var locator = Locator()
    locator.pid = held.process.map { Int64($0.pid) }
    locator.virtual = held.socket.address
    locator.physical = kernel.space.physical(held.socket.address)
    if let descriptor = held.descriptor { locator.other["fd"] = String(descriptor) }
    return locator
  }
}
