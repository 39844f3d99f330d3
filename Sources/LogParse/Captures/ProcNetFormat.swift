import Bytes
import Evidence

/// `/proc/net/tcp`, `udp`, `raw` with their `6`, and `unix`, as files or one behind the other: what netstat reads, in
/// hexadecimal.
///
/// An address stands as the numbers of 32 bits that the host's memory holds (`%08X`, net/ipv4/tcp_ipv4.c and
/// net/ipv6/tcp_ipv6.c), so its bytes are turned round on machines whose numbers begin with the low byte, as x86-64's and
/// arm64's do; ports are plain numbers. Which process holds a socket is not there, only its inode.
struct ProcNetFormat: LogFormat {
  let name = "capture.proc_net"
  let version = 2

  private enum Table { case internet(StaticString), unix, packet, routes }

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, let first = sample.lines(1).first else { return nil }
    return Self.table(first, sample.path) == nil ? nil : .high
  }

  /// Of a header line. Which protocol it is only the file's name tells, but for the columns that TCP lacks.
  //   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  // Num       RefCount Protocol Flags    Type St Inode Path
  private static func table(_ line: ByteView, _ path: String) -> Table? {
    let words = line.words(limit: 16)
    if words.count >= 8, words[0] == "Num", words[1] == "RefCount", words[5] == "St", words[6] == "Inode" {
      return .unix
    }
    if words.count >= 9, words[0] == "sk", words[1] == "RefCnt", words[4] == "Iface", words[8] == "Inode" {
      return .packet
    }
    if words.count >= 11, words[0] == "Iface", words[1] == "Destination", words[2] == "Gateway", words[7] == "Mask" {
      return .routes
    }
    // IPv6 names the far end `remote_address`.
    guard words.count >= 12, words[0] == "sl", words[1] == "local_address",
      words[2] == "rem_address" || words[2] == "remote_address", words[3] == "st"
    else { return nil }
    guard line.contains("drops") else { return .internet("tcp") }
    let name = path.split(separator: "/").last ?? ""
    for known in ["udplite", "raw", "icmp"] as [StaticString] where name.contains(known.description) {
      return .internet(known)
    }
    return .internet("udp")
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var table: Table?
    try readLines(stream, into: sink) { line in
      if let found = Self.table(line.bytes, context.path) {
        table = found
        return .parsed
      }
      if case .routes = table, let route = Self.route(line.bytes, line.locator) {
        sink.event(route)
        return .parsed
      }
      let row: SocketRow? =
        switch table {
        case .internet(let kind): Self.internetSocket(line.bytes, ByteView(kind))
        case .unix: Self.unixSocket(line.bytes)
        case .packet: Self.packetSocket(line.bytes)
        case .routes, nil: nil
        }
      guard let row else { return .skipped(CommandMessage.reason(line.bytes) ?? "line is not a row of /proc/net") }
      sink.event(row.event(line.locator))
      return .parsed
    }
  }

  // 000000008d69ca73 3      3    0003   0     1 146436 0      4031141
  /// Of a program that reads whole packets: a sniffer, or a DHCP client.
  private static func packetSocket(_ line: ByteView) -> SocketRow? {
    let words = line.words(limit: 10)
    guard words.count >= 9, let type = words[2].integer, let uid = words[7].integer, let inode = words[8].integer else {
      return nil
    }
    var row = SocketRow(tool: ByteView(type == 3 ? "p_raw" : "p_dgr"))
    row.family = "packet"
    row.uid = uid
    row.inode = inode
    row.receiveQueue = words[6].integer
    return row
  }

  // veth0	00000000	FE00090A	0003	0	0	0	00000000	0	0	0
  private static func route(_ line: ByteView, _ locator: Locator) -> Event? {
    let words = line.words(limit: 12)
    guard words.count >= 8, let target = dotted(words[1]), let gateway = dotted(words[2]), let mask = dotted(words[7]),
      let metric = words[6].integer, words[3].count == 4
    else { return nil }
    let device = words[0].string
    var attributes: [Attribute] = [
      Attribute("destination", target), Attribute("gateway", gateway), Attribute("netmask", mask),
    ]
    attributes.add("interface", device == "*" ? nil : device)
    attributes.add("metric", metric)
    let through = gateway == "0.0.0.0" ? "" : " through \(gateway)"
    return Event(
      time: nil, dataType: "linux:capture:route",
      message: device == "*"
        ? "Packets to \(target) go nowhere." : "Packets to \(target) leave by \(device)\(through).",
      entities: IPAddress.isSpecific(gateway) ? [Entity(.address, gateway)] : [], attributes: attributes,
      locator: locator)
  }

  /// Eight digits of a number whose low byte comes first.
  private static func dotted(_ text: ByteView) -> String? {
    guard text.count == 8, let value = UInt32(text.string, radix: 16) else { return nil }
    return (0..<4).map { String(value >> (8 * $0) & 0xFF) }.joined(separator: ".")
  }

  //    0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12003 1 …
  private static func internetSocket(_ line: ByteView, _ kind: ByteView) -> SocketRow? {
    let words = line.words(limit: 11)
    guard words.count >= 10, words[0][words[0].count - 1] == 0x3A, let (local, isLong) = endpoint(words[1]),
      let (remote, isLongToo) = endpoint(words[2]), isLong == isLongToo, words[3].count <= 2,
      let state = words[3].hexadecimal, let (send, receive) = words[4].cut(0x3A)
    else { return nil }
    var row = SocketRow(tool: kind)
    if isLong { row.family = "inet6" }
    row.local = local
    row.remote = remote
    // Only of TCP the numbers are states; any other socket that is bound to no far end is "closed" (7).
    if kind == "tcp" {
      row.state = state < states.count ? states[Int(state)] : nil
    } else if kind == "raw" {
      row.state = String(state)
    } else if state == 1 {
      row.state = states[1]
    }
    row.sendQueue = send.hexadecimal.flatMap { Int64(exactly: $0) }
    row.receiveQueue = receive.hexadecimal.flatMap { Int64(exactly: $0) }
    row.uid = words[7].integer
    row.inode = words[9].integer
    return row
  }

  /// include/net/tcp_states.h, in netstat's words; the last is a request that has no socket yet.
  private static let states: [String?] = [
    nil, "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN", "CLOSING", "SYN_RECV",
  ]

  /// `0100007F:0016`; port 0 is none, as netstat has it.
  private static func endpoint(_ text: ByteView) -> (end: Endpoint, isLong: Bool)? {
    guard let (address, port) = text.cut(0x3A), port.count == 4, let number = port.hexadecimal,
      address.count == 8 || address.count == 32
    else { return nil }
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: address.count, by: 8) {
      guard let word = address.slice(start, start + 8).hexadecimal else { return nil }
      for shift in [0, 8, 16, 24] as [UInt64] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    let isLong = bytes.count == 16
    let name =
      isLong
      ? stride(from: 0, to: 16, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
        .joined(separator: ":") : bytes.map { String($0) }.joined(separator: ".")
    let end = (number == 0 ? "*" : String(number)).withView { port in name.withView { Endpoint(host: $0, port: port) } }
    return (end, isLong)
  }

  // 0000000000000000: 00000002 00000000 00010000 0001 01 12003 /run/systemd/journal/stdout
  private static func unixSocket(_ line: ByteView) -> SocketRow? {
    let words = line.words(limit: 8)
    guard words.count >= 7, words[0][words[0].count - 1] == 0x3A, words[3].count == 8, let flags = words[3].hexadecimal,
      let type = words[4].hexadecimal, words[5].count == 2, let state = words[5].hexadecimal,
      let inode = words[6].integer
    else { return nil }
    var row = SocketRow(tool: ByteView("unix"))
    row.family = "unix"
    row.type = type == 1 ? "STREAM" : type == 2 ? "DGRAM" : type == 5 ? "SEQPACKET" : nil
    // socket_state of include/uapi/linux/net.h; __SO_ACCEPTCON marks one that listens.
    row.state =
      flags & 0x10000 != 0
      ? "LISTENING" : state == 2 ? "CONNECTING" : state == 3 ? "CONNECTED" : state == 4 ? "DISCONNECTING" : nil
    row.inode = inode
    if words.count == 8 { row.path = words[7].trimmed.string }
    return row
  }
}
