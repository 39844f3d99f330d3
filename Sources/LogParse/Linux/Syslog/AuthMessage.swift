import Bytes
import Evidence

/// What the programs of authentication and account management say, as attributes: `action`, `user`, `remote_address`,
/// `remote_port`, `method`, `command` …
///
/// Names of users come from whoever tried to log in: they may hold blanks and the very words that follow them, so the
/// address is looked for from the end.
enum AuthMessage {
  static func read(
    _ body: ByteView, of source: SyslogRecord.Source, into draft: inout EventDraft, _ cache: inout WordCache
  ) {
    if body[0] == UInt8(ascii: "m"), let (count, text) = repeated(body) {
      draft.put("count", count)
      return readOnce(text, of: source, into: &draft, &cache)
    }
    readOnce(body, of: source, into: &draft, &cache)
  }

  // message repeated 2 times: [ Failed password for root from 203.0.113.9 port 4711 ssh2]
  private static func repeated(_ body: ByteView) -> (count: Int64, text: ByteView)? {
    guard body.hasPrefix("message repeated "), body[body.count - 1] == 0x5D,
      let (number, rest) = body.slice(17).cut(0x20), let count = number.integer, count > 0, rest.hasPrefix("times: [ ")
    else { return nil }
    return (count, rest.slice(9, rest.count - 1))
  }

  @inline(__always)
  private static func readOnce(
    _ body: ByteView, of source: SyslogRecord.Source, into draft: inout EventDraft, _ cache: inout WordCache
  ) {
    if body.hasPrefix("pam_") { return readPAM(body, into: &draft, &cache) }
    if body[0] == UInt8(ascii: "P"), readMoreFailures(body, into: &draft, &cache) { return }
    switch source {
    case .ssh: SSHMessage.read(body, into: &draft, &cache)
    case .sudo: SudoMessage.read(body, into: &draft, &cache)
    case .su: SudoMessage.readSu(body, into: &draft, &cache)
    case .logind: LoginMessage.readLogind(body, into: &draft, &cache)
    case .login: LoginMessage.read(body, into: &draft, &cache)
    case .dropbear: DropbearMessage.read(body, into: &draft, &cache)
    case .sftp: SFTPMessage.read(body, into: &draft, &cache)
    case .accounts, .cron, .kernel, .audit, .web, .network, .other: AccountMessage.read(body, into: &draft, &cache)
    }
  }

  static func addUser(_ user: ByteView, _ draft: inout EventDraft, _ cache: inout WordCache) {
    guard !user.isEmpty else { return }
    let name = cache.text(user)
    draft.put("user", new: name)
    draft.put(.user, name)
  }

  static func addRemote(
    _ address: ByteView, _ port: ByteView?, _ draft: inout EventDraft, _ cache: inout WordCache
  ) {
    addRemote(address, port: port?.integer, &draft)
  }

  static func addRemote(_ address: ByteView, port: Int64?, _ draft: inout EventDraft) {
    if IPAddress.isDotted(address) {
      let text = address.string
      draft.put("remote_address", new: text)
      if IPAddress.isSpecific(address) { draft.put(.address, text) }
    } else if let normal = IPAddress.normal(address) {
      draft.put("remote_address", new: normal)
      if IPAddress.isSpecific(normal) { draft.put(.address, normal) }
    } else if !address.isEmpty, !(address == "UNKNOWN") {
      draft.add("remote_host", new: address)
    }
    if let port { draft.put("remote_port", port) }
  }

  // MARK: PAM

  /// Where `): ` stands: as a rule behind the first closing parenthesis.
  private static func endOfService(_ body: ByteView) -> Int? {
    guard let close = body.firstIndex(of: 0x29) else { return nil }
    return body[close + 1] == 0x3A && body[close + 2] == 0x20
      ? close : body.firstIndex(of: ByteView("): "), from: close)
  }

  // pam_unix(sshd:session): session opened for user ops(uid=1000) by (uid=0)
  // pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root
  static func readPAM(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    guard let place = endOfService(body) else { return }
    if let open = body.firstIndex(of: 0x28), open < place {
      draft.add("pam_service", cache.text(body.slice(open + 1, place)))
    }
    let text = body.slice(place + 3)
    func named(_ rest: ByteView) -> ByteView {
      var words = WordWalker(rest)
      let word = words.next()
      return word.cut(0x28)?.before ?? word
    }
    if text.hasPrefix("session opened for user ") {
      draft.put("action", "session_opened")
      addUser(named(text.slice(24)), &draft, &cache)
      // by ops(uid=1000) — by (uid=0)
      if let by = text.firstIndex(of: ByteView(" by ")) {
        let actor = named(text.slice(by + 4))
        if !actor.isEmpty { draft.put("by_user", cache.text(actor)) }
      }
    } else if text.hasPrefix("session closed for user ") {
      draft.put("action", "session_closed")
      addUser(named(text.slice(24)), &draft, &cache)
    } else if text.hasPrefix("password changed for ") {
      draft.put("action", "password_changed")
      addUser(named(text.slice(21)), &draft, &cache)
    } else if text.hasPrefix("authentication success;") {
      draft.put("action", "authenticated")
      readCaller(text, into: &draft, &cache)
    } else if text.hasPrefix("Consecutive login failures for user ") {
      draft.put("action", "account_locked")
      addUser(named(text.slice(36)), &draft, &cache)
    } else if text.hasPrefix("authentication failure;")
      || text.firstIndex(of: ByteView("authentication failure;")) != nil
    {
      draft.put("action", "login_failed")
      readCaller(text, into: &draft, &cache)
    } else if text.hasPrefix("user "), let place = text.lastIndex(of: " tally "), place >= 5 {
      // user root (0) tally 9, deny 5
      draft.put("action", "account_locked")
      let name = text.slice(5, place)
      addUser(name.lastIndex(of: " (").map { name.slice(0, $0) } ?? name, &draft, &cache)
      draft.add("detail", new: text.slice(place + 1))
    }
  }

  // logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root
  //
  // What the caller chose, `ruser` and `user`, may hold the very words that follow: then what is read is marked as ambiguous.
  private static func readCaller(_ text: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    var words = WordWalker(text)
    var (user, tty, host, remoteUser) = (ByteView(""), ByteView(""), ByteView(""), ByteView(""))
    var hosts = 0
    for _ in 0..<32 {
      let word = words.next()
      if word.isEmpty { break }
      // Five words of eight are none of these: their first letters tell.
      switch word[0] {
      case UInt8(ascii: "r"):
        if word.hasPrefix("rhost=") {
          hosts += 1
          // The last in front of the user is the one that PAM wrote, unless the user's name holds it.
          if user.isEmpty { host = word.slice(6) }
        } else if user.isEmpty, word.hasPrefix("ruser=") {
          remoteUser = word.slice(6)
        }
      case UInt8(ascii: "u"): if user.isEmpty, word.hasPrefix("user=") { user = word.slice(5) }
      case UInt8(ascii: "t"): if tty.isEmpty, word.hasPrefix("tty=") { tty = word.slice(4) }
      default: break
      }
    }
    if !tty.isEmpty { draft.put("tty", cache.text(tty)) }
    if !remoteUser.isEmpty { draft.put("ruser", cache.text(remoteUser)) }
    if !host.isEmpty { addRemote(host, nil, &draft, &cache) }
    addUser(user, &draft, &cache)
    if hosts > 1 { draft.put("is_ambiguous", .flag(true)) }
  }

  // PAM 2 more authentication failures; logname= …
  private static func readMoreFailures(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) -> Bool
  {
    guard body.hasPrefix("PAM "), let (number, rest) = body.slice(4).cut(0x20), let count = number.integer, count > 0,
      rest.hasPrefix("more authentication failure")
    else { return false }
    draft.put("action", "login_failed")
    draft.put("count", count)
    readCaller(rest, into: &draft, &cache)
    return true
  }
}
