import Bytes
import Evidence

/// wget's list of sites that asked to be spoken to over TLS alone (`.wget-hsts`): that it talked with them, and when it last did.
struct WgetHosts: LogFormat {
  let name = "linux.wget_hosts"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, let first = sample.lines(1).first else { return nil }
    return first.hasPrefix("# HSTS 1.0 Known Hosts database for GNU Wget") ? .high : nil
  }

  // github.com	0	1	1700000000	31536000
  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let user = FileOwner.user(ofPath: context.path)
    try readLines(stream, into: sink) { line in
      if line.bytes[0] == 0x23 { return .parsed }
      let cells = line.bytes.words(limit: 6)
      guard cells.count == 5, let port = cells[1].integer, let time = ShellCommand.epoch(cells[3]) else {
        return .skipped("line is not of wget's list of hosts")
      }
      let host = cells[0].slice(0, 255).string
      let address = IPAddress.normal(cells[0])
      var attributes: [Attribute] = []
      attributes.add("remote_address", address)
      attributes.add("remote_host", address == nil ? host : nil)
      if port > 0 { attributes.add("remote_port", port) }
      attributes.add("user", user)
      var entities = user.map { [Entity(.user, $0)] } ?? []
      entities.append(address.map { Entity(.address, $0) } ?? Entity(.domain, host))
      sink.event(
        Event(
          time: time, .access, dataType: "linux:wget:host",
          message: "wget\(user.map { " of \($0)" } ?? "") talked with \(host)\(port > 0 ? ":\(port)" : "").",
          entities: entities, attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
