import Bytes

/// The far end of a connection as a command names it.
struct Endpoint: Hashable {
  var host: String?
  var port: Int?

  init(host: String?, port: Int?) {
    self.host = host.map { $0.withView { Self.withoutBrackets($0) } }
    self.port = port
  }

  /// A host and a port, both plain; a variable or a placeholder gives nil in its place.
  init(_ host: ByteView, _ port: ByteView) {
    self.host = Self.isHost(host) ? Self.withoutBrackets(host) : nil
    self.port = Self.port(port)
  }

  /// One host in one spelling: the brackets around an IPv6 address only part it from a port.
  static func withoutBrackets(_ host: ByteView) -> String {
    guard host[0] == 0x5B, host[host.count - 1] == 0x5D, host.firstIndex(of: 0x3A) != nil else { return host.string }
    return host.slice(1, host.count - 1).string
  }

  static func port(_ text: ByteView) -> Int? {
    var digits = 0
    while digits < text.count, text[digits] >= 0x30, text[digits] <= 0x39 { digits += 1 }
    guard digits > 0, digits <= 5, let number = text.slice(0, digits).integer, number > 0, number < 65536 else {
      return nil
    }
    return Int(number)
  }

  /// Names that a shell or a client resolves to a port.
  private static let services: [(StaticString, Int)] = [
    ("https", 443), ("http", 80), ("domain", 53), ("ssh", 22), ("smtp", 25), ("ftp", 21), ("telnet", 23), ("ntp", 123),
    ("ldap", 389), ("ldaps", 636), ("pop3", 110), ("pop3s", 995), ("imap2", 143), ("imaps", 993), ("http-alt", 8080),
    ("webcache", 8080), ("mysql", 3306), ("postgresql", 5432), ("ircd", 6667), ("socks", 1080), ("x11", 6000),
    ("submission", 587), ("rsync", 873), ("snmp", 161), ("syslog", 514), ("kerberos", 88),
  ]

  static func service(_ name: ByteView) -> Int? { services.first { name == $0.0 }?.1 }

  /// A port and nothing else.
  static func isPort(_ text: ByteView) -> Bool {
    port(text) != nil && text.array.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
  }

  /// An address or a name: letters, digits, dots, hyphens; colons for IPv6. Not a path, a flag or a variable.
  static func isHost(_ text: ByteView) -> Bool {
    guard text.count > 0, text.count <= 253, text[0] != 0x2D, text[0] != 0x2E,
      (text[0] == 0x5B) == (text[text.count - 1] == 0x5D)
    else { return false }
    var colons = 0
    for index in 0..<text.count {
      let byte = text[index]
      if byte == 0x3A { colons += 1 }
      let isBracket = byte == 0x5B && index == 0 || byte == 0x5D && index == text.count - 1
      // A percent sign is an IPv6 zone's; elsewhere it is a format's.
      let isZone = byte == 0x25 && colons >= 2
      guard isWordByte(byte) || byte == 0x2E || byte == 0x2D || byte == 0x3A || isZone || isBracket else {
        return false
      }
    }
    return colons == 0 || colons >= 2
  }

  /// Four numbers, `::`-style IPv6, or a name with a dot or `localhost`: what is a host even out of context.
  static func isPlainHost(_ text: ByteView) -> Bool {
    guard isHost(text) else { return false }
    if text == "localhost" { return true }
    if text.firstIndex(of: 0x3A) != nil {
      // A zone may have any name.
      let address = text.slice(0, text.firstIndex(of: 0x25) ?? text.count)
      return address.array.allSatisfy { hexDigit($0) != nil || isAny($0, of: ":.[]") }
    }
    let parts = text.split(0x2E, limit: 32)
    guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }), let last = parts.last else { return false }
    if parts.count == 4, parts.allSatisfy({ ($0.integer ?? 256) < 256 && $0[0] != 0x2D && $0[0] != 0x2B }) {
      return true
    }
    return last.count >= 2 && last.array.allSatisfy { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A }
  }

  /// An IPv4 address as resolvers read it besides four numbers: `3405803783`, `0xCB007107`, `0313.0.0161.7`, `127.1`.
  static func isNumericHost(_ text: ByteView) -> Bool {
    guard text.count <= 32 else { return false }
    let parts = text.split(0x2E, limit: 8)
    guard parts.count <= 4 else { return false }
    for part in parts {
      let isHexadecimal = part[0] == 0x30 && part[1] | 0x20 == 0x78
      let digits = isHexadecimal ? part.slice(2) : part
      guard digits.count > 0, digits.count <= 11,
        digits.array.allSatisfy({ isHexadecimal ? hexDigit($0) != nil : $0 >= 0x30 && $0 <= 0x39 })
      else { return false }
    }
    // One number is an address from where no port is any more.
    return parts.count > 1 || text.count >= 8
  }

  /// `host:port` with an optional `tcp:` or `telnet://` before and options behind a comma.
  static func pair(_ text: ByteView) -> Endpoint? {
    var rest = text
    if let slashes = rest.firstIndex(of: ByteView("://")) { rest = rest.slice(slashes + 3) }
    if let comma = rest.firstIndex(of: 0x2C) { rest = rest.slice(0, comma) }
    if let slash = rest.firstIndex(of: 0x2F) { rest = rest.slice(0, slash) }
    if rest[0] == 0x5B {
      // Within the brackets all colons are the address's.
      guard let close = rest.firstIndex(of: 0x5D), rest[close + 1] == 0x3A, let port = port(rest.slice(close + 2))
      else {
        return nil
      }
      let host = rest.slice(0, close + 1)
      return Endpoint(host: isHost(host) ? host.string : nil, port: port)
    }
    guard let colon = rest.lastIndex(of: 0x3A), let port = port(rest.slice(colon + 1)) else { return nil }
    let host = rest.slice(0, colon)
    // An address alone: what follows its last colon is no port, unless what stands before ends in four numbers.
    if host.firstIndex(of: 0x3A) != nil, host.firstIndex(of: 0x2E) == nil, isPlainHost(rest) { return nil }
    return Endpoint(host: isHost(host) ? host.string : nil, port: port)
  }
}
