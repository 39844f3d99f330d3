import Bytes
import Evidence

/// net-tools' `netstat`: sockets of the internet and unix families, and with `-r` (or as `route -n`) the routing table.
///
/// The columns that `-p`, `-e` and `-o` add are read from the header. A program's name is cut to 20 columns with its pid
/// by netstat itself and may hold blanks (`353/sshd: /usr/sbin`).
struct NetstatFormat: LogFormat {
  let name = "capture.netstat"
  let version = 2

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    var (rows, isHeaded) = (0, false)
    for line in sample.lines(8) {
      if line.hasPrefix("Active Internet connections") || line.hasPrefix("Active UNIX domain sockets")
        || line.hasPrefix("Kernel IP routing table") || line.hasPrefix("Kernel IPv6 routing table")
        || line.hasPrefix("Proto Recv-Q Send-Q Local Address") || line.hasPrefix("Proto RefCnt Flags")
        || line.hasPrefix("Destination     Gateway ")
      {
        return .high
      }
      if line.hasPrefix("Proto ") { isHeaded = true }
      if Self.isSocketRow(line.words(limit: 7)) { rows += 1 }
    }
    // In another language the columns have other names, but for the first.
    if isHeaded, rows > 0 { return .high }
    return rows >= 2 ? .medium : nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    var header = ColumnHeader(ByteView(""))
    var isWide = false
    try readLines(stream, into: sink) { line in
      let text = line.bytes
      if text.hasPrefix("Active ") || text.hasPrefix("Kernel IP") || Self.isTitle(text) { return .parsed }
      if text.hasPrefix("Proto ") || text.hasPrefix("Destination ") || text.hasPrefix("Iface ") {
        header = ColumnHeader(text)
        return .parsed
      }
      if text.hasPrefix("unix ") {
        guard let row = Self.unixSocket(text, header) else { return .skipped("line is not a netstat row") }
        sink.event(row.event(line.locator))
        return .parsed
      }
      if let row = Self.internetSocket(text, header, &isWide) {
        sink.event(row.event(line.locator))
        return .parsed
      }
      if let event = Self.route(text, header, line.locator) {
        sink.event(event)
        return .parsed
      }
      return .skipped(CommandMessage.reason(text) ?? "line is not a netstat row")
    }
  }

  /// What stands above a table in whatever language: words, and in parentheses which sockets they are.
  private static func isTitle(_ line: ByteView) -> Bool {
    line.hasSuffix(")") && line.count < 120 && !line.unsafeBytes.contains { (0x30...0x39).contains($0) }
      && line.firstIndex(of: 0x28) != nil && CommandMessage.reason(line) == nil
  }

  private static func isProtocol(_ word: ByteView) -> Bool {
    let plain = word[word.count - 1] == 0x36 ? word.dropLast(1) : word
    return plain == "tcp" || plain == "udp" || plain == "raw" || plain == "udplite" || plain == "sctp"
      || plain == "icmp"
  }

  private static func isSocketRow(_ words: [ByteView]) -> Bool {
    words.count >= 5 && isProtocol(words[0]) && words[1].integer != nil && words[2].integer != nil
      && Endpoint(words[3]) != nil && Endpoint(words[4]) != nil
  }

  // tcp        0      0 10.1.0.5:22         10.1.0.9:50010       ESTABLISHED 0   1234   353/sshd: ops   keepalive (…)
  private static func internetSocket(_ line: ByteView, _ header: ColumnHeader, _ isWide: inout Bool) -> SocketRow? {
    let words = line.words(limit: 6)
    guard isSocketRow(words) else { return nil }
    var row = SocketRow(tool: words[0])
    row.receiveQueue = words[1].integer
    row.sendQueue = words[2].integer
    if words[3].count > width || words[4].count > width { isWide = true }
    row.local = endpoint(words[3], isWide)
    row.remote = endpoint(words[4], isWide)
    guard words.count == 6 else { return row }
    var rest = words[5]
    if (0x41...0x5A).contains(rest[0]) || rest[0] >= 0x80, let word = rest.words(limit: 2).first {
      row.state = SocketRow.state(word)
      rest = rest.slice(word.count).trimmed
    } else if row.networkProtocol == "raw", rest[0] != 0x2D, rest.cut(0x20) != nil,
      let word = rest.words(limit: 2).first,
      word.firstIndex(of: 0x2F) == nil
    {
      // A raw socket's state is a number.
      row.state = word.string
      rest = rest.slice(word.count).trimmed
    }
    if header.contains("User"), header.contains("Inode") {
      let parts = rest.words(limit: 3)
      guard parts.count >= 2 else { return row }
      if let uid = parts[0].integer { row.uid = uid } else { row.user = parts[0].string }
      row.inode = parts[1].integer
      rest = parts.count == 3 ? parts[2] : rest.slice(rest.count)
    }
    if header.contains("Timer"), let place = timer(rest) { rest = rest.slice(0, place).trimmed }
    setProgram(rest, &row)
    return row
  }

  /// Of an address and its port. Without `-W` netstat cuts the address, so that both fit.
  private static let width = 23

  /// An address of IPv6 that just fits is as good as always cut. What is left of it may be another machine's, so it is kept as a
  /// name is.
  private static func endpoint(_ word: ByteView, _ isWide: Bool) -> Endpoint? {
    var end = Endpoint(word)
    guard !isWide, word.count == width, let known = end, let address = known.address, address.utf8.contains(0x3A) else {
      return end
    }
    end?.address = nil
    end?.host = address
    return end
  }

  /// Where `keepalive (6.45/0/0)` begins, which `-o` adds at the end.
  private static func timer(_ text: ByteView) -> Int? {
    guard let open = text.lastIndex(of: 0x28) else { return nil }
    let before = text.slice(0, open).trimmed
    return before.lastIndex(of: 0x20).map { $0 + 1 } ?? 0
  }

  private static func setProgram(_ text: ByteView, _ row: inout SocketRow) {
    guard let (pid, program) = text.trimmed.cut(0x2F), let number = pid.integer, number >= 0 else { return }
    row.pid = number
    row.program = program.string
  }

  // unix  2      [ ACC ]     STREAM     LISTENING     12003    1/init               /run/systemd/journal/stdout
  private static func unixSocket(_ line: ByteView, _ header: ColumnHeader) -> SocketRow? {
    guard let close = line.firstIndex(of: 0x5D) else { return nil }
    var row = SocketRow(tool: ByteView("unix"))
    row.family = "unix"
    var rest = line.slice(close + 1)
    func next() -> ByteView {
      let word = rest.words(limit: 2).first ?? rest.slice(rest.count)
      rest = rest.slice(rest.offset(of: word) + word.count)
      return word
    }
    row.type = next().string
    var word = next()
    if word.integer == nil, !word.isEmpty {
      row.state = word.string
      word = next()
    }
    guard let inode = word.integer else { return nil }
    row.inode = inode
    rest = rest.trimmed
    if header.contains("PID/Program") {
      // The field is 20 columns wide and one blank follows.
      setProgram(rest.slice(0, 20), &row)
      rest = rest.slice(20).trimmed
    }
    if !rest.isEmpty { row.path = rest.string }
    return row
  }

  // fe80::/64                      [::]                       U    256 1     0 ens5
  private static func route6(_ words: [ByteView], _ locator: Locator) -> Event? {
    guard words[0].firstIndex(of: 0x3A) != nil, words[4].integer != nil else { return nil }
    let (target, hop, device) = (words[0].string, words[1].string, words[6].string)
    var attributes: [Attribute] = [Attribute("destination", target), Attribute("gateway", hop)]
    attributes.add("flags", words[2].string)
    attributes.add("metric", words[3].integer)
    attributes.add("interface", device)
    let isDirect = hop == "::" || hop == "[::]"
    return Event(
      time: nil, dataType: "linux:capture:route",
      message: "Packets to \(target) leave by \(device)" + (isDirect ? "." : " through \(hop)."),
      attributes: attributes, locator: locator)
  }

  // 10.0.2.0        0.0.0.0         255.255.255.0   U         0 0          0 ens5
  private static func route(_ line: ByteView, _ header: ColumnHeader, _ locator: Locator) -> Event? {
    let words = line.words(limit: 64)
    if header.contains("Next"), header.contains("Hop"), words.count == 7 { return route6(words, locator) }
    guard let device = header.index(of: "Iface") ?? header.index(of: "If"), words.count == header.columns.count,
      let target = header.index(of: "Destination")
    else { return nil }
    var attributes: [Attribute] = []
    attributes.add("destination", words[target].string)
    if let gateway = header.index(of: "Gateway") { attributes.add("gateway", words[gateway].string) }
    if let hop = header.index(of: "Hop") { attributes.add("gateway", words[hop].string) }
    if let mask = header.index(of: "Genmask") { attributes.add("netmask", words[mask].string) }
    if let flags = header.index(of: "Flags") { attributes.add("flags", words[flags].string) }
    if let metric = header.index(of: "Metric") { attributes.add("metric", words[metric].integer) }
    attributes.add("interface", words[device].string)
    let gateway = attributes.first { $0.name == "gateway" }?.value.text ?? ""
    let mask = attributes.first { $0.name == "netmask" }.map { "/\($0.value.text)" } ?? ""
    let isDirect = gateway.isEmpty || gateway == "0.0.0.0" || gateway == "*" || gateway == "::" || gateway == "[::]"
    return Event(
      time: nil, dataType: "linux:capture:route",
      message: "Packets to \(words[target].string)\(mask) leave by \(words[device].string)"
        + (isDirect ? "." : " through \(gateway)."),
      attributes: attributes, locator: locator)
  }
}
