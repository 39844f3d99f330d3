import Bytes
import Evidence

/// Who a server's log says came, where the line has it in the server's own words: fail2ban, MySQL, PostgreSQL. Valid while the text is.
struct ServiceClient {
  private(set) var client: Endpoint?
  private(set) var user: ByteView?
  private(set) var action: String?

  /// Bytes in which the words are looked for.
  private static let front = 256

  init?(_ text: ByteView) {
    let front = text.slice(0, Self.front)
    if text[0] == UInt8(ascii: "f"), readFail2ban(front) { return }
    // Nearly all entries begin with the name of a class; these with a level, a mark in brackets, a number, or `user@database`.
    switch text[0] {
    case UInt8(ascii: "["), UInt8(ascii: "#"), UInt8(ascii: "A"), UInt8(ascii: "F"), UInt8(ascii: "L"), 0x30...0x3A:
      break
    default: guard text.slice(0, 64).firstIndex(of: 0x40) != nil else { return nil }
    }
    var hasLead = text[0] == 0x3A
    Self.leads.forEachMatch(in: front) { _, _ in
      hasLead = true
      return nil
    }
    guard hasLead && (readMySQL(front) || readPostgreSQL(front)) || readPrefix(front) else { return nil }
  }

  // [77] ops@app LOG:  statement: SELECT 1
  /// Whose session it is, as PostgreSQL's line begins where Debian set it up.
  private mutating func readPrefix(_ front: ByteView) -> Bool {
    let words = front.words(limit: 3)
    guard words.count == 3, let at = words[0].firstIndex(of: 0x40), at > 0, words[0][0] != 0x5B else { return false }
    for level in ["LOG:", "ERROR:", "FATAL:", "PANIC:", "WARNING:", "STATEMENT:"] as [StaticString]
    where words[1] == level {
      user = words[0].slice(0, at)
      return true
    }
    return false
  }

  /// One look for all, for nearly no line has any of them.
  private static let leads = LiteralSet(
    exact: [
      "Access denied for user '", " Connect\t", "connection received: host=", " authentication failed for user \"",
      "connection authorized: user=", "# User@Host: ",
    ], ignoringCase: [])

  // fail2ban.actions        [1234]: NOTICE  [sshd] Ban 203.0.113.66
  private mutating func readFail2ban(_ front: ByteView) -> Bool {
    guard front.hasPrefix("fail2ban.") else { return false }
    for (words, action) in [
      ("] Ban ", "banned"), ("] Restore Ban ", "banned"), ("] Unban ", "unbanned"), ("] Found ", "found"),
    ] as [(StaticString, String)] {
      guard let place = front.firstIndex(of: ByteView(words)) else { continue }
      let rest = front.slice(place + words.utf8CodeUnitCount)
      let word = rest.words(limit: 2).first ?? rest
      guard IPAddress.normal(word) != nil else { return false }
      client = Endpoint(host: word, port: ByteView(""))
      self.action = action
      return true
    }
    return false
  }

  // [MY-010926] [Server] Access denied for user 'root'@'203.0.113.66' (using password: YES)
  // 8 Connect\troot@203.0.113.66 on app using TCP/IP
  private mutating func readMySQL(_ front: ByteView) -> Bool {
    if let place = front.firstIndex(of: ByteView("Access denied for user '")) {
      // The name is the caller's: the host is the last that stands in quotes.
      let rest = front.slice(place + 24)
      guard let at = rest.firstIndex(of: ByteView("'@'")), let close = rest.firstIndex(of: 0x27, from: at + 3) else {
        return false
      }
      action = "login_failed"
      setUser(rest.slice(0, at), at: rest.slice(at + 3, close))
      return true
    }
    if front[0] == 0x23 {
      // # User@Host: root[root] @ web-1 [203.0.113.66]  Id:     8
      guard let place = front.firstIndex(of: ByteView("\n# User@Host: ")) else { return false }
      let line = front.slice(place + 14).cut(0x0A)?.before ?? front.slice(place + 14)
      guard let open = line.firstIndex(of: 0x5B), let at = line.firstIndex(of: ByteView("] @ ")) else { return false }
      let host = line.slice(at + 4)
      guard let start = host.firstIndex(of: 0x5B), let end = host.firstIndex(of: 0x5D) else { return false }
      setUser(line.slice(0, open), at: host.slice(start + 1, end))
      return true
    }
    guard (0x30...0x39).contains(front[0]), let place = front.firstIndex(of: ByteView(" Connect\t")), place < 24 else {
      return false
    }
    let word = front.slice(place + 9).words(limit: 2).first ?? front
    guard let at = word.lastIndex(of: 0x40) else { return false }
    action = "connected"
    setUser(word.slice(0, at), at: word.slice(at + 1))
    return true
  }

  private mutating func setUser(_ user: ByteView, at host: ByteView) {
    self.user = user.isEmpty ? nil : user
    client = Endpoint(host: host, port: ByteView(""))
  }

  // [77] LOG:  connection received: host=203.0.113.66 port=50122
  // [77] ops@app FATAL:  password authentication failed for user "ops"
  // :203.0.113.66(50122):ops@app:[77]:LOG:  connection authorized: user=ops database=app
  private mutating func readPostgreSQL(_ front: ByteView) -> Bool {
    if front[0] == 0x3A, let (host, rest) = front.dropFirst(1).cut(0x28), let (port, after) = rest.cut(0x29),
      IPAddress.normal(host) != nil, after[0] == 0x3A
    {
      client = Endpoint(host: host, port: port)
      let name = after.dropFirst(1)
      if let at = name.firstIndex(of: 0x40), at > 0, !name.hasPrefix("[unknown]") { user = name.slice(0, at) }
    }
    if let place = front.firstIndex(of: ByteView("connection received: host=")) {
      let words = front.slice(place + 26).words(limit: 3)
      if let host = words.first, words.count > 1, words[1].hasPrefix("port=") {
        client = Endpoint(host: host, port: words[1].slice(5))
      }
      action = "connected"
    } else if let place = front.firstIndex(of: ByteView(" authentication failed for user \"")) {
      let name = front.slice(place + 33)
      user = name.slice(0, name.firstIndex(of: 0x22) ?? name.count)
      action = "login_failed"
    } else if let place = front.firstIndex(of: ByteView("connection authorized: user=")) {
      user = front.slice(place + 28).words(limit: 2).first
      action = "login_accepted"
    }
    return client != nil || user != nil
  }

  func add(to attributes: inout [Attribute], _ entities: inout [Entity]) {
    attributes.add("action", action)
    if let user {
      attributes.add("user", user.string)
      entities.append(Entity(.user, user.string))
    }
    guard let client else { return }
    attributes.addEndpoint("remote", client)
    if client.isSpecific, let address = client.address { entities.append(Entity(.address, address)) }
  }
}
