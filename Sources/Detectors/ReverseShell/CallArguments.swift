import Bytes

/// Reads the far end out of the arguments of one call where a host and a port stand side by side: `("kali", 4444)`,
/// `(4444, "kali")`, `("tcp", "kali:4444")`. Only there may a name without a dot be a host.
enum CallArguments {
  /// Names that stand between the two without being either.
  private static let between = NameTable([
    "inet_aton", "gethostbyname", "getByName", "InetAddress", "Port", "int", "host", "hostname", "ip", "address",
    "port", "PeerAddr", "PeerHost", "PeerPort", "RemoteAddr", "RemotePort", "str", "sockaddr_in", "pack_sockaddr_in",
    // Where the environment says it: `os.getenv("RHOST")`, `as.integer(Sys.getenv("RPORT"))`, `process.env.RPORT`.
    "os", "getenv", "environ", "env", "process", "Sys", "as", "integer",
  ])

  private enum Part {
    case host(String)
    case port(Int)
    case other
  }

  static func endpoint(_ shell: ShellText, from place: Int) -> Endpoint? {
    var last = Part.other
    for token in CodeTokens(call(shell.text, from: place, reach: CodeEndpoints.reach)) {
      let part: Part
      switch token {
      case .number(let number):
        part = Endpoint.isPort(number) ? Endpoint.port(number).map { .port($0) } ?? .other : .other
      case .string(let string):
        if let pair = pair(string) { return pair }
        let name = interpolated(string)
        if let value = shell.variables[name].flatMap({ value($0) }) {
          part = value
        } else {
          part = Endpoint.isPort(string) ? Endpoint.port(string).map { .port($0) } ?? .other : host(string)
        }
      case .name(let name):
        if let value = name.count <= 64 ? shell.variables[name].flatMap({ value($0) }) : nil {
          part = value
        } else if between.contains(name) {
          continue
        } else {
          part = .other
        }
      }
      switch (last, part) {
      case (.host(let host), .port(let port)), (.port(let port), .host(let host)):
        return Endpoint(host: host, port: port)
      default: last = part
      }
    }
    return nil
  }

  /// A call from its name to its end.
  static func call(_ text: ByteView, from place: Int, reach: Int) -> ByteView {
    let text = text.slice(place, place + reach)
    return text.slice(0, end(of: text))
  }

  /// Where the call ends: at the bracket that closes it, or at the statement's end.
  private static func end(of text: ByteView) -> Int {
    var depth = 0
    for place in 0..<text.count {
      switch text[place] {
      case 0x28: depth += 1
      case 0x29:
        depth -= 1
        if depth <= 0 { return place }
      case 0x3B where depth <= 0: return place
      default: break
      }
    }
    return text.count
  }

  /// What the text assigns to a name.
  private static func value(_ text: String) -> Part? {
    text.withView { text in
      if Endpoint.isPort(text) { return Endpoint.port(text).map { .port($0) } }
      if case .host(let name) = host(text) { return .host(name) }
      return nil
    }
  }

  /// Ruby's `"#{RHOST}"` is the name in it.
  private static func interpolated(_ text: ByteView) -> ByteView {
    guard text.hasPrefix("#{"), text[text.count - 1] == 0x7D else { return text }
    return text.slice(2, text.count - 1)
  }

  private static func host(_ text: ByteView) -> Part {
    var text = text
    // PHP's transports: `tcp://kali`.
    if let slashes = text.slice(0, 8).firstIndex(of: ByteView("://")) { text = text.slice(slashes + 3) }
    return isHost(text) ? .host(text.string) : .other
  }

  /// `kali:4444`, `tcp://kali:4444`
  private static func pair(_ text: ByteView) -> Endpoint? {
    guard text.count <= 300, let pair = Endpoint.pair(text), pair.port != nil, let host = pair.host else { return nil }
    return host.withView(isHost) ? pair : nil
  }

  /// Whatever a call may be given for a host: also a number, and a name with the dot that ends it.
  private static func isHost(_ text: ByteView) -> Bool {
    let isWhole = text.count > 1 && text[text.count - 1] == 0x2E
    return Endpoint.isPlainHost(isWhole ? text.slice(0, text.count - 1) : text) || isLabel(text)
      || Endpoint.isNumericHost(text)
  }

  /// Values of no host.
  private static let constants = NameTable(["true", "false", "none", "null", "nil", "undefined"])

  private static let transports = NameTable(["tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "ssl", "tls", "unix"])

  /// A name of one part; no shell's.
  private static func isLabel(_ text: ByteView) -> Bool {
    guard text.count > 0, text.count <= 63, text[0] | 0x20 >= 0x61, text[0] | 0x20 <= 0x7A,
      !transports.contains(text), !constants.contains(text), !ShellWords.isShell(text)
    else { return false }
    return (0..<text.count).allSatisfy { isWordByte(text[$0]) || text[$0] == 0x2D }
  }
}
