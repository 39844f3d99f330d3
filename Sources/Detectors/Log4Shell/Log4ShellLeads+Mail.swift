import Bytes

/// Windows in the encodings of mail, and in characters that are only like ASCII's.
extension Log4ShellLeads {
  /// Quoted-printable (`=24=7Bjndi`) or UTF-7 (`+ACQ-+AHs-jndi`) up to the line's end.
  static func mail(_ text: ByteView, _ place: Int) -> Window? {
    let isUTF7 = text[place] == 0x2B
    func read(_ room: UnsafeMutableBufferPointer<UInt8>) -> (count: Int, end: Int) {
      isUTF7 ? utf7(text, place, into: room) : quotedPrintable(text, place, into: room)
    }
    return window(text, place, step: isUTF7 ? "UTF-7 read" : "quoted-printable undone", read)
  }

  /// Full-width forms (`＄｛jndi：`), which a text that is normalized loses, and overlong UTF-8 (`%C0%A4`), which a lenient
  /// decoder takes: narrowed up to the line's end.
  static func folded(_ text: ByteView, _ place: Int) -> Window? {
    window(text, place, step: "full-width and overlong characters narrowed") { fold(text, place, into: $0) }
  }

  /// A window of what a reader makes of the line, if its first bytes lead.
  private static func window(
    _ text: ByteView, _ place: Int, step: String,
    _ read: (UnsafeMutableBufferPointer<UInt8>) -> (count: Int, end: Int)
  ) -> Window? {
    let isLead = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: shortHead) { room in
      // Most floods end at the second character. Each may take three bytes before it is narrowed.
      let first = read(UnsafeMutableBufferPointer(rebasing: room[..<6])).count
      guard first >= 2, room[0] == 0x24, room[1] == 0x7B else { return false }
      let count = read(room).count
      return count >= 8 && leads(ByteView(UnsafeBufferPointer(rebasing: room[..<count])), 0)
    }
    guard isLead else { return nil }
    var end = place
    let bytes = [UInt8](unsafeUninitializedCapacity: min(maximumWindow, text.count - place)) {
      ($1, end) = read($0)
    }
    return Window(bytes: bytes, range: place..<max(end, place + 1), stride: 0, step: step)
  }

  private static func isEnd(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 }

  private static func quotedPrintable(
    _ text: ByteView, _ start: Int, into room: UnsafeMutableBufferPointer<UInt8>
  ) -> (count: Int, end: Int) {
    var count = 0
    var place = start
    while place < text.count, count < room.count, !isEnd(text[place]) {
      if text[place] == 0x3D {
        if let high = hexDigit(text[place + 1]), let low = hexDigit(text[place + 2]) {
          room[count] = high << 4 | low
          count += 1
          place += 3
          continue
        }
        // A line that goes on in the next.
        let next = text[place + 1] == 0x0D ? place + 2 : place + 1
        if text[next] == 0x0A, next < text.count {
          place = next + 1
          continue
        }
      }
      room[count] = text[place]
      count += 1
      place += 1
    }
    return (count, min(place, text.count))
  }

  private static func utf7(
    _ text: ByteView, _ start: Int, into room: UnsafeMutableBufferPointer<UInt8>
  ) -> (count: Int, end: Int) {
    var count = 0
    var place = start
    while place < text.count, count < room.count, !isEnd(text[place]) {
      guard text[place] == 0x2B else {
        room[count] = text[place]
        count += 1
        place += 1
        continue
      }
      // `+-` is a plus sign.
      place += 1
      var digits = UInt32(0)
      var bits = 0
      let start = place
      while count < room.count, let digit = Base64.value(text[place]), text[place] != 0x2D, text[place] != 0x5F {
        digits = digits << 6 | UInt32(digit)
        bits += 6
        place += 1
        guard bits >= 16 else { continue }
        bits -= 16
        let unit = digits >> UInt32(bits) & 0xFFFF
        // The dotless i, whose upper case is I.
        room[count] = unit == 0x131 ? 0x69 : unit < 0x80 ? UInt8(truncatingIfNeeded: unit) : 0x3F
        count += 1
      }
      if place == start {
        room[count] = 0x2B
        count += 1
      }
      if text[place] == 0x2D { place += 1 }
    }
    return (count, min(place, text.count))
  }

  /// Escapes undone too, for the bytes of such characters mostly stand in them.
  private static func fold(
    _ text: ByteView, _ start: Int, into room: UnsafeMutableBufferPointer<UInt8>
  ) -> (count: Int, end: Int) {
    var count = 0
    var place = start
    while place < text.count, count < room.count, !isEnd(text[place]) {
      let unit = Encodings.unit(text, place)
      let value = unit?.value ?? UInt32(text[place])
      place += unit?.length ?? 1
      let narrow = (0xFF01...0xFF5E).contains(value) ? value - 0xFEE0 : value
      room[count] = narrow < 0x100 ? UInt8(truncatingIfNeeded: narrow) : 0x3F
      count += 1
      narrowLast(room, &count)
    }
    return (count, min(place, text.count))
  }

  /// Puts one byte for the last two or three, where those are more than one character needs.
  private static func narrowLast(_ room: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int) {
    guard count >= 2, room[count - 1] & 0xC0 == 0x80 else { return }
    let (last, middle) = (room[count - 1], room[count - 2])
    if middle & 0xFE == 0xC0 {
      count -= 1
      room[count - 1] = (middle & 1) << 6 | last & 0x3F
      return
    }
    guard count >= 3 else { return }
    let first = room[count - 3]
    let value: UInt8
    switch (first, middle) {
    case (0xE0, 0x80), (0xE0, 0x81): value = (middle & 1) << 6 | last & 0x3F
    // U+FF01 to U+FF5E stand for 21 to 7E.
    case (0xEF, 0xBC) where last > 0x80: value = last - 0x60
    case (0xEF, 0xBD) where last < 0x9F: value = last - 0x20
    default: return
    }
    count -= 2
    room[count - 1] = value
  }
}
