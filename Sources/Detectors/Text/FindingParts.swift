import Bytes
import Evidence

extension Event {
  /// Where the event stands, for a finding's evidence.
  func reference(_ artifact: Digest) -> EvidenceReference { EvidenceReference(artifact: artifact, locator: locator) }

  /// The process's name: its program, or the command without path.
  var programName: String? {
    let name = text("program") ?? text("command") ?? text("process_name") ?? text("comm")
    return name.map { String($0.split(separator: " ", maxSplits: 1).first ?? "") }?.split(separator: "/").last.map(
      String.init)
  }
}

/// Addresses as events and payloads write them.
enum AddressText {
  /// Without brackets, zone and the IPv4-in-IPv6 prefix; lower case.
  static func plain(_ text: String) -> String {
    var rest = text.lowercased()[...]
    if rest.hasPrefix("[") { rest = rest.dropFirst().prefix { $0 != "]" } }
    if let zone = rest.firstIndex(of: "%") { rest = rest[..<zone] }
    if rest.hasPrefix("::ffff:"), rest.contains(".") { rest = rest.dropFirst(7) }
    return String(rest)
  }

  /// Four numbers.
  static func isIPv4(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  static func isAddress(_ text: String) -> Bool {
    isIPv4(text) || text.contains(":") && text.utf8.allSatisfy { hexDigit($0) != nil || $0 == 0x3A || $0 == 0x2E }
  }

  /// The machine itself, or no address at all.
  static func isLocal(_ text: String) -> Bool {
    text.hasPrefix("127.") || text == "::1" || text == "localhost" || text == "0.0.0.0" || text == "::" || text == "*"
      || text.isEmpty
  }

  /// RFC 1918, link-local and unique local.
  static func isPrivate(_ text: String) -> Bool {
    let parts = text.split(separator: ".").compactMap { Int($0) }
    if parts.count == 4 {
      return parts[0] == 10 || parts[0] == 192 && parts[1] == 168 || parts[0] == 172 && (16...31).contains(parts[1])
        || parts[0] == 169 && parts[1] == 254 || isLocal(text)
    }
    return text.hasPrefix("fe80:") || text.hasPrefix("fc") || text.hasPrefix("fd") || isLocal(text)
  }

  /// An address or a name as an entity; nil for what still holds a lookup or a variable.
  static func entity(_ host: String?) -> Entity? {
    guard let host, !host.isEmpty, !host.contains("$"), !host.contains("{") else { return nil }
    let plain = plain(host)
    return isAddress(plain) ? Entity(.address, plain) : Entity(.domain, plain)
  }
}

extension [Entity] {
  /// Adds what is not yet there.
  mutating func addNew(_ entity: Entity?) {
    if let entity, !contains(entity) { append(entity) }
  }
}
