import Bytes
import Evidence
import Foundation

/// One end of a connection as a tool prints it: an address or a host name, and a port or a service name.
struct Endpoint: Hashable {
  /// The address in its usual form; nil where the tool printed a name (and the name does not tell the address).
  var address: String?
  /// The name, where the tool printed one.
  var host: String?
  /// The device that an address is bound to (`fe80::1%eth0`).
  var device: String?
  var port: Int64?
  /// The service name that could not be turned into a number.
  var service: String?

  /// `10.0.2.15:22`, `[::1]:631`, `:::22`, `*:*`, `host:https`, `127.0.0.53%lo:53`; nil where there is no colon.
  init?(_ text: ByteView) {
    guard let colon = text.lastIndex(of: 0x3A) else { return nil }
    self.init(host: text.slice(0, colon), port: text.slice(colon + 1))
  }

  init(host text: ByteView, port: ByteView) {
    if let number = port.integer, (0...65535).contains(number) {
      self.port = number
    } else if !port.isEmpty, !(port == "*") {
      self.port = Self.services[port.string]
      if self.port == nil { service = port.string }
    }
    var name = text
    if name[0] == 0x5B, name[name.count - 1] == 0x5D { name = name.slice(1, name.count - 1) }
    if let (before, after) = name.cut(0x25) {
      name = before
      device = after[after.count - 1] == 0x5D ? after.dropLast(1).string : after.string
      if name[0] == 0x5B { name = name.dropFirst(1) }
    }
    if name.isEmpty { return }
    if name == "*" {
      address = "*"
    } else if let found = IPAddress.normal(name) {
      address = found
    } else {
      host = name.string
      address = Self.addressOfPrivateName(name)
    }
  }

  /// `10.0.2.15:22`, `[::1]:631`; what is unknown is `*`.
  var text: String {
    let place = address ?? host ?? "*"
    let port = self.port.map(String.init) ?? service ?? "*"
    return place.utf8.contains(0x3A) ? "[\(place)]:\(port)" : "\(place):\(port)"
  }

  /// An address of a single machine other than this one.
  var isSpecific: Bool { address.map { IPAddress.isSpecific($0) } ?? false }

  /// EC2 names a host by its private address: `ip-10-0-2-15.ap-northeast-2.compute.internal`.
  private static func addressOfPrivateName(_ name: ByteView) -> String? {
    guard name.hasPrefix("ip-") else { return nil }
    let label = (name.cut(0x2E)?.before ?? name).dropFirst(3)
    let parts = label.split(0x2D, limit: 6)
    guard parts.count == 4 else { return nil }
    for part in parts {
      guard part.count <= 3, let value = CivilTime.number(part), value < 256 else { return nil }
    }
    return parts.map(\.string).joined(separator: ".")
  }

  /// Names that netstat, ss and lsof print for ports when not told `-n` (Debian's /etc/services), where an incident is
  /// likely to need the number.
  private static let services: [String: Int64] = [
    "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67, "bootpc": 68,
    "tftp": 69, "http": 80, "www": 80, "kerberos": 88, "pop3": 110, "sunrpc": 111, "ntp": 123, "imap2": 143,
    "imap": 143, "snmp": 161, "ldap": 389, "https": 443, "microsoft-ds": 445, "submissions": 465, "syslog": 514,
    "submission": 587, "ldaps": 636, "rsync": 873, "imaps": 993, "pop3s": 995, "socks": 1080, "rmiregistry": 1099,
    "ms-sql-s": 1433, "nfs": 2049, "mysql": 3306, "ms-wbt-server": 3389, "krb524": 4444, "sip": 5060,
    "mdns": 5353, "postgresql": 5432, "amqp": 5672, "x11": 6000, "redis": 6379, "ircd": 6667, "http-alt": 8080,
    "tproxy": 8081, "bacula-dir": 9101, "zabbix-agent": 10050, "mongodb": 27017,
  ]
}

/// Text forms of IP addresses.
enum IPAddress {
  /// The usual form: dotted for IPv4 and for IPv4 mapped into IPv6 (`::ffff:10.0.2.15`), RFC 5952's for IPv6, without
  /// brackets and zone. Nil for anything else.
  static func normal(_ text: ByteView) -> String? {
    if isDotted(text) { return text.string }
    guard text.count >= 2, text.count <= 64, text.firstIndex(of: 0x3A) != nil else { return nil }
    let plain = (text.cut(0x25)?.before ?? text)
    var bytes = in6_addr()
    guard inet_pton(AF_INET6, plain.string, &bytes) == 1 else { return nil }
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(AF_INET6, &bytes, &buffer, socklen_t(buffer.count)) != nil else { return nil }
    let normal = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return normal.hasPrefix("::ffff:") && normal.utf8.contains(0x2E) ? String(normal.dropFirst(7)) : normal
  }

  /// Four decimal numbers under 256.
  static func isDotted(_ text: ByteView) -> Bool { text.isDottedAddress }

  /// Neither unspecified nor loopback: worth joining on.
  static func isSpecific(_ address: String) -> Bool { address.withView { isSpecific($0) } }

  static func isSpecific(_ address: ByteView) -> Bool {
    // Of most the first bytes already tell.
    switch address[0] {
    case 0x31: !(address[1] == 0x32 && address[2] == 0x37 && address[3] == 0x2E)
    case 0x30: !(address == "0.0.0.0")
    case 0x3A: !(address == "::" || address == "::1")
    case 0x2A: !(address == "*")
    default: true
    }
  }
}
