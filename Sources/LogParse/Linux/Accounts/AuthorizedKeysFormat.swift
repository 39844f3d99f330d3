import Bytes
import Evidence

/// authorized_keys: who may log in with which key, and what sshd then does (`command=`, `from=`).
struct AuthorizedKeysFormat: LogFormat {
  let name = "linux.authorized_keys"
  let version = 3

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

  /// sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; large letters are as good as small ones. In known_hosts names of hosts stand in this place.
  private static func isOption(_ text: ByteView) -> Bool {
    for name in [
      "command=", "from=", "environment=", "permitopen=", "permitlisten=", "principals=", "tunnel=", "expiry-time=",
      "no-", "restrict", "cert-authority", "agent-forwarding", "port-forwarding", "x11-forwarding", "pty", "user-rc",
      "verify-required", "zos-key-ring-label=",
    ] as [StaticString] where text.slice(0, name.utf8CodeUnitCount).equalsIgnoringCase(name) { return true }
    return false
  }

  /// The command that runs instead of what the client asks for; a quote inside is escaped by a backslash.
  private static func command(_ options: ByteView) -> String? {
    guard let start = place(ofCommandIn: options) else { return nil }
    var bytes: [UInt8] = []
    var place = start + 9
    while place < options.count, options[place] != 0x22 {
      if options[place] == 0x5C, options[place + 1] == 0x22 { place += 1 }
      bytes.append(options[place])
      place += 1
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Where the option begins: at the front or behind a comma, and not in another's value.
  private static func place(ofCommandIn options: ByteView) -> Int? {
    var isQuoted = false
    var isFirst = true
    for place in 0..<options.count {
      if isFirst, options.slice(place, place + 9).equalsIgnoringCase("command=\"") { return place }
      if options[place] == 0x22, place == 0 || options[place - 1] != 0x5C { isQuoted.toggle() }
      isFirst = options[place] == 0x2C && !isQuoted
    }
    return nil
  }

  func parse(_ stream: any ByteStream, _ context: ParseContext, into sink: any ResultSink) throws(BytesError) {
    let user = FileOwner.user(ofPath: context.path)
    try readLines(stream, into: sink) { line in
      let text = line.bytes.trimmed
      if text[0] == 0x23 { return .parsed }
      guard let (options, key) = Self.split(text) else { return .skipped("line is not a public key") }
      var attributes: [Attribute] = []
      attributes.add("key_type", key.type)
      attributes.add("key_fingerprint", key.fingerprint)
      attributes.add("comment", key.comment)
      attributes.add("options", options.string)
      let entry = PersistenceEntry(
        mechanism: .authorizedKey, command: Self.command(options), user: user,
        schedule: "at each login with this key", extra: attributes)
      sink.event(
        entry.event(
          "The \(key.type) key \(key.fingerprint ?? "without fingerprint") (\(key.comment)) may log in as \(user ?? "the owner of the file").",
          line.locator))
      return .parsed
    }
  }
}
