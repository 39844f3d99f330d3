import Bytes
import Evidence

/// What sshd says of who came and how it ended.
///
/// A user's name is the client's to choose and may hold the words that follow it, so in lines with a name the address is
/// looked for from the end. In lines that begin with the address what comes last may be the client's words (the reason of
/// a disconnect), so there it is looked for from the start.
enum SSHMessage {
  /// How a line goes on behind the words that it begins with.
  private enum Shape {
    case attempt, withAddressFirst, withNameFirst, ofInvalidUser, refusal, failureOfPAM, withAddressLast, timeout,
      session, drop, reverseName
  }

  static func read(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    if body.hasPrefix("Server listening on ") { return readListening(body, into: &draft, &cache) }
    guard let (length, action, shape) = kind(of: body) else { return SSHRareMessage.read(body, into: &draft, &cache) }
    let rest = body.slice(length)
    switch shape {
    case .attempt: readAttempt(rest, action, into: &draft, &cache)
    case .withAddressFirst:
      draft.put("action", action)
      readAddress(rest, into: &draft, &cache)
    case .ofInvalidUser:
      draft.put("action", action)
      draft.put("is_invalid_user", .flag(true))
      readNameAndAddress(rest, into: &draft, &cache)
    case .withNameFirst:
      draft.put("action", action)
      readNameAndAddress(rest, into: &draft, &cache)
    case .refusal, .failureOfPAM, .withAddressLast, .timeout, .session, .drop, .reverseName:
      readRare(rest, action, shape, into: &draft, &cache)
    }
  }

  /// What happened, by the words at the front, and how many bytes they are. By the first letter first: these lines come by the
  /// million.
  private static func kind(of body: ByteView) -> (length: Int, action: String, Shape)? {
    switch body[0] {
    case UInt8(ascii: "A"):
      if body.hasPrefix("Accepted ") { return (9, "login_accepted", .attempt) }
    case UInt8(ascii: "F"):
      if body.hasPrefix("Failed ") { return (7, "login_failed", .attempt) }
    case UInt8(ascii: "P"):
      if body.hasPrefix("Postponed ") { return (10, "login_postponed", .attempt) }
    case UInt8(ascii: "B"):
      if body.hasPrefix("Bad protocol version identification ") { return (36, "scanned", .withAddressLast) }
    case UInt8(ascii: "S"):
      if body.hasPrefix("Starting session: ") { return (18, "session_started", .session) }
    case UInt8(ascii: "T"):
      if body.hasPrefix("Timeout before authentication for ") { return (34, "login_timed_out", .timeout) }
      if body.hasPrefix("Timeout, client not responding from ") { return (36, "disconnected", .withNameFirst) }
    case UInt8(ascii: "f"):
      if body.hasPrefix("fatal: Timeout before authentication for ") { return (41, "login_timed_out", .timeout) }
      if body.hasPrefix("fatal: Unable to negotiate with ") { return (32, "scanned", .withAddressFirst) }
    case UInt8(ascii: "I"):
      if body.hasPrefix("Invalid user ") { return (13, "login_failed", .ofInvalidUser) }
    case UInt8(ascii: "C"):
      if body.hasPrefix("Connection closed by ") { return (21, "disconnected", .withNameFirst) }
      if body.hasPrefix("Connection reset by ") { return (20, "disconnected", .withNameFirst) }
      if body.hasPrefix("Connection from ") { return (16, "connected", .withAddressFirst) }
    case UInt8(ascii: "R"):
      if body.hasPrefix("Received disconnect from ") { return (25, "disconnected", .withAddressFirst) }
    case UInt8(ascii: "D"):
      if body.hasPrefix("Disconnected from ") { return (18, "disconnected", .withNameFirst) }
      if body.hasPrefix("Disconnecting ") { return (14, "disconnected", .withNameFirst) }
      if body.hasPrefix("Did not receive identification string from ") { return (43, "scanned", .withAddressFirst) }
    case UInt8(ascii: "d"):
      if body.hasPrefix("drop connection #") { return (17, "connection_dropped", .drop) }
    case UInt8(ascii: "e"):
      if body.hasPrefix("error: maximum authentication attempts exceeded for ") {
        return (52, "login_failed", .withNameFirst)
      }
      if body.hasPrefix("error: PAM: ") { return (12, "login_failed", .failureOfPAM) }
      if body.hasPrefix("error: Received disconnect from ") { return (32, "disconnected", .withAddressFirst) }
    case UInt8(ascii: "s"):
      if body.hasPrefix("ssh_dispatch_run_fatal: Connection from ") { return (40, "disconnected", .withNameFirst) }
    case UInt8(ascii: "r"):
      if body.hasPrefix("reverse mapping checking getaddrinfo for ") { return (41, "name_mismatch", .reverseName) }
    case UInt8(ascii: "b"):
      if body.hasPrefix("banner exchange: Connection from ") { return (33, "scanned", .withAddressFirst) }
    case UInt8(ascii: "U"):
      if body.hasPrefix("Unable to negotiate with ") { return (25, "scanned", .withAddressFirst) }
      if body.hasPrefix("User "), body.lastIndex(of: " not allowed because ") != nil {
        return (5, "login_refused", .refusal)
      }
    default: break
    }
    return nil
  }

  private static func readListening(
    _ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache
  ) {
    let words = body.slice(20).words(limit: 4)
    draft.put("action", "server_listening")
    if let address = words.first { draft.add("local_address", IPAddress.normal(address) ?? address.string) }
    if words.count > 2 { draft.add("local_port", number(words[2]).integer) }
  }

  // publickey for ops from 10.1.0.9 port 60707 ssh2: ED25519 SHA256:…
  private static func readAttempt(
    _ rest: ByteView, _ action: String, into draft: inout EventDraft, _ cache: inout WordCache
  ) {
    guard let start = rest.firstIndex(of: 0x20), rest.slice(start).hasPrefix(" for "),
      let from = rest.lastIndex(of: " from "),
      start + 5 <= from
    else { return }
    draft.put("action", action)
    let method = rest.slice(0, start)
    if !method.isEmpty { draft.put("method", cache.text(method)) }
    var user = rest.slice(start + 5, from)
    if user.hasPrefix("invalid user ") {
      user = user.slice(13)
      draft.put("is_invalid_user", .flag(true))
    }
    AuthMessage.addUser(user, &draft, &cache)
    let end = rest.slice(from + 6)
    var tail = WordWalker(end)
    let address = tail.next()
    // Mostly a short number, behind which nothing of interest comes.
    if case let place = address.count + 6, end.slice(address.count).hasPrefix(" port "),
      let (port, digits) = end.shortNumber(at: place), end.slice(place + digits) == " ssh2"
    {
      return AuthMessage.addRemote(address, port: port, &draft)
    }
    _ = tail.next()
    let port = tail.next()
    AuthMessage.addRemote(address, port, &draft, &cache)
    // ssh2: ED25519 SHA256:…
    for _ in 0..<3 {
      let word = tail.next()
      if word.isEmpty { break }
      if word.hasPrefix("SHA256:") || word.hasPrefix("MD5:") {
        draft.add("key_fingerprint", new: word)
        break
      }
    }
  }

  // 203.0.113.9 port 40003:11: bye — 203.0.113.9: 11: bye (before OpenSSH 7.2)
  private static func readAddress(
    _ rest: ByteView, into draft: inout EventDraft, _ cache: inout WordCache
  ) {
    var words = WordWalker(rest)
    var address = words.next()
    guard !address.isEmpty else { return }
    if address[address.count - 1] == 0x3A, IPAddress.normal(address) == nil { address = address.dropLast(1) }
    let hasPort = words.next() == "port"
    AuthMessage.addRemote(address, hasPort ? number(words.next()) : nil, &draft, &cache)
  }

  // [invalid|authenticating] user NAME [from] 203.0.113.9 port 40003 [preauth] — without a port before OpenSSH 7.2
  private static func readNameAndAddress(
    _ rest: ByteView, into draft: inout EventDraft, _ cache: inout WordCache
  ) {
    let port = rest.lastIndex(of: " port ")
    let front = port.map { rest.slice(0, $0) } ?? (rest.hasSuffix(" [preauth]") ? rest.dropLast(10) : rest)
    let blank = front.lastIndex(of: 0x20)
    let address = front.slice(blank.map { $0 + 1 } ?? 0)
    guard port != nil || IPAddress.normal(address) != nil else { return }
    AuthMessage.addRemote(address, port.map { number(rest.slice($0 + 6)) }, &draft, &cache)
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
    AuthMessage.addUser(user, &draft, &cache)
  }

  // MARK: Rarer lines

  private static func readRare(
    _ rest: ByteView, _ action: String, _ shape: Shape, into draft: inout EventDraft, _ cache: inout WordCache
  ) {
    switch shape {
    // root from 203.0.113.9 not allowed because not listed in AllowUsers — ops not allowed because account is locked
    case .refusal:
      guard let place = rest.lastIndex(of: " not allowed because ") else { return }
      let front = rest.slice(0, place)
      let from = front.lastIndex(of: " from ")
      draft.put("action", action)
      AuthMessage.addUser(front.slice(0, from ?? front.count), &draft, &cache)
      if let from { AuthMessage.addRemote(front.slice(from + 6), nil, &draft, &cache) }
      draft.add("detail", new: rest.slice(place + 21))
    // Authentication failure for illegal user admin from 203.0.113.9
    case .failureOfPAM:
      guard let start = rest.firstIndex(of: ByteView(" for ")), let from = rest.lastIndex(of: " from "),
        start + 5 <= from
      else { return }
      var user = rest.slice(start + 5, from)
      draft.put("action", action)
      if user.hasPrefix("illegal user ") {
        user = user.slice(13)
        draft.put("is_invalid_user", .flag(true))
      }
      AuthMessage.addUser(user, &draft, &cache)
      AuthMessage.addRemote(rest.slice(from + 6), nil, &draft, &cache)
    // 'GET / HTTP/1.1' from 203.0.113.9 port 50000
    case .withAddressLast:
      guard let from = rest.lastIndex(of: " from ") else { return }
      draft.put("action", action)
      readAddress(rest.slice(from + 6), into: &draft, &cache)
    // 203.0.113.9 port 4711 — connection from 203.0.113.9 to 10.0.0.5, pid = 77
    case .timeout:
      draft.put("action", action)
      guard rest.hasPrefix("connection from ") else { return readAddress(rest, into: &draft, &cache) }
      var words = WordWalker(rest.slice(16))
      AuthMessage.addRemote(words.next(), nil, &draft, &cache)
      guard words.next() == "to" else { return }
      let local = words.next()
      addLocal(local[local.count - 1] == 0x2C ? local.dropLast(1) : local, nil, &draft)
    // shell on pts/0 for ops from 10.1.0.9 port 50000 id 0 — subsystem 'sftp' for ops from …
    case .session:
      guard let from = rest.lastIndex(of: " from "), let user = rest.slice(0, from).lastIndex(of: " for ") else {
        return
      }
      draft.put("action", action)
      AuthMessage.addUser(rest.slice(user + 5, from), &draft, &cache)
      readAddress(rest.slice(from + 6), into: &draft, &cache)
      let what = rest.slice(0, user)
      draft.add("detail", new: what)
      if let place = what.lastIndex(of: " on ") { draft.add("tty", cache.text(what.slice(place + 4))) }
    // 0 from [203.0.113.9]:50022 on [10.0.0.5]:22 penalty: failed authentication
    case .drop:
      draft.put("action", action)
      var words = WordWalker(rest)
      _ = words.next()
      guard words.next() == "from", let remote = end(words.next()) else { return }
      AuthMessage.addRemote(remote.address, remote.port, &draft, &cache)
      guard words.next() == "on", let local = end(words.next()) else { return }
      addLocal(local.address, local.port, &draft)
    // evil.example [203.0.113.99] failed - POSSIBLE BREAK-IN ATTEMPT!
    case .reverseName:
      guard let (name, behind) = rest.cut(0x20), behind[0] == 0x5B, let close = behind.firstIndex(of: 0x5D) else {
        return
      }
      draft.put("action", action)
      draft.add("remote_host", new: name)
      AuthMessage.addRemote(behind.slice(1, close), nil, &draft, &cache)
    case .attempt, .withAddressFirst, .withNameFirst, .ofInvalidUser: return
    }
  }

  /// `[203.0.113.9]:50022`
  private static func end(_ word: ByteView) -> (address: ByteView, port: ByteView)? {
    guard word[0] == 0x5B, let close = word.lastIndex(of: 0x5D) else { return nil }
    return (word.slice(1, close), number(word.slice(close + 2)))
  }

  private static func addLocal(_ address: ByteView, _ port: ByteView?, _ draft: inout EventDraft) {
    draft.add("local_address", IPAddress.normal(address))
    draft.add("local_port", port?.integer)
  }

  /// The digits at the front.
  private static func number(_ text: ByteView) -> ByteView {
    var digits = 0
    while (0x30...0x39).contains(text[digits]) { digits += 1 }
    return text.slice(0, digits)
  }
}
