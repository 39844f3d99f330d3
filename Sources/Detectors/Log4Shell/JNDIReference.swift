import Bytes

/// The parts of a JNDI name: `ldap://203.0.113.66:1389/Basic/Command/…`.
struct JNDIReference {
  var scheme: String?
  /// As written, IPv6 in brackets, unresolved lookups included: `${env:USER}.example`.
  var host: String?
  var port: Int?
  var path: String?

  /// Service providers that fetch over the network, in the JDK or its common add-ons.
  static let schemes: Set<String> = [
    "ldap", "ldaps", "rmi", "dns", "iiop", "iiopname", "corba", "corbaname", "corbaloc", "nds", "nis", "http", "https",
    "t3", "t3s", "ftp",
  ]

  /// All that was read as the name, lookups included: what lies behind it is the line's.
  private(set) var written = ""

  /// - Parameter content: from `jndi:` on.
  /// Returns nil for what fetches nothing: `java:comp/env`, a bare name.
  init?(_ text: JNDIText) {
    var content = text.content.dropFirst(5)
    // `${jndi:name:-default}`: the default is no part of the name.
    if let mark = Self.defaultMark(in: content) { content = content[..<mark] }
    let end = content.firstIndex { byte in
      // What ends any URL in a log; an open payload also ends at a blank or a quote, where the line goes on.
      byte == 0x22 || byte < 0x20
        || text.isOpen && (byte == 0x20 || byte == 0x27 || byte == 0x3C || byte == 0x3E || byte == 0x60)
    }
    var name = Array(content[..<(end ?? content.endIndex)])
    // `{'ua':'${jndi:ldap://host/a'}`: the quote and the brace close what is around the payload.
    if !text.isOpen, name.last == 0x27, name.firstIndex(of: 0x27) == name.count - 1 { name.removeLast() }
    if !text.isObfuscated, !text.isEncoded, Self.isPlaceholder(name) { return nil }
    // Who cuts a field may say so: `${jndi:ldap://host:1389/a...`.
    if text.isOpen {
      for mark in ["...", "…"] where name.reversed().starts(with: mark.utf8.reversed()) {
        name.removeLast(mark.utf8.count)
      }
    }
    self.init(
      name: name, isCut: text.isOpen && text.isAtEnd && end == nil, isObfuscated: text.isObfuscated || text.isEncoded)
  }

  /// `${jndi:${lower:rmi}}://host/a}`: a brace too many closes the lookup behind the scheme. Nothing is fetched, but it was
  /// meant to be.
  init?(_ text: JNDIText, followedBy rest: ByteView) {
    guard !text.isOpen, rest.hasPrefix(":/") else { return nil }
    let scheme = Array(text.content.dropFirst(5))
    guard Self.schemes.contains(String(decoding: scheme, as: UTF8.self).lowercased()) else { return nil }
    var end = 0
    while end < rest.count, end < 2048, rest[end] > 0x20, !isAny(rest[end], of: "}\"'<>`") { end += 1 }
    self.init(name: scheme + rest.slice(0, end).array, isCut: false, isObfuscated: true)
  }

  /// `ldap://<attacker>/a`, `[protocol]://[host]/`, `ldap://...`: how a payload is made, in words about it. Nothing can be fetched from there.
  private static func isPlaceholder(_ name: [UInt8]) -> Bool {
    guard let slashes = doubleSlash(in: name, from: 0), slashes + 3 < name.count else { return false }
    let first = name[slashes + 2]
    // Dots alone, or one character for three of them.
    let host = name[(slashes + 2)...].prefix { $0 != 0x2F && $0 != 0x3A }
    if host.allSatisfy({ $0 == 0x2E }) || host.elementsEqual("…".utf8) { return !host.isEmpty }
    // Square brackets are an address's too: they count where the protocol stands in them as well.
    guard first == 0x3C || first == 0x5B && name.first == 0x5B else { return false }
    let inner = name[(slashes + 3)...].prefix { isWordByte($0) || isAny($0, of: " -.") }
    return !inner.isEmpty && inner.endIndex < name.count && name[inner.endIndex] == (first == 0x3C ? 0x3E : 0x5D)
  }

  private static func defaultMark(in content: ArraySlice<UInt8>) -> Int? {
    var from = content.startIndex
    while let colon = content[from...].firstIndex(of: 0x3A) {
      if colon + 1 < content.endIndex, content[colon + 1] == 0x2D { return colon }
      from = colon + 1
    }
    return nil
  }

  /// `203.0.113[.]66[:]1389`, as reports write an address so that nobody follows it.
  private static func withoutDefanging(_ name: [UInt8]) -> [UInt8] {
    guard let first = name.firstIndex(of: 0x5B), first + 2 < name.count else { return name }
    var plain: [UInt8] = []
    plain.reserveCapacity(name.count)
    var place = 0
    while place < name.count {
      let isMark = name[place] == 0x5B && place + 2 < name.count && name[place + 2] == 0x5D
      if isMark, name[place + 1] == 0x2E || name[place + 1] == 0x3A {
        plain.append(name[place + 1])
        place += 3
      } else {
        plain.append(name[place])
        place += 1
      }
    }
    return plain
  }

  private init?(name: [UInt8], isCut: Bool, isObfuscated: Bool) {
    written = String(decoding: name, as: UTF8.self)
    let name = Self.withoutDefanging(name)
    var place = 0
    while place < name.count, name[place] == 0x20 { place += 1 }
    let colon = name[place...].firstIndex(of: 0x3A)
    let word = name[place..<(colon ?? name.count)]
    let text = String(decoding: word, as: UTF8.self).lowercased()
    if let colon, Self.schemes.contains(text) {
      scheme = text
      place = colon + 1
    } else if colon == nil, isCut {
      // Cut within the scheme or before it: as much of one as there is must fit.
      if !text.isEmpty, !Self.schemes.contains(where: { $0.hasPrefix(text) }) { return nil }
      return
    } else {
      // An unknown or unresolvable scheme counts where an authority follows.
      guard let slashes = Self.doubleSlash(in: name, from: place) else { return nil }
      if let colon, colon < slashes, text.allSatisfy({ $0.isLetter }), !text.isEmpty { scheme = text }
      place = slashes
    }
    if scheme?.hasPrefix("corba") == true { place = Self.afterProtocol(name, place) }
    while place < name.count, name[place] == 0x2F || name[place] == 0x5C { place += 1 }
    readAuthority(name, from: place)
    // `[^/]{3,255}`: a pattern that looks for payloads.
    if host?.hasPrefix("[^") == true { return nil }
  }

  /// `corbaloc::host:port/key`, `corbaname:iiop:1.2@host:port#name`, `corba:iiop://host`: behind the protocol between the
  /// colons, which may be left out.
  private static func afterProtocol(_ name: [UInt8], _ start: Int) -> Int {
    guard let colon = name[start...].firstIndex(of: 0x3A) else { return start }
    let word = String(decoding: name[start..<colon], as: UTF8.self).lowercased()
    return ["", "iiop", "rir", "ssliop"].contains(word) ? colon + 1 : start
  }

  /// Place of `//` where an authority could begin: at the start or after a colon.
  private static func doubleSlash(in name: [UInt8], from start: Int) -> Int? {
    var depth = 0
    for index in start..<max(start, name.count - 1) {
      if name[index] == 0x7B { depth += 1 }
      if name[index] == 0x7D { depth -= 1 }
      if name[index] == 0x2F, name[index + 1] == 0x2F, depth <= 0 {
        return index == start || name[index - 1] == 0x3A ? index : nil
      }
    }
    return nil
  }

  private mutating func readAuthority(_ name: [UInt8], from start: Int) {
    var depth = 0
    var bracket = false
    var colon: Int?
    var end = start
    var start = start
    scan: while end < name.count {
      switch name[end] {
      case 0x7B: depth += 1
      case 0x7D: depth -= 1
      case 0x5B where end == start: bracket = true
      case 0x5D: bracket = false
      case 0x2F where depth <= 0, 0x3F where depth <= 0, 0x5C where depth <= 0: break scan
      case 0x23 where depth <= 0 && scheme == "corbaname": break scan
      case 0x40 where depth <= 0 && !bracket:
        // Who logs in, or IIOP's version: the host comes behind it.
        start = end + 1
        colon = nil
      case 0x3A where depth <= 0 && !bracket: colon = end
      default: break
      }
      end += 1
    }
    var hostEnd = end
    // IPv6 without brackets has no port: its last group would be one.
    let authority = name[start..<max(end, start)]
    let isIPv6 =
      authority.count { $0 == 0x3A } >= 2 && authority.allSatisfy { hexDigit($0) != nil || $0 == 0x3A || $0 == 0x2E }
    if let colon, !isIPv6 {
      let digits = name[colon + 1..<end]
      let number =
        digits.isEmpty
        ? nil : digits.reduce(0) { $1 >= 0x30 && $1 <= 0x39 && $0 >= 0 && $0 < 100_000 ? $0 * 10 + Int($1 - 0x30) : -1 }
      if let number, number > 0, number < 65536 { port = number }
      // `host:` cut short and `host:name` alike: what follows the colon is no part of the host.
      if port != nil || digits.isEmpty || name[start..<colon].firstIndex(of: 0x3A) == nil { hostEnd = colon }
    }
    if hostEnd > start { host = String(decoding: name[start..<hostEnd], as: UTF8.self) }
    if end < name.count { path = String(decoding: name[end...], as: UTF8.self) }
  }
}
