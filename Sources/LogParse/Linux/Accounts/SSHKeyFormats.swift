import Bytes
import Evidence

/// A public key as OpenSSH writes it: type, base64, comment.
struct PublicKey {
  var type: String
  /// `SHA256:…`, as `ssh-keygen -l` and sshd's log show it.
  var fingerprint: String?
  var comment: String

  /// - Parameter text: begins with the type.
  init?(_ text: ByteView) {
    let words = text.words(limit: 3)
    guard words.count >= 2, Self.isType(words[0]), words[1].hasPrefix("AAAA") else { return nil }
    type = words[0].string
    comment = words.count > 2 ? words[2].string : ""
    fingerprint = Self.decode(words[1]).map { "SHA256:" + Self.encode(Digest(of: $0).bytes) }
  }

  static func isType(_ word: ByteView) -> Bool {
    word.hasPrefix("ssh-") || word.hasPrefix("ecdsa-sha2-") || word.hasPrefix("sk-ssh-") || word.hasPrefix("sk-ecdsa-")
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// Base64; nil for anything else, and beyond 64 KiB.
  static func decode(_ text: ByteView) -> [UInt8]? {
    guard text.count <= 1 << 16 else { return nil }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var number = 0
    for index in 0..<text.count {
      let value: UInt32
      switch text[index] {
      case let byte where (0x41...0x5A).contains(byte): value = UInt32(byte - 0x41)
      case let byte where (0x61...0x7A).contains(byte): value = UInt32(byte - 0x61) + 26
      case let byte where (0x30...0x39).contains(byte): value = UInt32(byte - 0x30) + 52
      case 0x2B: value = 62
      case 0x2F: value = 63
      case 0x3D: continue
      default: return nil
      }
      bits = (bits << 6 | value) & 0xFFFFFF
      number += 6
      if number >= 8 {
        number -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(number)))
      }
    }
    return bytes
  }

  /// Base64 without padding.
  private static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for byte in part { bits = bits << 8 | UInt32(byte) }
      bits <<= UInt32(3 - part.count) * 8
      for index in 0...part.count { text.append(alphabet[Int(bits >> UInt32(18 - index * 6) & 63)]) }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// authorized_keys: who may log in with which key, and what sshd then does (`command=`, `from=`).
struct AuthorizedKeysFormat: LogFormat {
  let name = "linux.authorized_keys"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    // A public key by itself lets nobody in.
    guard sample.isText, !sample.name.hasSuffix(".pub") else { return nil }
    let lines = sample.lines(8).filter { $0.trimmed[0] != 0x23 }
    guard !lines.isEmpty, lines.allSatisfy({ Self.split($0.trimmed) != nil }) else {
      return sample.name.hasPrefix("authorized_keys") && ShellCommand.isPlausible(sample) ? .low : nil
    }
    return .high
  }

  /// Options end at the first blank outside quotes.
  private static func split(_ text: ByteView) -> (options: ByteView, key: PublicKey)? {
    if let key = PublicKey(text) { return (text.slice(0, 0), key) }
    var isQuoted = false
    for place in 0..<min(text.count, 1 << 14) {
      if text[place] == 0x22, place == 0 || text[place - 1] != 0x5C { isQuoted.toggle() }
      if text[place] == 0x20 || text[place] == 0x09, !isQuoted {
        guard isOption(text.slice(0, place)) else { return nil }
        return PublicKey(text.slice(place).trimmed).map { (text.slice(0, place), $0) }
      }
    }
    return nil
  }

  /// sshd(8), "AUTHORIZED_KEYS FILE FORMAT". In known_hosts names of hosts stand in this place.
  private static func isOption(_ text: ByteView) -> Bool {
    for name in [
      "command=", "from=", "environment=", "permitopen=", "permitlisten=", "principals=", "tunnel=", "expiry-time=",
      "no-", "restrict", "cert-authority", "agent-forwarding", "port-forwarding", "x11-forwarding", "pty", "user-rc",
      "verify-required",
    ] as [StaticString] where text.hasPrefix(ByteView(name)) { return true }
    return false
  }

  /// The command that runs instead of what the client asks for; a quote inside is escaped by a backslash.
  private static func command(_ options: ByteView) -> String? {
    guard let start = options.firstIndex(of: ByteView("command=\"")) else { return nil }
    var bytes: [UInt8] = []
    var place = start + 9
    while place < options.count, options[place] != 0x22 {
      if options[place] == 0x5C, options[place + 1] == 0x22 { place += 1 }
      bytes.append(options[place])
      place += 1
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let user = FileOwner.user(ofPath: context.path)
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      guard let (options, key) = Self.split(text) else { return .skipped("line is not a public key") }
      var attributes: [Attribute] = []
      attributes.add("user", user)
      attributes.add("key_type", key.type)
      attributes.add("key_fingerprint", key.fingerprint)
      attributes.add("comment", key.comment)
      attributes.add("options", options.string)
      attributes.add("command", Self.command(options))
      sink.event(
        Event(
          time: nil, dataType: "linux:ssh:authorized_key",
          message:
            "The \(key.type) key \(key.fingerprint ?? "without fingerprint") (\(key.comment)) may log in as \(user ?? "the owner of the file").",
          entities: user.map { [Entity(.user, $0)] } ?? [], attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}

/// known_hosts: where somebody of this account connected to by ssh. Hashed names stay hashed.
struct KnownHostsFormat: LogFormat {
  let name = "linux.known_hosts"
  let version = 1

  func recognizes(_ sample: FormatSample) -> Confidence? {
    guard sample.isText, sample.name.contains("known_hosts") else { return nil }
    let lines = sample.lines(8).filter { $0.trimmed[0] != 0x23 }
    return !lines.isEmpty && lines.allSatisfy { Self.split($0.trimmed) != nil } ? .high : nil
  }

  private static func split(_ text: ByteView) -> (hosts: ByteView, key: PublicKey)? {
    var words = text.words(limit: 2)
    if let mark = words.first, mark[0] == 0x40, words.count == 2 { words = words[1].words(limit: 2) }
    guard words.count == 2 else { return nil }
    return PublicKey(words[1]).map { (words[0], $0) }
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let user = FileOwner.user(ofPath: context.path)
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      guard let (hosts, key) = Self.split(text) else { return .skipped("line is not a host's key") }
      let names = hosts[0] == 0x7C ? [] : hosts.split(0x2C, limit: 64).map { Endpoint(host: $0, port: ByteView("")) }
      var attributes: [Attribute] = []
      attributes.add("user", user)
      attributes.add("hosts", hosts[0] == 0x7C ? [] : hosts.split(0x2C, limit: 64).map(\.string))
      attributes.add("key_type", key.type)
      attributes.add("key_fingerprint", key.fingerprint)
      sink.event(
        Event(
          time: nil, dataType: "linux:ssh:known_host",
          message:
            "\(user ?? "Somebody") knows the \(key.type) key of \(hosts[0] == 0x7C ? "a host whose name is hashed" : hosts.string).",
          entities: names.compactMap { $0.isSpecific ? Entity(.address, $0.address ?? "") : nil },
          attributes: attributes, locator: line.locator))
      return .parsed
    }
  }
}
