import Bytes
import Evidence

/// Layouts that are not the common one: the operator's own patterns, and what does not escape.
extension AccessLine {
  /// Tomcat writes a quote in the request as it came: then the request ends where its version does, in front of a status.
  mutating func readUnescaped(_ quote: ByteView) -> Bool {
    var from = 1
    while let place = quote.firstIndex(of: ByteView(" HTTP/"), from: from) {
      from = place + 6
      guard quote[place + 9] == 0x22, quote[place + 10] == 0x20 else { continue }
      request = quote.slice(1, place + 9)
      rest = quote.slice(place + 11)
      if readAnswer() {
        isAmbiguous = true
        return true
      }
    }
    return false
  }

  /// Takes numbers, such as how long it took, that stand between the bytes and the referrer, where there is one and an agent.
  static func numbers(inFrontOf rest: inout ByteView) -> ByteView? {
    guard rest[0] != 0x22, !rest.isEmpty, let quote = rest.slice(0, 64).firstIndex(of: 0x22) else { return nil }
    for word in rest.slice(0, quote).words(limit: 6) {
      guard (0x30...0x39).contains(word[0]) || word == "-" else { return nil }
    }
    var behind = rest.slice(quote)
    guard let referrer = quoted(&behind)?.text, behind[0] == 0x22,
      referrer == "-" || referrer.hasPrefix("http://") || referrer.hasPrefix("https://")
    else { return nil }
    let numbers = rest.slice(0, quote).trimmed
    rest = rest.slice(quote)
    return numbers
  }

  // [25/Nov/2026:05:20:30 +0000] 203.0.113.66 - - "GET …        2026-11-25T05:20:30+00:00 203.0.113.66 "GET …
  static func timeInFront(_ line: ByteView) -> (time: Timestamp, count: Int)? {
    let stamp: ByteView
    let isBracketed = line[0] == 0x5B
    if isBracketed {
      guard let close = line.slice(0, 48).firstIndex(of: 0x5D) else { return nil }
      stamp = line.slice(1, close)
      guard isTime(stamp) else { return nil }
    } else {
      guard line[10] == 0x54, let blank = line.slice(0, 40).firstIndex(of: 0x20) else { return nil }
      stamp = line.slice(0, blank)
    }
    guard let time = time(stamp) else { return nil }
    return (time, stamp.count + (isBracketed ? 2 : 0))
  }

  // [25/Nov/2026:05:20:30 +0000] 203.0.113.66 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET /a HTTP/1.1" 1234
  /// mod_ssl's log of requests (`ssl_request_log`), which has protocol and cipher in the user's place and no status.
  mutating func readEncrypted(_ front: ByteView, quote: ByteView) -> Bool {
    let words = front.words(limit: 4)
    guard words.count == 3, words[1].hasPrefix("TLSv1") || words[1].hasPrefix("SSLv") else { return false }
    var behind = quote
    guard let (text, isClosed) = Self.quoted(&behind), isClosed, !behind.isEmpty, behind == "-" || behind.integer != nil
    else { return false }
    remote = words[0]
    request = text
    bytes = behind.integer
    rest = front.slice(front.offset(of: words[1])).trimmed
    return true
  }

  // 203.0.113.66 - - [25/Nov/2026:05:20:30 +0000] GET /a HTTP/1.1 200 82
  /// Without quotes, as a Tomcat writes it whose pattern has none. A blank in the target is the client's.
  mutating func readBareRequest(_ line: ByteView) -> Bool {
    guard let open = line.slice(0, 512).firstIndex(of: 0x5B), Self.isTime(line.slice(open + 1, open + 49)),
      let close = line.slice(0, 561).firstIndex(of: 0x5D, from: open)
    else { return false }
    let text = line.slice(close + 1).trimmed
    guard (0x41...0x5A).contains(text[0]), let version = text.lastIndex(of: " HTTP/") else { return false }
    let behind = text.slice(version + 1)
    guard let (word, after) = behind.cut(0x20), word.count == 8 else { return false }
    time = Self.time(line.slice(open + 1, close))
    request = text.slice(0, version + 1 + word.count)
    rest = after.trimmed
    return readFront(line.slice(0, open)) && readAnswer()
  }
}
