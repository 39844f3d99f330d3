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
}
