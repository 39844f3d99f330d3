import Bytes
import Evidence

/// One end of a connection.
public struct Endpoint: Hashable, Sendable, Comparable {
  /// Without brackets; an IPv4 address in IPv6 clothes (`::ffff:10.0.2.15`) as plain IPv4.
  public var host: String
  public var port: Int

  public init(host: String, port: Int) {
    var plain = host
    if plain.hasPrefix("[") { plain.removeFirst() }
    if plain.hasSuffix("]") { plain.removeLast() }
    plain = plain.lowercased()
    if plain.hasPrefix("::ffff:"), plain.utf8.contains(0x2E) { plain.removeFirst(7) }
    self.host = plain
    self.port = port
  }

  /// `10.0.2.15:51270`, `[::1]:22`; a port that is no number gives nil.
  public init?(text: some StringProtocol) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), port >= 0,
      port <= 65535
    else { return nil }
    self.init(host: String(text[..<colon]), port: port)
  }

  public var text: String { host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)" }

  public static func < (left: Endpoint, right: Endpoint) -> Bool { (left.host, left.port) < (right.host, right.port) }
}

/// What an address is for, by its range.
enum AddressRange {
  /// Loopback, link-local (the metadata service among them), unspecified, multicast.
  static func isSpecial(_ address: String) -> Bool {
    ["127.", "169.254.", "0.", "224.", "255."].contains { address.hasPrefix($0) }
      || ["::", "::1", "fe80", "ff0", "fd00:ec2"].contains {
        address == $0 || ($0.utf8.count > 3 && address.hasPrefix($0))
      }
  }

  static func isPrivate(_ address: String) -> Bool {
    if isSpecial(address) || address.hasPrefix("10.") || address.hasPrefix("192.168.") || address.hasPrefix("fd") {
      return true
    }
    guard address.hasPrefix("172.") else { return false }
    let second = address.dropFirst(4).prefix { $0 != "." }
    return Int(second).map { (16...31).contains($0) } ?? false
  }

  /// Four decimal numbers or hexadecimal groups: an address and no name.
  static func isAddress(_ text: String) -> Bool {
    text.withView { view in
      guard view.count > 1, view.count <= 45 else { return false }
      if view.firstIndex(of: 0x3A) != nil {
        return (0..<view.count).allSatisfy { hexDigit(view[$0]) != nil || view[$0] == 0x3A || view[$0] == 0x2E }
      }
      let parts = view.split(0x2E)
      return parts.count == 4 && parts.allSatisfy { ($0.integer ?? -1) >= 0 && ($0.integer ?? 256) <= 255 }
    }
  }
}
