import Bytes
import Evidence

/// One request. Valid while the line is.
struct AccessLine {
  private var virtualHost: ByteView?
  /// Whom a proxy says it asks for, where a log's own format puts that in front.
  private var forwarded: ByteView?
  var remote: ByteView
  private var user: ByteView
  /// Nil for a date that there is not, or that is out of range; then `stamp` is what was written.
  var time: Timestamp?
  private var stamp: ByteView?
  var request: ByteView
  /// Nil where the line ends within the request: it was cut, or something in it broke it.
  private var status: Int64?
  var bytes: Int64?
  private var referrer: ByteView?
  private var agent: ByteView?
  private var numbersBetween: ByteView?
  var rest: ByteView
  /// What the client wrote may be what tells where it came from.
  var isAmbiguous = false

  // 198.51.100.7 - - [25/Nov/2026:05:20:30 +0000] "GET /item?id=1 HTTP/1.1" 200 82 "-" "Mozilla/5.0"
  /// - Parameter zone: of a time that has none, as a pattern of the operator's own may write it.
  init?(_ line: ByteView, _ zone: Timestamp.Zone = .inferred(0)) {
    remote = line.slice(0, 0)
    user = remote
    request = remote
    rest = remote
    let front: ByteView
    if let (open, close) = Self.timePlace(line) {
      time = Self.time(line.slice(open + 1, close), zone)
      if time == nil { stamp = line.slice(open + 1, close) }
      rest = line.slice(close + 1).trimmed
      if rest[0] != 0x22 {
        // Some put the virtual host between time and request.
        let words = rest.words(limit: 2)
        guard words.count == 2 else { return nil }
        virtualHost = words[0]
        rest = words[1]
      }
      front = line.slice(0, open)
    } else if let (stamp, count) = Self.timeInFront(line), let quote = line.firstIndex(of: 0x22, from: count) {
      // The time comes first, and then whoever asked.
      front = line.slice(count, quote)
      guard front.count <= 512, let first = front.words(limit: 2).first,
        ForwardedList.address(first[first.count - 1] == 0x2C ? first.dropLast(1) : first) != nil
      else { return nil }
      time = stamp
      rest = line.slice(quote)
      if readEncrypted(front, quote: rest) { return }
    } else {
      guard readBareRequest(line) else { return nil }
      return
    }
    let quote = rest
    guard let (request, isClosed) = Self.quoted(&rest) else { return nil }
    self.request = request
    guard readFront(front) else { return nil }
    guard isClosed else {
      return
    }
    guard readAnswer() || readUnescaped(quote) else { return nil }
  }

  /// Status, bytes, and what the client sent of itself.
  mutating func readAnswer() -> Bool {
    var rest = self.rest
    let numbers = rest.words(limit: 3)
    // nginx writes 000 where a connection ended before an answer was settled, Apache a dash.
    guard numbers.count >= 1, numbers[0] == "-" || numbers[0].count == 3 && CivilTime.number(numbers[0]) != nil else {
      return false
    }
    status = numbers[0].integer
    bytes = numbers.count > 1 ? numbers[1].integer : nil
    rest = numbers.count > 2 ? numbers[2] : rest.slice(rest.count)
    numbersBetween = Self.numbers(inFrontOf: &rest)
    referrer = Self.quoted(&rest)?.text
    agent = Self.quoted(&rest)?.text
    // nginx's `main` has the list of proxies behind the client's own words.
    var after = rest
    if forwarded == nil, rest[0] == 0x22, let list = Self.quoted(&after), list.isClosed,
      case let proxies = ForwardedList(list.text, upTo: list.text.count), case let isPlain = proxies.isOfAddresses,
      isPlain || proxies.endsInAddress
    {
      if !isPlain { isAmbiguous = true }
      forwarded = list.text
      rest = after
    }
    self.rest = rest
    return true
  }

  /// Address, identity and user, with what some put before them. The user is what the client calls itself: it may hold
  /// blanks and brackets, so it is all that is left.
  mutating func readFront(_ front: ByteView) -> Bool {
    let front = front.trimmed
    var cells = front.words(limit: 3)
    guard let first = cells.first else { return false }
    if let list = ForwardedList(front, first) { return readForwarded(front, list) }
    if cells.count == 3, IPAddress.normal(cells[1]) != nil {
      // Of two addresses the first has always been taken for the client's.
      if IPAddress.normal(cells[0]) == nil {
        virtualHost = cells[0]
        cells = front.slice(front.offset(of: cells[1])).words(limit: 3)
      } else {
        // The second may be the server's, with one dash behind it; but a public one behind one of a network of one's own is whom
        // the proxy asked for.
        remote = cells[0]
        if let first = IPAddress.normal(cells[0]), let second = IPAddress.normal(cells[1]), IPAddress.isPrivate(first),
          !IPAddress.isPrivate(second)
        {
          forwarded = cells[1]
        }
        user = cells[2].words(limit: 2).last ?? user
        return true
      }
    }
    if cells.count == 3, !(cells[1] == "-") {
      // A container's output (`TIME stdout F `) has the line behind it.
      if cells[1] == "stdout" || cells[1] == "stderr" { return false }
      if let last = ForwardedList.lastElement(in: front) {
        return readForwarded(front, ForwardedList(front, upTo: front.offset(of: last) + last.count), isAmbiguous: true)
      }
    }
    guard let remote = cells.first, cells.count == 3 || cells.count == 1 && IPAddress.normal(remote) != nil else {
      return false
    }
    self.remote = remote
    if cells.count == 3 { user = cells[2] }
    return true
  }

  /// Whom the proxies named stands in front, and behind it the peer's address; or else the list has the address's own place,
  /// and its last element is the one that the server's own proxy saw.
  private mutating func readForwarded(_ front: ByteView, _ list: ForwardedList, isAmbiguous: Bool = false) -> Bool {
    self.isAmbiguous = isAmbiguous
    var rest = front.slice(list.end).trimmed
    var cells = rest.words(limit: 3)
    if let peer = cells.first, IPAddress.normal(peer) != nil {
      forwarded = list.text
      remote = peer
      if cells.count == 3 { user = cells[2] }
      return cells.count == 3 || cells.count == 1
    }
    // A client can write blanks into the list: it goes on as far as a comma with an address behind it.
    var last = list.last
    if !list.isQuoted, let longer = ForwardedList.lastElement(in: rest) {
      last = longer
      rest = rest.slice(rest.offset(of: longer) + longer.count).trimmed
      forwarded = front.slice(0, front.offset(of: longer) + longer.count)
      self.isAmbiguous = true
      cells = rest.words(limit: 3)
    } else {
      forwarded = list.isOne ? nil : list.text
    }
    remote = last
    if cells.count == 3, !(cells[0] == "-") {
      // A peer by its name.
      forwarded = forwarded ?? list.text
      remote = cells[0]
      user = cells[2]
    } else if let word = cells.first, cells.count > 1 {
      user = rest.slice(rest.offset(of: word) + word.count).trimmed
    }
    return true
  }

  /// The brackets of the time: the first that hold one and have the request's quote behind them, since a user may be called
  /// like a time but cannot write a quote; else the last with a single word between.
  private static func timePlace(_ line: ByteView) -> (open: Int, close: Int)? {
    var found: (open: Int, close: Int)?
    var place = 1
    while let open = line.firstIndex(of: 0x5B, from: place) {
      place = open + 1
      let inner = line.slice(open + 1, open + 49)
      guard isTime(inner), let length = inner.firstIndex(of: 0x5D), length >= 19 else { continue }
      let close = open + 1 + length
      if line[close + 1] == 0x20, line[close + 2] == 0x22 { return (open, close) }
      // No further than a name is long, lest a line of such times be walked for each of them.
      let rest = line.slice(close + 1, close + 513).trimmed
      if rest[0] == 0x22 { return (open, close) }
      let words = rest.words(limit: 2)
      if words.count == 2, words[1][0] == 0x22 { found = (open, close) }
    }
    return found
  }

  /// `25/Nov/2026:05:20:30 +0000`, or as ISO 8601 writes it.
  static func isTime(_ text: ByteView) -> Bool {
    if text[10] == 0x54 || text[10] == 0x20 && text[4] == 0x2D {
      return Timestamp(iso8601: text.slice(0, text.firstIndex(of: 0x5D) ?? text.count)) != nil
    }
    return text.count >= 20 && text[2] == 0x2F && text[6] == 0x2F && text[11] == 0x3A && text[14] == 0x3A
      && CivilTime.number(text.slice(0, 2)) != nil && CivilTime.month(text.slice(3, 6)) != nil
      && CivilTime.number(text.slice(7, 11)) != nil
  }

  static func time(_ text: ByteView, _ zone: Timestamp.Zone = .inferred(0)) -> Timestamp? {
    if text[10] == 0x54 || text[10] == 0x20 && text[4] == 0x2D { return Timestamp(iso8601: text, assuming: zone) }
    guard text.count >= 20, text[2] == 0x2F, text[6] == 0x2F, text[11] == 0x3A,
      let day = CivilTime.number(text.slice(0, 2)),
      let month = CivilTime.month(text.slice(3, 6)), let year = CivilTime.number(text.slice(7, 11)),
      let clock = CivilTime.timeOfDay(text.slice(12, text.slice(12).firstIndex(of: 0x20).map { $0 + 12 } ?? text.count))
        ?? milliseconds(text.slice(12))
    else { return nil }
    let zone = text.lastIndex(of: 0x20).flatMap { ZoneText(text.slice($0 + 1)) }
    return CivilTime(
      year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
      nanosecond: clock.nanosecond, precision: clock.precision
    ).timestamp(zone?.zone(else: .inferred(0)) ?? .inferred(0))
  }

  /// `05:20:30:123`, as some write the fraction.
  private static func milliseconds(
    _ text: ByteView
  ) -> (hour: Int, minute: Int, second: Int, nanosecond: Int64, precision: Timestamp.Precision)? {
    guard text[8] == 0x3A, var clock = CivilTime.timeOfDay(text.slice(0, 8)),
      let part = CivilTime.fraction(text.slice(9, 12))
    else { return nil }
    (clock.nanosecond, clock.precision) = part
    return clock
  }

  /// The text between quotes at the front; quotes inside are escaped by a backslash. Nil where there is no quote.
  static func quoted(_ rest: inout ByteView) -> (text: ByteView, isClosed: Bool)? {
    guard rest[0] == 0x22 else { return nil }
    var place = 1
    while let quote = rest.firstIndex(of: 0x22, from: place) {
      var slashes = 0
      while quote - 1 - slashes > 0, rest[quote - 1 - slashes] == 0x5C { slashes += 1 }
      if slashes % 2 == 0 {
        let inner = rest.slice(1, quote)
        rest = rest.slice(quote + 1).trimmed
        return (inner, true)
      }
      place = quote + 1
    }
    // Tomcat does not escape: a line whose quotes do not pair ends the field at the line's end.
    let inner = rest.slice(1)
    rest = rest.slice(rest.count)
    return (inner, false)
  }

  /// Apache and nginx write `\x22`, `\"`, `\\`, `\n` for what would break the line.
  private static func unescaped(_ text: ByteView) -> String {
    text.unescaped { escape in
      switch escape[1] {
      case 0x22, 0x5C: return (escape[1], 2)
      case 0x78:
        guard let high = hexDigit(escape[2]), let low = hexDigit(escape[3]) else { return nil }
        return (high << 4 | low, 4)
      default: return nil
      }
    }
  }

  // access.log.1:203.0.113.66        12:203.0.113.66        [203.0.113.66]
  /// An address behind the name of a file or the number of a line, as grep writes them, or in brackets.
  private static func addressBehind(_ word: ByteView) -> String? {
    if word[0] == 0x5B, word[word.count - 1] == 0x5D { return IPAddress.normal(word.slice(1, word.count - 1)) }
    guard let colon = word.lastIndex(of: 0x3A), IPAddress.isDotted(word.slice(colon + 1)) else { return nil }
    return IPAddress.normal(word.slice(colon + 1))
  }

  private static func front(of word: ByteView) -> String? {
    word.lastIndex(of: 0x3A).flatMap { word[0] == 0x5B ? nil : word.slice(0, $0).string }
  }

  /// Dashes for identity and user behind a field of the operator's own, or the thread of a Tomcat, stand in the user's place.
  private static func isNobody(_ user: ByteView) -> Bool {
    if user.unsafeBytes.allSatisfy({ $0 == 0x2D || $0 == 0x20 }) { return true }
    guard let place = user.firstIndex(of: ByteView("-exec-")), place > 0 else { return false }
    return CivilTime.number(user.slice(place + 6)) != nil
  }

  private static func isPresent(_ text: ByteView?) -> Bool { text.map { !$0.isEmpty && !($0 == "-") } ?? false }

  func event(_ locator: Locator) -> Event {
    var attributes: [Attribute] = []
    var entities: [Entity] = []
    let own = ForwardedList.address(remote)
    let address = own ?? Self.addressBehind(remote)
    attributes.add("remote_address", address)
    if own == nil, address != nil { attributes.add("found_in", Self.front(of: remote)) }
    let host = address == nil && Self.isPresent(remote) ? remote.string : nil
    attributes.add("remote_host", host)
    if let address, IPAddress.isSpecific(address) { entities.append(Entity(.address, address)) }
    attributes.add("virtual_host", virtualHost?.string)
    if let forwarded, Self.isPresent(forwarded) {
      let list = Self.unescaped(forwarded)
      attributes.add("forwarded_for", list)
      entities.add(forwarded: list, behind: address)
    }
    var user = user
    // Nobody, or a name with the quotes that a pattern puts around it.
    if user.count >= 2, user[0] == 0x22, user[user.count - 1] == 0x22 { user = user.slice(1, user.count - 1) }
    if Self.isPresent(user), !Self.isNobody(user) {
      let name = Self.unescaped(user)
      attributes.add("user", name)
      entities.append(Entity(.user, name))
    }
    let text = Self.addRequest(request, to: &attributes)
    attributes.add("status", status)
    attributes.add("response_bytes", bytes)
    // A dash is a header that was not sent, nothing between the quotes one that was sent empty.
    if let referrer, !(referrer == "-") { attributes.keep("referrer", Self.unescaped(referrer)) }
    if let agent, !(agent == "-") { attributes.keep("user_agent", Self.unescaped(agent)) }
    let numbers = numbersBetween.map { $0.string + (rest.isEmpty ? "" : " ") } ?? ""
    attributes.add("other_fields", numbers + Self.unescaped(rest))
    if isAmbiguous { attributes.append(Attribute("is_ambiguous", .flag(true))) }
    attributes.add("time_text", stamp?.string)
    let who = address ?? host ?? "A client that is not named"
    return Event(
      time: time, dataType: "web:access:request",
      message: "\(who) asked for \(text)\(status.map { $0 > 0 ? " and got \($0)" : "" } ?? "").",
      entities: entities, attributes: attributes, locator: locator)
  }

  /// The request's line and its parts; what is returned is the line as it was sent.
  static func addRequest(_ request: ByteView, to attributes: inout [Attribute]) -> String {
    let text = Self.unescaped(request)
    attributes.add("request", text)
    // METHOD TARGET HTTP/x.y; a request that is none of HTTP stays whole.
    if let (method, after) = request.cut(0x20), let blank = after.lastIndex(of: 0x20),
      after.slice(blank + 1).hasPrefix("HTTP/")
    {
      let target = after.slice(0, blank)
      attributes.add("method", method.string)
      attributes.add("uri", Self.unescaped(target))
      let mark = target.firstIndex(of: 0x3F)
      attributes.add("path", Self.unescaped(target.slice(0, mark ?? target.count)))
      attributes.add("query", mark.map { Self.unescaped(target.slice($0 + 1)) })
      attributes.add("http_version", after.slice(blank + 6).string)
    } else if let (method, target) = request.cut(0x20), (3...7).contains(method.count), target[0] == 0x2F,
      (0x41...0x5A).contains(method[0])
    {
      // HTTP/0.9, or one who left the version out.
      attributes.add("method", method.string)
      attributes.add("uri", Self.unescaped(target))
      let mark = target.firstIndex(of: 0x3F)
      attributes.add("path", Self.unescaped(target.slice(0, mark ?? target.count)))
      attributes.add("query", mark.map { Self.unescaped(target.slice($0 + 1)) })
    }
    return text
  }
}
