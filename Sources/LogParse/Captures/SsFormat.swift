import Bytes
import Evidence

/// iproute2's `ss` in its usual table: `-tanp`, `-uanp`, `-xap`, with or without `Netid`, processes, and the header (`-H`); what
/// `-i` and `-m` say of a socket on the lines below it belongs to it.
///
/// A socket that several processes hold gives one event for each.
struct SsFormat: LogFormat {
  let name = "capture.ss"
  let version = 4

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(6)
    for line in lines.prefix(3) where Self.isHeader(line) { return .high }
    guard let first = lines.first, let header = Self.header(of: first) else { return nil }
    return lines.allSatisfy { Self.isDetail($0) || Self.row($0, header, ByteView("tcp")) != nil } ? .high : nil
  }

  /// The columns of a table whose header was left out, told by where a state stands.
  private static func header(of row: ByteView) -> ColumnHeader? {
    let words = row.words(limit: 6)
    guard words.count >= 5 else { return nil }
    if states.contains(where: { words[0] == $0 }), words[1].integer != nil, words[2].integer != nil {
      return ColumnHeader(ByteView("State Recv-Q Send-Q"))
    }
    guard states.contains(where: { words[1] == $0 }), words[2].integer != nil, words[3].integer != nil,
      (0x61...0x7A).contains(words[0][0])
    else { return nil }
    return ColumnHeader(ByteView("Netid State Recv-Q Send-Q"))
  }

  private static let states: [StaticString] = [
    "LISTEN", "ESTAB", "UNCONN", "TIME-WAIT", "CLOSE-WAIT", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2",
    "LAST-ACK", "CLOSING", "CLOSED",
  ]

  /// Kinds of socket that are not of the internet.
  private static let families: [(name: StaticString, family: String)] = [
    ("nl", "netlink"), ("v_str", "vsock"), ("v_dgr", "vsock"), ("p_raw", "packet"), ("p_dgr", "packet"),
    ("xdp", "xdp"), ("ti_sd", "tipc"),
  ]

  private static func isDetail(_ line: ByteView) -> Bool { line[0] == 0x09 || line.hasPrefix("  ") }

  private static func isHeader(_ line: ByteView) -> Bool {
    line.contains("Recv-Q") && line.contains("Send-Q") && line.contains("Address:Port")
      && !line.hasPrefix("Proto")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var header: ColumnHeader?
    // Without Netid all sockets are of the kind that was asked for, which only the file's name may tell.
    let kind: StaticString = context.path.contains("_-u") || context.path.contains("udp") ? "udp" : "tcp"
    var hasRow = false
    try readLines(stream, into: sink) { line in
      if Self.isHeader(line.bytes) {
        header = ColumnHeader(line.bytes)
        return .parsed
      }
      if hasRow, Self.isDetail(line.bytes) { return .parsed }
      if header == nil { header = Self.header(of: line.bytes) }
      guard let header, let row = Self.row(line.bytes, header, ByteView(kind)) else {
        return .skipped(CommandMessage.reason(line.bytes) ?? "line is not an ss row")
      }
      hasRow = true
      let owners = Self.owners(line.bytes)
      if owners.isEmpty { sink.event(row.event(line.locator)) }
      for (index, owner) in owners.enumerated() {
        var row = row
        row.program = owner.program
        row.pid = owner.pid
        row.fd = owner.fd
        var locator = line.locator
        if index > 0 { locator.other["pid"] = String(owner.pid) }
        sink.event(row.event(locator))
      }
      return .parsed
    }
  }

  // tcp   ESTAB  0  0  10.1.0.5:22  10.1.0.9:50010  users:(("sshd",pid=434,fd=4),("sshd",pid=421,fd=4))
  private static func row(_ line: ByteView, _ header: ColumnHeader, _ kind: ByteView) -> SocketRow? {
    var words = line.words(limit: 12)[...]
    var row = SocketRow(tool: kind)
    if header.contains("Netid") {
      guard let net = words.popFirst(), (0x61...0x7A).contains(net[0]) else { return nil }
      row = SocketRow(tool: net.hasPrefix("u_") ? ByteView("unix") : net)
      if net.hasPrefix("u_") {
        row.family = "unix"
        row.type = net == "u_str" ? "STREAM" : net == "u_dgr" ? "DGRAM" : "SEQPACKET"
      } else if let family = families.first(where: { net == $0.name })?.family {
        row.family = family
      }
    }
    if header.contains("State") {
      guard let state = words.popFirst() else { return nil }
      row.state = SocketRow.state(state)
    }
    guard let receive = words.popFirst()?.integer, let send = words.popFirst()?.integer, let local = words.popFirst()
    else { return nil }
    row.receiveQueue = receive
    row.sendQueue = send
    if row.family == "unix" {
      // Path and inode are two words here: `/run/dbus/system_bus_socket 1647`, `* 12618`; the peer's follow. A path may hold
      // blanks.
      let behind = words.indices.first { index in
        words[index].integer != nil && index + 2 < words.endIndex && words[index + 1] == "*"
          && words[index + 2].integer != nil
      }
      guard let inode = behind.map({ words[$0] }) ?? words.first else {
        row.path = local == "*" ? nil : local.string
        return row
      }
      row.path = local == "*" ? nil : line.slice(line.offset(of: local), line.offset(of: inode)).trimmed.string
      row.inode = inode.integer
      return row
    }
    guard let near = endpoint(local), let peer = words.popFirst() else { return nil }
    row.local = near
    // Netlink's peers are a lone star.
    if !(peer == "*") {
      guard let far = endpoint(peer) else { return nil }
      row.remote = far
    }
    if row.family == "inet", (near.address ?? "").utf8.contains(0x3A) { row.family = "inet6" }
    for word in words {
      if word.hasPrefix("uid:") { row.uid = word.slice(4).integer }
      if word.hasPrefix("ino:") { row.inode = word.slice(4).integer }
    }
    return row
  }

  /// ss writes the device behind the brackets: `[fe80::45d:31ff:fe9a:2ce4]%ens5:5353`.
  private static func endpoint(_ text: ByteView) -> Endpoint? {
    guard text[0] == 0x5B, let close = text.firstIndex(of: ByteView("]%")), let colon = text.lastIndex(of: 0x3A),
      colon > close
    else { return Endpoint(text) }
    var end = Endpoint(host: text.slice(1, close), port: text.slice(colon + 1))
    end.device = text.slice(close + 2, colon).string
    return end
  }

  /// `users:(("bash",pid=465,fd=0),("bash",pid=503,fd=1))`; older: `(("bash",465,0))`. One entry a process.
  private static func owners(_ line: ByteView) -> [(program: String, pid: Int64, fd: Int64?)] {
    guard let start = line.firstIndex(of: ByteView("users:((")) else { return [] }
    var owners: [(program: String, pid: Int64, fd: Int64?)] = []
    var seen: Set<Int64> = []
    var rest = line.slice(start + 7)
    while let open = rest.firstIndex(of: ByteView("(\"")), owners.count < 1000 {
      rest = rest.slice(open + 2)
      guard let close = rest.firstIndex(of: ByteView("\",")) else { break }
      let program = rest.slice(0, close)
      rest = rest.slice(close + 2)
      guard let end = rest.firstIndex(of: 0x29) else { break }
      let fields = rest.slice(0, end).split(0x2C, limit: 4).map { $0.cut(0x3D)?.after ?? $0 }
      rest = rest.slice(end)
      guard let pid = fields.first?.integer, seen.insert(pid).inserted else { continue }
      owners.append((program.string, pid, fields.count > 1 ? fields[fields.count - 1].integer : nil))
    }
    return owners
  }
}
