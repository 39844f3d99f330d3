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
    // As nearly all addresses and names are.
    let isPlain = text.withView { text in
      for index in 0..<text.count {
        switch text[index] {
        case 0x61...0x7A, 0x30...0x39, 0x2E, 0x2D, 0x5F: continue
        default: return false
        }
      }
      return true
    }
    if isPlain { return text }
    var rest = text.lowercased()[...]
    if rest.hasPrefix("[") { rest = rest.dropFirst().prefix { $0 != "]" } }
    if let zone = rest.firstIndex(of: "%") { rest = rest[..<zone] }
    if rest.hasPrefix("::ffff:"), rest.contains(".") { rest = rest.dropFirst(7) }
    return String(rest)
  }

  private static func isDecimal(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  static func isIPv4(_ text: String) -> Bool { text.withView { ipv4($0) != nil } }

  /// Four numbers.
  private static func ipv4(_ text: ByteView) -> (UInt8, UInt8, UInt8, UInt8)? {
    guard text.count <= 15 else { return nil }
    var numbers: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
    var dots = 0
    var digits = 0
    var number = 0
    for place in 0..<text.count {
      let byte = text[place]
      if isDecimal(byte), digits < 3 {
        number = number * 10 + Int(byte - 0x30)
        digits += 1
      } else if byte == 0x2E, dots < 3, digits > 0, number < 256 {
        numbers = (numbers.1, numbers.2, numbers.3, UInt8(number))
        dots += 1
        (digits, number) = (0, 0)
      } else {
        return nil
      }
    }
    guard dots == 3, digits > 0, number < 256 else { return nil }
    return (numbers.1, numbers.2, numbers.3, UInt8(number))
  }

  static func isAddress(_ text: String) -> Bool {
    text.withView { text in
      if ipv4(text) != nil { return true }
      guard text.firstIndex(of: 0x3A) != nil else { return false }
      for place in 0..<text.count where hexDigit(text[place]) == nil && text[place] != 0x3A && text[place] != 0x2E {
        return false
      }
      return true
    }
  }

  /// The machine itself, or no address at all.
  static func isLocal(_ text: String) -> Bool {
    text.hasPrefix("127.") || text == "::1" || text == "localhost" || text == "0.0.0.0" || text == "::" || text == "*"
      || text.isEmpty
  }

  /// RFC 1918, link-local and unique local.
  static func isPrivate(_ text: String) -> Bool {
    if let numbers = text.withView({ ipv4($0) }) {
      return switch (numbers.0, numbers.1) {
      case (10, _), (192, 168), (172, 16...31), (169, 254): true
      default: isLocal(text)
      }
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
