import Bytes
import Evidence

/// What sshd says seldom: of accounts that it or PAM refuses, of sessions that end, of penalties. `SSHMessage` reads what comes by
/// the million.
enum SSHRareMessage {
  static func read(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    switch body[0] {
    case UInt8(ascii: "R") where body.hasPrefix("ROOT LOGIN REFUSED FROM "):
      draft.put("action", "login_refused")
      AuthMessage.addUser(ByteView("root"), &draft, &cache)
      addAddress(body.slice(24), &draft, &cache)
    case UInt8(ascii: "f") where body.hasPrefix("fatal: Access denied for user "):
      readDenied(body.slice(30), &draft, &cache)
    case UInt8(ascii: "A") where body.hasPrefix("Access denied for user "):
      readDenied(body.slice(23), &draft, &cache)
    // Address 203.0.113.9 maps to x.example, but this does not map back to the address.
    case UInt8(ascii: "A") where body.hasPrefix("Address "):
      guard let (address, rest) = body.slice(8).cut(0x20), rest.hasPrefix("maps to "),
        let comma = rest.firstIndex(of: 0x2C)
      else { return }
      draft.put("action", "name_mismatch")
      draft.add("remote_host", new: rest.slice(8, comma))
      AuthMessage.addRemote(address, nil, &draft, &cache)
    // refused connect from evil.example (203.0.113.9)
    case UInt8(ascii: "r") where body.hasPrefix("refused connect from "):
      draft.put("action", "connection_refused")
      let rest = body.slice(21)
      let (first, behind) = rest.cut(0x20) ?? (rest, rest.slice(rest.count))
      if behind[0] == 0x28, let close = behind.firstIndex(of: 0x29), IPAddress.normal(behind.slice(1, close)) != nil {
        if IPAddress.normal(first) == nil { draft.add("remote_host", new: first) }
        AuthMessage.addRemote(behind.slice(1, close), nil, &draft, &cache)
      } else {
        AuthMessage.addRemote(first, nil, &draft, &cache)
      }
    // Close session: user ops from 203.0.113.9 port 22 id 0
    case UInt8(ascii: "C") where body.hasPrefix("Close session: user "):
      guard let from = body.lastIndex(of: " from "), from >= 20 else { return }
      draft.put("action", "session_closed")
      AuthMessage.addUser(body.slice(20, from), &draft, &cache)
      addAddress(body.slice(from + 6), &draft, &cache)
    // srclimit_penalise: ipv4: new 203.0.113.9/32 deferred penalty of 5 seconds for penalty: failed authentication
    case UInt8(ascii: "s") where body.hasPrefix("srclimit_penalise: "):
      var words = WordWalker(body.slice(19))
      _ = words.next()
      guard words.next() == "new", let address = words.next().cut(0x2F)?.before else { return }
      draft.put("action", "penalised")
      AuthMessage.addRemote(address, nil, &draft, &cache)
      if let place = body.lastIndex(of: " penalty: ") { draft.add("detail", new: body.slice(place + 10)) }
    // subsystem request for sftp by user ops
    case UInt8(ascii: "s") where body.hasPrefix("subsystem request for "):
      guard let by = body.firstIndex(of: ByteView(" by user ")) else { return }
      draft.put("action", "session_started")
      AuthMessage.addUser(body.slice(by + 9), &draft, &cache)
      draft.add("detail", new: body.slice(22, by))
    // sshd itself serves files where it is told `internal-sftp`.
    default: SFTPMessage.read(body, into: &draft, &cache)
    }
  }

  // ops by PAM account configuration [preauth]
  private static func readDenied(_ rest: ByteView, _ draft: inout EventDraft, _ cache: inout WordCache) {
    guard let by = rest.lastIndex(of: " by PAM ") else { return }
    draft.put("action", "login_refused")
    AuthMessage.addUser(rest.slice(0, by), &draft, &cache)
    draft.add("detail", new: rest.slice(by + 1))
  }

  // 203.0.113.9 port 22
  private static func addAddress(_ text: ByteView, _ draft: inout EventDraft, _ cache: inout WordCache) {
    var words = WordWalker(text)
    let address = words.next()
    let hasPort = words.next() == "port"
    AuthMessage.addRemote(address, hasPort ? words.next() : nil, &draft, &cache)
  }
}
