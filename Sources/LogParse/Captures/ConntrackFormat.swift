import Bytes
import Evidence

/// Connections that the kernel's firewall tracks: `conntrack -L` and `/proc/net/nf_conntrack`. A hidden program's are among them.
struct ConntrackFormat: LogFormat {
  let name = "capture.conntrack"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText else { return nil }
    let lines = sample.lines(8)
    let rows = lines.count { ConntrackRow($0) != nil }
    return rows > 0 && rows + lines.count(where: Self.isRemark) == lines.count ? .high : nil
  }

  private static func isRemark(_ line: ByteView) -> Bool {
    line.hasPrefix("conntrack v") || CommandMessage.reason(line) != nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    try readLines(stream, into: sink) { line in
      if let row = ConntrackRow(line.bytes) {
        sink.event(row.event(line.locator))
        return .parsed
      }
      return Self.isRemark(line.bytes) ? .parsed : .skipped("line is not a tracked connection")
    }
  }
}

/// A connection, as the one who began it sees it.
struct ConntrackRow {
  private let transport: String
  private let state: String?
  private let source: String
  private let destination: String
  private var sourcePort: Int64?
  private var destinationPort: Int64?
  private var marks: [String] = []
  /// Where answers come from, if that is somebody else: the address was translated.
  private var translatedSource: String?

  // tcp      6 431999 ESTABLISHED src=10.0.0.5 dst=198.51.100.7 sport=43512 dport=1389 src=198.51.100.7 … [ASSURED] mark=0 use=1
  // ipv4     2 udp      17 29 src=10.0.0.5 dst=10.0.0.2 sport=5353 dport=53 [UNREPLIED] src=…
  init?(_ line: ByteView) {
    var words = line.words(limit: 40)[...]
    if line.hasPrefix("ipv4 ") || line.hasPrefix("ipv6 ") { words = words.dropFirst(2) }
    guard words.count >= 5, let name = words.popFirst(), (0x61...0x7A).contains(name[0]),
      let number = words.popFirst()?.integer, (0...255).contains(number)
    else { return nil }
    if words.first?.integer != nil { words = words.dropFirst() }
    var state: String?
    if let word = words.first, word.firstIndex(of: 0x3D) == nil, word[0] != 0x5B {
      state = word.string
      words = words.dropFirst()
    }
    var ends: [(key: ByteView, value: ByteView)] = []
    for word in words.prefix(32) {
      if word[0] == 0x5B, word[word.count - 1] == 0x5D {
        marks.append(word.slice(1, word.count - 1).string)
      } else if let pair = word.cut(0x3D) {
        ends.append((pair.before, pair.after))
      }
    }
    guard ends.count >= 2, ends[0].key == "src", ends[1].key == "dst", let source = IPAddress.normal(ends[0].value),
      let destination = IPAddress.normal(ends[1].value)
    else { return nil }
    transport = name.string
    self.state = state
    self.source = source
    self.destination = destination
    sourcePort = ends.first { $0.key == "sport" }?.value.integer
    destinationPort = ends.first { $0.key == "dport" }?.value.integer
    let answer = ends.dropFirst().first { $0.key == "src" }?.value
    translatedSource = answer.flatMap { IPAddress.normal($0) }.flatMap { $0 == destination ? nil : $0 }
  }

  func event(_ locator: Locator) -> Event {
    var attributes: [Attribute] = [Attribute("protocol", transport), Attribute("src_address", source)]
    attributes.add("src_port", sourcePort)
    attributes.append(Attribute("dst_address", destination))
    attributes.add("dst_port", destinationPort)
    attributes.add("state", state)
    attributes.add("marks", marks)
    attributes.add("answers_from", translatedSource)
    var entities: [Entity] = []
    for address in [source, destination] where IPAddress.isSpecific(address) {
      entities.append(Entity(.address, address))
    }
    let ports = [sourcePort, destinationPort].map { $0.map { ":\($0)" } ?? "" }
    return Event(
      time: nil, dataType: "linux:capture:connection",
      message: "The firewall tracks \(transport) \(source)\(ports[0]) -> \(destination)\(ports[1])"
        + (state.map { " \($0)" } ?? "") + ".",
      entities: entities, attributes: attributes, locator: locator)
  }
}
