import Bytes
import Evidence

/// What login(1), util-linux's and shadow's, and systemd-logind say of sessions.
enum LoginMessage {
  // FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure — ROOT LOGIN  on '/dev/tty1'
  // FAILED LOGIN 1 FROM tty1 FOR root, Authentication failure — LOGIN ON tty1 BY ops FROM bastion — ROOT LOGIN ON tty1
  static func read(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    if readBusybox(body, into: &draft, &cache) { return }
    let isFailure = body.hasPrefix("FAILED LOGIN") || body.hasPrefix("TOO MANY LOGIN TRIES")
    guard isFailure || body.contains("LOGIN ") else { return }
    draft.add("action", isFailure ? "login_failed" : "login_accepted")
    if body.hasPrefix("ROOT LOGIN") { AuthMessage.addUser(ByteView("root"), &draft, &cache) }
    // The name is the caller's: what stands in front of it is looked for from the start, what follows from the end.
    if let place = body.firstIndex(of: ByteView(" FOR ")) {
      let rest = body.slice(place + 5)
      let end = rest[0] == 0x27 ? rest.firstIndex(of: 0x27, from: 1) : rest.lastIndex(of: 0x2C)
      AuthMessage.addUser(rest.slice(rest[0] == 0x27 ? 1 : 0, end ?? rest.count), &draft, &cache)
      addOrigin(body.slice(0, place), isFailure: isFailure, &draft, &cache)
    } else if let place = body.firstIndex(of: ByteView(" BY ")) {
      let rest = body.slice(place + 4)
      let from = rest.lastIndex(of: " FROM ")
      AuthMessage.addUser(rest.slice(0, from ?? rest.count), &draft, &cache)
      if let from { addOrigin(rest.slice(from), isFailure: isFailure, &draft, &cache) }
      addOrigin(body.slice(0, place), isFailure: isFailure, &draft, &cache)
    } else {
      addOrigin(body, isFailure: isFailure, &draft, &cache)
    }
  }

  // root login on 'tty1' — invalid password for 'root' on 'tty1' from '203.0.113.9'
  private static func readBusybox(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) -> Bool {
    let isRefused = body.hasPrefix("invalid password for '")
    guard let place = body.lastIndex(of: " on '"), isRefused || body.hasPrefix("root login") else { return false }
    let name = isRefused ? body.slice(22, body[place - 1] == 0x27 ? place - 1 : place) : ByteView("root")
    draft.put("action", isRefused ? "login_failed" : "login_accepted")
    // What is no account's name may be a password.
    if !(name == "UNKNOWN") { AuthMessage.addUser(name, &draft, &cache) }
    addOrigin(body.slice(place), isFailure: isRefused, &draft, &cache)
    return true
  }

  /// The terminal (`ON tty1`, `on '/dev/tty1'`) and where the caller came from; of a failure at a terminal util-linux names this
  /// one there.
  private static func addOrigin(
    _ text: ByteView, isFailure: Bool, _ draft: inout EventDraft, _ cache: inout WordCache
  ) {
    let words = text.words(limit: 10).map { $0[0] == 0x27 ? $0.slice(1, $0.count - 1) : $0 }
    for (word, name) in zip(words, words.dropFirst()) {
      if word.equalsIgnoringCase("ON") {
        draft.add("tty", cache.text(name))
      } else if word.equalsIgnoringCase("FROM"), !(name == "(null)") {
        if isFailure, name.hasPrefix("tty") || name.hasPrefix("pts/") {
          draft.add("tty", cache.text(name))
        } else {
          AuthMessage.addRemote(name, nil, &draft, &cache)
        }
      }
    }
  }

  // New session 3 of user ops. — New session '5' of user 'ops' with class 'user' and type 'tty'.
  static func readLogind(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    let words = body.words(limit: 8)
    func plain(_ word: ByteView) -> ByteView {
      let word = word[word.count - 1] == 0x2E ? word.dropLast(1) : word
      return word[0] == 0x27 && word.count > 1 && word[word.count - 1] == 0x27 ? word.slice(1, word.count - 1) : word
    }
    if body.hasPrefix("New session "), words.count >= 6 {
      draft.put("action", "session_opened")
      draft.add("session", new: plain(words[2]))
      AuthMessage.addUser(plain(words[5]), &draft, &cache)
    } else if body.hasPrefix("Removed session "), words.count >= 3 {
      draft.put("action", "session_closed")
      draft.add("session", new: plain(words[2]))
    }
  }
}
