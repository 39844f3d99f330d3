import Bytes

/// Windows whose bytes are not the text's own: two of them for each character, or digits that stand for bytes.
extension Log4ShellLeads {
  /// UTF-16LE, narrowed up to the first unit that is no text.
  static func wide(_ text: ByteView, _ place: Int) -> Window? {
    guard mayLead(text[place], text[place + 2], text[place + 4]) else { return nil }
    let isLead = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: head) { room in
      let count = narrow(text, place, into: room, limit: text[place + 2] == 0x7B ? head : shortHead)
      return count >= 8 && leads(ByteView(UnsafeBufferPointer(rebasing: room[..<count])), 0)
    }
    guard isLead else { return nil }
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: min(maximumWindow / 2, (text.count - place) / 2 + 1)) {
      count = narrow(text, place, into: $0, limit: $0.count)
      $1 = count
    }
    return Window(bytes: bytes, range: place..<place + count * 2, stride: 2, step: "UTF-16LE read")
  }

  /// Whether three characters can begin a lead: most floods end here.
  private static func mayLead(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
    switch (first, second) {
    case (0x24, 0x7B): true
    case (0x24, 0x26), (0x26, _): third == 0x23 || lowercased(third) >= 0x61 || hexDigit(third) != nil
    case (0x24, 0x25): hexDigit(third) != nil || lowercased(third) == 0x75
    case (0x24, _): hexDigit(third) != nil || isAny(lowercased(third), of: "ux\\/\"${}")
    case (0x5C, _): hexDigit(third) != nil || third == 0x7B || lowercased(third) == 0x75
    default: hexDigit(third) != nil
    }
  }

  /// One byte for each unit, as many as are text and there is room for; how many those are.
  private static func narrow(
    _ text: ByteView, _ place: Int, into room: UnsafeMutableBufferPointer<UInt8>, limit: Int
  ) -> Int {
    var count = 0
    var index = place
    while index + 1 < text.count, count < limit, count < room.count {
      let low = text[index]
      let high = text[index + 1]
      if high == 0 {
        if low < 0x20 && low != 0x09 { break }
        // Latin-1 above ASCII is no part of a payload's frame; one byte a unit keeps places true.
        room[count] = low < 0x80 ? low : 0x3F
      } else if high == 0x01, low == 0x31 {
        // The dotless i, whose upper case is I.
        room[count] = 0x69
      } else {
        break
      }
      count += 1
      index += 2
    }
    return count
  }

  /// A run of hexadecimal digits, each pair a byte: a log or a tool that writes bodies so.
  static func hexadecimal(_ text: ByteView, _ place: Int) -> Window? {
    guard hexDigit(text[place + 15]) != nil else { return nil }
    let stride = text[place + 2] == 0x20 ? 3 : text[place + 2] == 0x30 ? 4 : 2
    let start = pairs(text, place, stride, limit: head).bytes
    guard start.count >= 8, start.withView({ leads($0, 0) }) else { return nil }
    let (bytes, end) = pairs(text, place, stride, limit: maximumWindow / stride)
    let step = stride == 4 ? "hexadecimal decoded, UTF-16LE read" : "hexadecimal decoded"
    return Window(bytes: bytes, range: place..<end, stride: stride, step: step)
  }

  /// Up to the first pair that is none, or no text. Behind each there may be a blank, or the other half of a character in UTF-16.
  private static func pairs(
    _ text: ByteView, _ place: Int, _ stride: Int, limit: Int
  ) -> (bytes: [UInt8], end: Int) {
    var bytes: [UInt8] = []
    var index = place
    while bytes.count < limit, let high = hexDigit(text[index]), let low = hexDigit(text[index + 1]) {
      let byte = high << 4 | low
      if byte < 0x20 && byte != 0x09 { break }
      bytes.append(byte)
      let fits = stride == 2 || stride == 3 && text[index + 2] == 0x20 || text.slice(index + 2, index + 4) == "00"
      guard fits else { return (bytes, min(index + 2, text.count)) }
      index += stride
    }
    return (bytes, min(index, text.count))
  }

  /// The Base64 text around a lead, decoded.
  static func base64(
    _ text: ByteView, _ place: Int, _ ahead: Int, _ judged: inout JudgedBase64
  ) -> Window? {
    let group = (place - ahead) & 3
    if judged.covers(place, group) { return nil }
    var start = Base64.start(of: text, before: place, limit: max(place - 4096, 0))
    start += (group - start) & 3
    let end = Base64.end(of: text, from: place, limit: place + maximumWindow)
    guard end - start >= 16 else { return nil }
    // What the limit cut off may begin just before it.
    judged.add(place, end - 32, group, decoded: end - start)
    guard let window = decoded(text, start..<end) else { return nil }
    // A payload that the line's end cut goes on in the next.
    let next = Base64.lastLine(text, from: start, end, limit: end + maximumJoin)
    guard next > end, isOpen(window.bytes), judged.join(next - start, of: text.count) else { return window }
    return decoded(text, start..<next)
  }

  /// How much of the following lines is taken.
  private static let maximumJoin = 640

  private static func isOpen(_ bytes: [UInt8]) -> Bool {
    guard let close = bytes.lastIndex(of: 0x7D) else { return true }
    return bytes.lastIndex(of: 0x24).map { $0 > close } ?? false
  }

  private static func decoded(_ text: ByteView, _ range: Range<Int>) -> Window? {
    let (start, end) = (range.lowerBound, range.upperBound)
    var bytes = Base64.decode(text.slice(start, end))
    var step = "Base64 decoded"
    for _ in 0..<maximumWraps {
      if bytes.withView({ opens($0) }) {
        return Window(bytes: bytes, range: start..<end, stride: 0, step: step)
      }
      if bytes.withView({ $0.contains("$\0{\0") }) {
        bytes.removeAll { $0 == 0 }
        step += ", UTF-16LE read"
      } else {
        let inner = bytes.withView { view in
          Base64.runs(in: view, minimum: 16).max { $0.count < $1.count }.map {
            Base64.decode(view.slice($0.lowerBound, $0.upperBound))
          }
        }
        guard let inner else { return nil }
        bytes = inner
        step += ", and again"
      }
    }
    return nil
  }

  /// Whether a lookup begins anywhere, as it is or in an encoding.
  private static func opens(_ text: ByteView) -> Bool {
    // In a short text looking at each byte costs less than a search that is made for long ones.
    guard text.count <= 512 else { return beginnings.occurs(in: text) }
    for place in 0..<text.count {
      switch text[place] {
      case 0x24 where text[place + 1] == 0x7B || text[place + 1] == 0x25 && text[place + 2] == 0x37: return true
      case 0x25 where text[place + 1] == 0x32 && text[place + 2] == 0x34: return true
      case 0x5C where text.slice(place).hasPrefix("\\u0024"): return true
      case 0x26 where text.slice(place).hasPrefix("&#36"): return true
      default: break
      }
    }
    return false
  }

  private static let beginnings = LiteralSet(exact: ["${", "%24", "\\u0024", "&#36", "$%7"])

  /// Base64 in Base64, with UTF-16 between.
  private static let maximumWraps = 4
}
