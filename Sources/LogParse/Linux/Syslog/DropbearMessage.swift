import Bytes
import Evidence

/// What dropbear says, the SSH server of small systems (Alpine, OpenWrt).
enum DropbearMessage {
  // Password auth succeeded for 'root' from 203.0.113.9:5000
  // Pubkey auth succeeded for 'root' with ssh-ed25519 key SHA256:… from 203.0.113.9:5000
  // Bad password attempt for 'root' from 203.0.113.9:5000        Login attempt for nonexistent user from 203.0.113.9:5000
  // Child connection from 203.0.113.9:5000        Exit (root) from <203.0.113.9:5000>: Disconnect received
  //
  // The name is the client's to choose: the address is looked for from the end.
  static func read(_ body: ByteView, into draft: inout EventDraft, _ cache: inout WordCache) {
    guard let (action, method) = kind(of: body) else { return }
    draft.put("action", action)
    if let method { draft.put("method", method) }
    let from = body.lastIndex(of: " from ")
    let front = body.slice(0, from ?? body.count)
    if let start = front.firstIndex(of: 0x27), let end = front.lastIndex(of: 0x27), start < end {
      AuthMessage.addUser(front.slice(start + 1, end), &draft, &cache)
    } else if body.hasPrefix("Exit ("), let close = front.lastIndex(of: 0x29), close > 6 {
      AuthMessage.addUser(front.slice(6, close), &draft, &cache)
    }
    if body.hasPrefix("Login attempt for nonexistent user") { draft.put("is_invalid_user", .flag(true)) }
    if let from, case let rest = body.slice(from + 6),
      let end = Endpoint(rest[0] == 0x3C ? rest.slice(1, rest.firstIndex(of: 0x3E) ?? rest.count) : rest),
      let address = end.address
    {
      address.withView { AuthMessage.addRemote($0, nil, &draft, &cache) }
      draft.add("remote_port", end.port)
    }
  }

  private static func kind(of body: ByteView) -> (action: String, method: String?)? {
    if body.hasPrefix("Password auth succeeded for ") { return ("login_accepted", "password") }
    if body.hasPrefix("Pubkey auth succeeded for ") { return ("login_accepted", "publickey") }
    if body.hasPrefix("Bad password attempt for ") || body.hasPrefix("Bad PAM password attempt for ") {
      return ("login_failed", "password")
    }
    if body.hasPrefix("Login attempt for nonexistent user") { return ("login_failed", nil) }
    if body.hasPrefix("Child connection from ") { return ("connected", nil) }
    if body.hasPrefix("Exit (") || body.hasPrefix("Exit before auth") { return ("disconnected", nil) }
    return nil
  }
}
