import Bytes
import Evidence

/// Whom proxies asked for, as the `X-Forwarded-For` header has it and logs put it in front: parted by commas, in quotes, or a dash
/// for none. Valid while the line is.
struct ForwardedList {
  /// Without quotes.
  let text: ByteView
  /// Bytes that it takes at the front of the line.
  let end: Int
  let isQuoted: Bool

  /// Nil where an address or a name stands alone in front.
  init?(_ front: ByteView, _ first: ByteView) {
    guard first.count < front.count || first == "-" else { return nil }
    isQuoted = first[0] == 0x22
    if isQuoted {
      end = (front.firstIndex(of: 0x22, from: 1) ?? first.count - 1) + 1
      text = front.slice(1, end - 1)
      return
    }
    guard first == "-" || first.firstIndex(of: 0x2C) != nil else { return nil }
    var end = first.count
    while front[end - 1] == 0x2C, let next = front.slice(end).words(limit: 2).first {
      end = front.offset(of: next) + next.count
    }
    self.end = end
    text = front.slice(0, end)
  }

  init(_ front: ByteView, upTo end: Int) {
    self.end = end
    text = front.slice(0, end)
    isQuoted = false
  }

  /// Whether there is nothing but addresses in it, and one at least.
  var isOfAddresses: Bool {
    guard text.count <= 1024 else { return false }
    if isOne { return Self.address(text) != nil }
    return text.split(0x2C, limit: 64).allSatisfy { Self.address($0.trimmed) != nil }
  }

  /// Whether its last element, which the server's own proxy wrote, is an address behind others of whatever kind: a client may send
  /// a list of its own making, and Squid writes `unknown`.
  var endsInAddress: Bool {
    !isOne && text.count <= 4096 && Self.address(last) != nil
  }

  /// Who asked the nearest proxy. What stands further in front the client may have written itself.
  var last: ByteView { text.lastIndex(of: 0x2C).map { text.slice($0 + 1).trimmed } ?? text.trimmed }
  var isOne: Bool { text.firstIndex(of: 0x2C) == nil }

  /// The last address that stands behind a comma, as a word of its own.
  static func lastElement(in text: ByteView) -> ByteView? {
    var rest = text
    while let comma = rest.lastIndex(of: 0x2C) {
      // No further than an address is long, lest commas without blanks be walked for each of them.
      let behind = text.slice(comma + 1, comma + 80)
      if let word = behind.words(limit: 2).first, behind.offset(of: word) <= 1, address(word) != nil,
        text.offset(of: word) + word.count < text.count
      {
        return word
      }
      rest = rest.slice(0, comma)
    }
    return nil
  }

  /// The address of an element, which may have the port behind it (`203.0.113.9:4711`).
  static func address(_ element: ByteView) -> String? {
    if let address = IPAddress.normal(element) { return address }
    guard let colon = element.lastIndex(of: 0x3A), colon > 0, element.slice(colon + 1).integer != nil else {
      return nil
    }
    let host = element.slice(0, colon)
    let isBracketed = host[0] == 0x5B && host[host.count - 1] == 0x5D
    guard isBracketed || IPAddress.isDotted(host) else { return nil }
    return IPAddress.normal(isBracketed ? host.slice(1, host.count - 1) : host)
  }
}

extension [Entity] {
  /// Whom a proxy of one's own says it asked for: the last address of the list, which is the one that the proxy saw. Where that is
  /// a proxy of one's own as well (a load balancer in front of a web server in front of an application), the one before it is whom
  /// that one saw, up to the first public address. Behind a public address the list is what a client wrote.
  mutating func add(forwarded list: String, behind peer: String?) {
    guard let peer, IPAddress.isPrivate(peer) else { return }
    list.withView { text in
      var rest = text
      // More proxies than anybody has.
      for step in 0..<8 {
        let comma = rest.lastIndex(of: 0x2C)
        guard let address = ForwardedList.address(comma.map { rest.slice($0 + 1).trimmed } ?? rest.trimmed) else {
          return
        }
        let entity = Entity(.address, address)
        if address != peer, IPAddress.isSpecific(address), step == 0 || !contains(entity) { append(entity) }
        guard let comma, IPAddress.isPrivate(address) else { return }
        rest = rest.slice(0, comma)
      }
    }
  }
}

extension IPAddress {
  /// Of this machine or of a network of one's own: 127/8, 10/8, 172.16/12, 192.168/16, 100.64/10, `::1`, fc00::/7.
  static func isPrivate(_ address: String) -> Bool {
    if address.utf8.contains(0x3A) {
      return address == "::1" || address.hasPrefix("fc") || address.hasPrefix("fd") || address.hasPrefix("fe80:")
    }
    return address.withView { text in
      guard let (first, rest) = text.cut(0x2E), let (second, _) = rest.cut(0x2E) else { return false }
      switch (CivilTime.number(first) ?? 0, CivilTime.number(second) ?? 0) {
      case (10, _), (127, _), (192, 168), (172, 16...31), (100, 64...127), (169, 254): return true
      default: return false
      }
    }
  }
}
