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
    case .sudo: readSudo(body, into: &draft, &cache)
    case .su: readSu(body, into: &draft, &cache)
    case .logind: LoginMessage.readLogind(body, into: &draft, &cache)
    case .login: LoginMessage.read(body, into: &draft, &cache)
    case .accounts, .cron, .kernel, .other: readAccounts(body, into: &draft, &cache)
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
    if let normal = IPAddress.normal(address) {
      draft.put("remote_address", new: normal)
      if IPAddress.isSpecific(normal) { draft.put(.address, normal) }
    } else if !address.isEmpty, !(address == "UNKNOWN") {
      draft.add("remote_host", new: address)
    }
    if let port = port?.integer { draft.put("remote_port", port) }
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
    } else if text.hasPrefix("session closed for user ") {
      draft.put("action", "session_closed")
      addUser(named(text.slice(24)), &draft, &cache)
    } else if text.hasPrefix("password changed for ") {
      draft.put("action", "password_changed")
      addUser(named(text.slice(21)), &draft, &cache)
    } else if text.hasPrefix("authentication failure;")
      || text.firstIndex(of: ByteView("authentication failure;")) != nil
    {
      draft.put("action", "login_failed")
      readFailure(text, into: &draft, &cache)
    }
  }

  // logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root
  private static func readFailure(_ text: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    var words = WordWalker(text)
    for _ in 0..<32 {
      let word = words.next()
      if word.isEmpty { break }
      if word.hasPrefix("user=") { addUser(word.slice(5), &draft, &cache) }
      if word.hasPrefix("rhost="), word.count > 6 { addRemote(word.slice(6), nil, &draft, &cache) }
      if word.hasPrefix("tty="), word.count > 4 { draft.add("tty", cache.text(word.slice(4))) }
    }
  }

  // PAM 2 more authentication failures; logname= …
  private static func readMoreFailures(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) -> Bool
  {
    guard body.hasPrefix("PAM "), let (number, rest) = body.slice(4).cut(0x20), let count = number.integer, count > 0,
      rest.hasPrefix("more authentication failure")
    else { return false }
    draft.put("action", "login_failed")
    draft.put("count", count)
    readFailure(rest, into: &draft, &cache)
    return true
  }

  // MARK: sudo, su

  //     ops : TTY=pts/2 ; PWD=/opt/app ; USER=root ; COMMAND=/usr/bin/systemctl status app
  private static func readSudo(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    guard let (who, what) = body.cut(0x3A) else { return }
    var rest = what.trimmed
    guard let place = placeOfCommand(rest) else { return }
    let command = rest.slice(place + 8)
    rest = rest.slice(0, place)
    addUser(who.trimmed, &draft, &cache)
    var isRefused = false
    var start = 0
    while start < rest.count {
      let end = endOfPart(rest, from: start)
      let part = rest.slice(start, end).trimmed
      start = end + 3
      if part.hasPrefix("TTY=") {
        draft.add("tty", cache.text(part.slice(4)))
      } else if part.hasPrefix("PWD=") {
        draft.add("working_directory", new: part.slice(4))
      } else if part.hasPrefix("USER=") {
        draft.add("target_user", cache.text(part.slice(5)))
      } else if part.firstIndex(of: 0x3D) == nil, !part.isEmpty {
        isRefused = true
        draft.add("detail", new: part)
      }
    }
    draft.put("action", isRefused ? "sudo_refused" : "sudo")
    draft.add("command", new: command)
  }

  /// Two searches for one rare byte, for a search of a short text for a shorter one costs several times as much.
  private static func placeOfCommand(_ text: ByteView) -> Int? {
    var from = 0
    while let place = text.firstIndex(of: UInt8(ascii: "C"), from: from) {
      if text.slice(place).hasPrefix("COMMAND=") { return place }
      from = place + 1
    }
    return nil
  }

  /// Where the next ` ; ` is, or the end.
  private static func endOfPart(_ text: ByteView, from start: Int) -> Int {
    var from = start + 1
    while let place = text.firstIndex(of: UInt8(ascii: ";"), from: from) {
      if text[place - 1] == 0x20, text[place + 1] == 0x20 { return place - 1 }
      from = place + 1
    }
    return text.count
  }

  // (to root) ops on pts/0 — Successful su for root by ops — FAILED SU (to root) ops on pts/0
  private static func readSu(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    let words = body.words(limit: 8)
    if let to = words.firstIndex(where: { $0 == "(to" }), to + 2 < words.count {
      draft.add("action", body.hasPrefix("FAILED") || body[0] == 0x2D ? "su_refused" : "su")
      draft.add("target_user", new: words[to + 1].dropLast(1))
      addUser(words[to + 2], &draft, &cache)
      if to + 4 < words.count { draft.add("tty", new: words[to + 4]) }
    } else if words.count >= 6, words[1] == "su", words[2] == "for" {
      draft.add("action", words[0] == "Successful" ? "su" : "su_refused")
      draft.add("target_user", new: words[3])
      addUser(words[5], &draft, &cache)
    }
  }

  // MARK: Accounts

  private static let accountActions: [(StaticString, String)] = [
    ("add '", "group_member_added"), ("delete user '", "user_deleted"), ("delete '", "group_member_removed"),
    ("changed user '", "user_changed"), ("change user '", "user_changed"), ("lock user '", "user_locked"),
    ("unlock user '", "user_unlocked"), ("changed password for ", "password_changed"),
    ("removed group '", "group_deleted"),
  ]

  // new user: name=svc, UID=0, GID=0, home=/root, shell=/bin/bash, from=/dev/pts/2
  // add 'svc' to group 'sudo' — delete user 'svc' — changed user 'svc' shell from …
  private static func readAccounts(
    _ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache
  ) {
    let isUser = body.hasPrefix("new user: ")
    if isUser || body.hasPrefix("new group: ") {
      draft.add("action", isUser ? "user_added" : "group_added")
      for part in body.slice(isUser ? 10 : 11).split(0x2C, limit: 16) {
        guard let (key, value) = part.trimmed.cut(0x3D) else { continue }
        switch key {
        case _ where key == "name" && isUser: addUser(value, &draft, &cache)
        case _ where key == "name": draft.add("group", new: value)
        case _ where key == "UID": draft.add("uid", value.integer)
        case _ where key == "GID": draft.add("gid", value.integer)
        case _ where key == "home": draft.add("home", new: value)
        case _ where key == "shell": draft.add("shell", new: value)
        case _ where key == "from": draft.add("tty", new: value)
        default: break
        }
      }
      return
    }
    for (prefix, action) in accountActions where body.hasPrefix(ByteView(prefix)) {
      draft.put("action", action)
      let rest = body.slice(prefix.utf8CodeUnitCount)
      let end = rest.firstIndex(of: 0x27) ?? rest.firstIndex(of: 0x20) ?? rest.count
      if action == "group_deleted" {
        draft.add("group", rest.slice(0, end).string)
      } else {
        addUser(rest.slice(0, end), &draft, &cache)
      }
      if let place = rest.firstIndex(of: ByteView("group '")), let close = rest.firstIndex(of: 0x27, from: place + 7) {
        draft.add("group", rest.slice(place + 7, close).string)
      }
      return
    }
  }
}
