import Bytes
import Evidence

/// What sshd says of who came and how it ended.
///
/// A user's name is the client's to choose and may hold the words that follow it, so in lines with a name the address is
/// looked for from the end. In lines that begin with the address what comes last may be the client's words (the reason of
/// a disconnect), so there it is looked for from the start.
enum SSHMessage {
  private struct Pattern: Sendable {
    var prefix: StaticString
    var action: String
    var beginsWithAddress = false
    var isInvalidUser = false
  }

  private static let attempts: [Pattern] = [
    Pattern(prefix: "Accepted ", action: "login_accepted"), Pattern(prefix: "Failed ", action: "login_failed"),
    Pattern(prefix: "Postponed ", action: "login_postponed"),
  ]

  private static let others: [Pattern] = [
    Pattern(prefix: "Invalid user ", action: "login_failed", isInvalidUser: true),
    Pattern(prefix: "Received disconnect from ", action: "disconnected", beginsWithAddress: true),
    Pattern(prefix: "Disconnected from ", action: "disconnected"),
    Pattern(prefix: "Connection closed by ", action: "disconnected"),
    Pattern(prefix: "Connection reset by ", action: "disconnected"),
    Pattern(prefix: "Connection from ", action: "connected", beginsWithAddress: true),
    Pattern(prefix: "error: maximum authentication attempts exceeded for ", action: "login_failed"),
    Pattern(prefix: "Disconnecting ", action: "disconnected"),
    Pattern(prefix: "Did not receive identification string from ", action: "scanned", beginsWithAddress: true),
    Pattern(prefix: "banner exchange: Connection from ", action: "scanned", beginsWithAddress: true),
    Pattern(prefix: "Unable to negotiate with ", action: "scanned", beginsWithAddress: true),
  ]

  static func read(_ body: ByteView, into attributes: inout [Attribute], _ entities: inout [Entity]) {
    for index in attempts.indices where body.hasPrefix(attempts[index].prefix) {
      let rest = body.slice(attempts[index].prefix.utf8CodeUnitCount)
      return readAttempt(rest, attempts[index].action, into: &attributes, &entities)
    }
    if body.hasPrefix("Server listening on ") {
      let words = body.slice(20).words(limit: 4)
      attributes.add("action", "server_listening")
      if let address = words.first { attributes.add("local_address", IPAddress.normal(address) ?? address.string) }
      if words.count > 2 { attributes.add("local_port", number(words[2]).integer) }
      return
    }
    for index in others.indices where body.hasPrefix(others[index].prefix) {
      return readOther(body, others[index], into: &attributes, &entities)
    }
  }

  // publickey for ops from 10.1.0.9 port 60707 ssh2: ED25519 SHA256:…
  private static func readAttempt(
    _ rest: ByteView, _ action: String, into attributes: inout [Attribute], _ entities: inout [Entity]
  ) {
    guard let start = rest.firstIndex(of: 0x20), rest.slice(start).hasPrefix(" for "),
      let from = rest.lastPlace(of: " from "),
      start + 5 <= from
    else { return }
    attributes.add("action", action)
    attributes.add("method", rest.slice(0, start).string)
    var user = rest.slice(start + 5, from)
    if user.hasPrefix("invalid user ") {
      user = user.slice(13)
      attributes.append(Attribute("is_invalid_user", .flag(true)))
    }
    AuthMessage.addUser(user, &attributes, &entities)
    var tail = WordWalker(rest.slice(from + 6))
    let address = tail.next()
    _ = tail.next()
    let port = tail.next()
    AuthMessage.addRemote(address, port, &attributes, &entities)
    // ssh2: ED25519 SHA256:…
    for _ in 0..<3 {
      let word = tail.next()
      if word.isEmpty { break }
      if word.hasPrefix("SHA256:") || word.hasPrefix("MD5:") {
        attributes.add("key_fingerprint", word.string)
        break
      }
    }
  }

  // 203.0.113.9 port 40003:11: bye            [invalid|authenticating] user NAME [from] 203.0.113.9 port 40003 [preauth]
  private static func readOther(
    _ body: ByteView, _ pattern: Pattern, into attributes: inout [Attribute], _ entities: inout [Entity]
  ) {
    attributes.add("action", pattern.action)
    if pattern.isInvalidUser { attributes.append(Attribute("is_invalid_user", .flag(true))) }
    let rest = body.slice(pattern.prefix.utf8CodeUnitCount)
    if pattern.beginsWithAddress {
      var words = WordWalker(rest)
      let address = words.next()
      guard !address.isEmpty else { return }
      let hasPort = words.next() == "port"
      return AuthMessage.addRemote(address, hasPort ? number(words.next()) : nil, &attributes, &entities)
    }
    guard let port = rest.lastPlace(of: " port ") else { return }
    let front = rest.slice(0, port)
    let blank = front.lastIndex(of: 0x20)
    AuthMessage.addRemote(
      front.slice(blank.map { $0 + 1 } ?? 0), number(rest.slice(port + 6)), &attributes, &entities)
    guard let blank else { return }
    var user = front.slice(0, blank)
    user = user.hasSuffix(" from") ? user.dropLast(5) : user == "from" ? user.slice(user.count) : user
    if user.hasPrefix("invalid user ") {
      user = user.slice(13)
    } else if user.hasPrefix("authenticating user ") {
      user = user.slice(20)
    } else if user.hasPrefix("user ") {
      user = user.slice(5)
    }
    AuthMessage.addUser(user, &attributes, &entities)
  }

  /// The digits at the front.
  private static func number(_ text: ByteView) -> ByteView {
    var digits = 0
    while (0x30...0x39).contains(text[digits]) { digits += 1 }
    return text.slice(0, digits)
  }
}
