import Bytes
import Evidence

/// One socket as netstat, ss or lsof list it, in one vocabulary whatever the tool.
struct SocketRow {
  /// `tcp`, `udp`, `raw`, `unix` …, without the 6 of the tool.
  var networkProtocol: String
  /// `inet`, `inet6` or `unix`.
  var family: String
  var local: Endpoint?
  var remote: Endpoint?
  /// netstat's words: `ESTABLISHED`, `LISTEN`, `TIME_WAIT`.
  var state: String?
  var pid: Int64?
  var program: String?
  var fd: Int64?
  var uid: Int64?
  var user: String?
  var inode: Int64?
  /// Unix sockets: `STREAM`, `DGRAM`, `SEQPACKET`, and the path they are bound to.
  var type: String?
  var path: String?
  /// Bytes waiting.
  var receiveQueue: Int64?
  var sendQueue: Int64?

  /// - Parameter name: the tool's name of the protocol, `tcp6`.
  init(tool name: ByteView) {
    let isSix = name[name.count - 1] == 0x36
    networkProtocol = (isSix ? name.dropLast(1) : name).string
    family = isSix ? "inet6" : "inet"
  }

  /// ss's and lsof's words in netstat's spelling.
  static func state(_ text: ByteView) -> String? {
    switch text {
    case _ where text.isEmpty: nil
    case _ where text == "ESTAB": "ESTABLISHED"
    case _ where text == "UNCONN": nil
    // netstat translates its words.
    case _ where text[0] >= 0x80 || states[text.string] != nil: states[text.string] ?? text.string
    default: String(decoding: text.array.map { $0 == 0x2D ? 0x5F : $0 }, as: UTF8.self)
    }
  }

  /// Of net-tools in German, Spanish, Portuguese, Czech and Estonian.
  private static let states: [String: String] = [
    "VERBUNDEN": "ESTABLISHED", "ESTABLECIDO": "ESTABLISHED", "ESTABELECIDA": "ESTABLISHED", "SPOJENO": "ESTABLISHED",
    "ÜHENDATUD": "ESTABLISHED", "ESCUCHAR": "LISTEN", "OUÇA": "LISTEN", "NASLOUCHÁ": "LISTEN", "KUULAN": "LISTEN",
  ]

  /// Of a pair of ends that names a distinct connection.
  var socketName: String? {
    guard let local, let remote, remote.port != nil, remote.address != "*" else { return nil }
    return "\(local.text)->\(remote.text)/\(networkProtocol)"
  }

  func event(_ locator: Locator) -> Event {
    var message = "\(program ?? "An unnamed program") " + (pid.map { "(pid \($0)) " } ?? "") + "has \(networkProtocol)"
    var entities: [Entity] = []
    var attributes: [Attribute] = [Attribute("protocol", networkProtocol), Attribute("family", family)]
    if let local {
      message += " \(local.text)"
      attributes.addEndpoint("local", local)
      if local.isSpecific { entities.append(Entity(.address, local.address ?? "")) }
    }
    if let remote {
      if remote.port != nil || remote.service != nil { message += " -> \(remote.text)" }
      attributes.addEndpoint("remote", remote)
      if remote.isSpecific { entities.append(Entity(.address, remote.address ?? "")) }
    }
    if family == "unix" {
      message += " \(type ?? "") socket" + (path.map { " \($0)" } ?? "")
      attributes.add("socket_type", type)
      attributes.add("path", path)
    }
    if let state { message += " \(state)" }
    attributes.add("state", state)
    attributes.add("pid", pid)
    attributes.add("program", program)
    attributes.add("fd_number", fd)
    attributes.add("uid", uid)
    attributes.add("user", user)
    attributes.add("inode", inode)
    attributes.add("receive_queue", receiveQueue)
    attributes.add("send_queue", sendQueue)
    if let pid { entities.append(Entity(.process, String(pid))) }
    if let socketName { entities.append(Entity(.socket, socketName)) }
    return Event(
      time: nil, dataType: "linux:capture:socket", message: message + ".", entities: entities, attributes: attributes,
      locator: locator)
  }
}

extension [Attribute] {
  /// `local_address`, `local_port`, and what stands for them where the tool printed names.
  mutating func addEndpoint(_ side: String, _ end: Endpoint) {
    add("\(side)_address", end.address == "*" ? nil : end.address)
    add("\(side)_host", end.host)
    add("\(side)_port", end.port)
    add("\(side)_service", end.service)
    add("\(side)_device", end.device)
  }
}
