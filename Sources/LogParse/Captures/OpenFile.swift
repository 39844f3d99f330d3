import Bytes
import Evidence

/// A file, socket or pipe that a process holds open, as lsof tells it in either of its layouts.
struct OpenFile {
  var command: String?
  var pid: Int64?
  var tid: Int64?
  var thread: String?
  var ppid: Int64?
  var pgid: Int64?
  var uid: Int64?
  var user: String?
  /// `0u`, `cwd`, `mem`.
  var fd: String?
  /// `REG`, `IPv4`, `unix`, `FIFO` …
  var type: String?
  var device: String?
  var size: String?
  /// The inode, or a socket's protocol.
  var node: String?
  var name = ""
  /// A socket's state, where it does not stand behind the name.
  var state: String?

  /// `255` of `255u`; nil for `cwd`, `txt`, `mem`.
  var fdNumber: Int64? {
    guard let fd, let first = fd.utf8.first, (0x30...0x39).contains(first) else { return nil }
    return Int64(fd.prefix { $0.isASCII && $0.isNumber })
  }

  func event(_ locator: Locator) -> Event {
    var attributes: [Attribute] = []
    var entities: [Entity] = []
    attributes.add("pid", pid)
    attributes.add("tid", tid)
    attributes.add("ppid", ppid)
    attributes.add("pgid", pgid)
    attributes.add("command", command)
    attributes.add("thread", thread)
    attributes.add("uid", uid)
    attributes.add("user", user)
    attributes.add("fd", fd)
    attributes.add("fd_number", fdNumber)
    attributes.add("file_type", type)
    attributes.add("device", device)
    attributes.add("size", size)
    if let pid { entities.append(Entity(.process, String(pid))) }
    if let user { entities.append(Entity(.user, user)) }
    var shown = name
    if let socket = socket {
      attributes.add("protocol", socket.networkProtocol)
      attributes.add("family", socket.family)
      if let local = socket.local {
        attributes.addEndpoint("local", local)
        shown = "\(socket.networkProtocol) \(local.text)"
        if local.isSpecific { entities.append(Entity(.address, local.address ?? "")) }
      }
      if let remote = socket.remote {
        attributes.addEndpoint("remote", remote)
        shown += " -> \(remote.text)"
        if remote.isSpecific { entities.append(Entity(.address, remote.address ?? "")) }
      }
      if let state = socket.state { shown += " \(state)" }
      attributes.add("state", socket.state)
      // lsof shows a socket's inode as its device.
      attributes.add("inode", device.flatMap { Int64($0) })
      if let name = socket.socketName { entities.append(Entity(.socket, name)) }
    } else {
      attributes.add("inode", node.flatMap { Int64($0) })
      // What lsof was not let look at, it names by its place in /proc and says so.
      if name.hasPrefix("/"), fd != "NOFD", !name.hasSuffix(": Permission denied)") {
        let deleted = name.hasSuffix(" (deleted)")
        entities.append(Entity(.file, path))
        if deleted { attributes.append(Attribute("is_deleted", .flag(true))) }
      }
    }
    attributes.add("name", name)
    let who = "\(command ?? "A program")" + (pid.map { " (pid \($0))" } ?? "")
    return Event(
      time: nil, dataType: "linux:capture:open_file",
      message: "\(who) has \(shown.isEmpty ? type ?? "a file" : shown) open as \(fd ?? "?").", entities: entities,
      attributes: attributes, locator: locator)
  }

  /// The name without what lsof adds behind it: `(deleted)`, a unix socket's `type=STREAM (LISTEN)`.
  private var path: String {
    name.withView { text in
      if let place = text.firstIndex(of: ByteView(" type=")), type == "unix" { return text.slice(0, place).string }
      return (text.hasSuffix(" (deleted)") ? text.dropLast(10) : text).string
    }
  }

  /// `10.1.0.5:22->10.1.0.9:50010 (ESTABLISHED)`, `*:http (LISTEN)`, with the protocol in front or in `node`.
  private var socket: SocketRow? {
    // Where lsof was not asked for the type, the protocol tells.
    let isBare = type == nil && (node == "TCP" || node == "UDP")
    guard type == "IPv4" || type == "IPv6" || isBare else { return nil }
    return name.withView { text in
      var text = text
      var networkProtocol = node ?? ""
      for known in ["TCP ", "UDP "] as [StaticString] where text.hasPrefix(known) {
        networkProtocol = text.slice(0, 3).string
        text = text.slice(4)
      }
      guard !networkProtocol.isEmpty else { return nil }
      var row = networkProtocol.lowercased().withView { SocketRow(tool: $0) }
      row.family = type == "IPv6" ? "inet6" : "inet"
      row.state = state
      row.pid = pid
      if let open = text.lastIndex(of: 0x28), text[text.count - 1] == 0x29 {
        // With `-T qs` the queues stand behind the state: `(LISTEN QR=0 QS=0)`.
        let said = text.slice(open + 1, text.count - 1)
        let word = said.firstIndex(of: 0x3D) == nil ? said : said.words(limit: 2).first ?? said
        row.state = word.firstIndex(of: 0x3D) == nil ? SocketRow.state(word) : nil
        text = text.slice(0, open).trimmed
      }
      if let arrow = text.firstIndex(of: ByteView("->")) {
        row.local = Endpoint(text.slice(0, arrow))
        row.remote = Endpoint(text.slice(arrow + 2))
      } else {
        row.local = Endpoint(text)
      }
      if isBare, row.local?.address?.utf8.contains(0x3A) ?? false { row.family = "inet6" }
      return row.local == nil ? nil : row
    }
  }
}
