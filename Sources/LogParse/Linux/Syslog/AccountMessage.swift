import Bytes
import Evidence

/// What the tools of accounts say, and those that run one command as another user (pkexec, doas).
enum AccountMessage {
  private static let accountActions: [(StaticString, String)] = [
    ("add '", "group_member_added"), ("delete user '", "user_deleted"), ("delete '", "group_member_removed"),
    ("changed user '", "user_changed"), ("change user '", "user_changed"), ("lock user '", "user_locked"),
    ("unlock user '", "user_unlocked"), ("changed password for ", "password_changed"),
    ("removed group '", "group_deleted"), ("change user name '", "user_renamed"),
  ]

  // new user: name=svc, UID=0, GID=0, home=/root, shell=/bin/bash, from=/dev/pts/2
  // add 'svc' to group 'sudo' — delete user 'svc' — changed user 'svc' shell from …
  static func read(
    _ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache
  ) {
    let isUser = body.hasPrefix("new user: ")
    if isUser || body.hasPrefix("new group: ") {
      draft.add("action", isUser ? "user_added" : "group_added")
      for part in body.slice(isUser ? 10 : 11).split(0x2C, limit: 16) {
        guard let (key, value) = part.trimmed.cut(0x3D) else { continue }
        switch key {
        case _ where key == "name" && isUser: AuthMessage.addUser(value, &draft, &cache)
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
    // group added to /etc/group: name=svc, GID=1001
    if body.hasPrefix("group added to "), let (_, fields) = body.cut(0x3A) {
      draft.put("action", "group_added")
      for part in fields.split(0x2C, limit: 8) {
        guard let (key, value) = part.trimmed.cut(0x3D) else { continue }
        if key == "name" { draft.add("group", new: value) } else if key == "GID" { draft.add("gid", value.integer) }
      }
      return
    }
    if body.hasPrefix("user "), readMembership(body, into: &draft, &cache) { return }
    if body.hasPrefix("members of group "), let by = body.firstIndex(of: ByteView(" set by ")) {
      draft.put("action", "group_members_set")
      draft.add("group", new: body.slice(17, by))
      draft.add("detail", new: body.slice(by + 1))
      return
    }
    if readCommand(body, into: &draft, &cache) { return }
    for (prefix, action) in accountActions where body.hasPrefix(ByteView(prefix)) {
      draft.put("action", action)
      let rest = body.slice(prefix.utf8CodeUnitCount)
      let end = rest.firstIndex(of: 0x27) ?? rest.firstIndex(of: 0x20) ?? rest.count
      if action == "group_deleted" {
        draft.add("group", rest.slice(0, end).string)
      } else {
        AuthMessage.addUser(rest.slice(0, end), &draft, &cache)
      }
      // UID from '1001' to '0'
      if action == "user_changed" || action == "user_renamed" { draft.add("detail", new: rest.slice(end + 1).trimmed) }
      if let place = rest.firstIndex(of: ByteView("group '")), let close = rest.firstIndex(of: 0x27, from: place + 7) {
        draft.add("group", rest.slice(place + 7, close).string)
      }
      return
    }
  }

  // user eve added by root to group docker — user eve removed by root from group docker
  private static func readMembership(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) -> Bool {
    let words = body.words(limit: 9)
    guard words.count == 8, words[3] == "by", words[6] == "group", words[2] == "added" || words[2] == "removed" else {
      return false
    }
    draft.put("action", words[2] == "added" ? "group_member_added" : "group_member_removed")
    AuthMessage.addUser(words[1], &draft, &cache)
    draft.add("group", new: words[7])
    draft.put("by_user", cache.text(words[4]))
    return true
  }

  // pkexec: ops: Executing command [USER=root] [TTY=unknown] [CWD=/] [COMMAND=/bin/cat /etc/shadow]
  // pkexec: ops: The value for the SHELL variable was not found the /etc/shells file [USER=root] [TTY=…] [CWD=/tmp] [COMMAND=…]
  // doas: ops ran command /bin/sh as root from /tmp — command not permitted for ops: cat /etc/shadow — failed auth for ops
  private static func readCommand(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) -> Bool {
    if body[body.count - 1] == 0x5D, let place = body.firstIndex(of: ByteView(": ")),
      let mark = body.firstIndex(of: ByteView(" [USER="), from: place),
      let command = body.firstIndex(of: ByteView("[COMMAND="), from: mark)
    {
      let words = body.slice(place + 2, mark)
      draft.put("action", words == "Executing command" ? "pkexec" : "pkexec_refused")
      AuthMessage.addUser(body.slice(0, place), &draft, &cache)
      if !(words == "Executing command") { draft.add("detail", new: words) }
      let target = body.slice(mark + 7)
      draft.add("target_user", new: target.slice(0, target.firstIndex(of: 0x5D) ?? 0))
      draft.add("command", new: body.slice(command + 9, body.count - 1))
      return true
    }
    for (prefix, length) in [("command not permitted for ", 26), ("failed auth for ", 16)] as [(StaticString, Int)]
    where body.hasPrefix(prefix) {
      let rest = body.slice(length)
      let colon = rest.firstIndex(of: ByteView(": "))
      draft.put("action", "doas_refused")
      let name = cache.text(rest.slice(0, colon ?? rest.count))
      draft.put("ruser", new: name)
      draft.put(.user, name)
      if let colon { draft.add("command", new: rest.slice(colon + 2)) }
      return true
    }
    guard let place = body.firstIndex(of: ByteView(" ran command ")), let target = body.lastIndex(of: " as "),
      target >= place + 13
    else { return false }
    draft.put("action", "doas")
    AuthMessage.addUser(body.slice(0, place), &draft, &cache)
    draft.add("target_user", new: body.slice(target + 4).cut(0x20)?.before ?? body.slice(target + 4))
    draft.add("command", new: body.slice(place + 13, target))
    return true
  }
}
