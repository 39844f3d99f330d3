import Bytes
import Evidence

/// Whom the servers of mail and names speak with.
enum NetworkMessage {
  // connect from unknown[203.0.113.9]        client @0x7f 203.0.113.9#5000 (evil.example): query: …        …, rip=203.0.113.9, …
  static func read(
    _ body: ByteView, of program: String, into draft: inout EventDraft, _ cache: inout WordCache
  ) {
    let front = body.slice(0, 1 << 10)
    if program == "named" {
      var words = WordWalker(front)
      guard words.next() == "client" else { return }
      for _ in 0..<2 {
        guard let (address, port) = words.next().cut(0x23), IPAddress.normal(address) != nil else { continue }
        return AuthMessage.addRemote(address, port[port.count - 1] == 0x3A ? port.dropLast(1) : port, &draft, &cache)
      }
    } else if program == "dovecot" {
      // The user's name stands in front and may hold the same words.
      guard let place = front.lastIndex(of: " rip=") else { return }
      let rest = front.slice(place + 5)
      AuthMessage.addRemote(rest.slice(0, rest.firstIndex(of: 0x2C) ?? rest.count), nil, &draft, &cache)
    } else {
      // The name in front is the client's own DNS's to choose, but holds no bracket.
      guard let open = front.firstIndex(of: 0x5B), let close = front.firstIndex(of: 0x5D, from: open) else { return }
      let address = front.slice(open + 1, close)
      if IPAddress.normal(address) != nil { AuthMessage.addRemote(address, nil, &draft, &cache) }
    }
  }
}
