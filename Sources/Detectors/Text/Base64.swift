import Bytes

/// Base64 as it turns up in commands and payloads: both alphabets, with or without padding, cut anywhere.
enum Base64 {
  /// The value of each byte; 255 for what is not of the alphabet. `-` and `_` are the URL alphabet's.
  private static let values: [UInt8] = {
    var table = [UInt8](repeating: 255, count: 256)
    let alphabet = ByteView("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    for index in 0..<alphabet.count { table[Int(alphabet[index])] = UInt8(index) }
    table[0x2D] = 62
    table[0x5F] = 63
    return table
  }()

  static func value(_ digit: UInt8) -> UInt8? {
    let value = values[Int(digit)]
    return value == 255 ? nil : value
  }

  /// All of both alphabets.
  static let digits = ByteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")

  /// Where the run of digits around or after a place ends.
  static func end(of text: ByteView, from start: Int, limit: Int = .max) -> Int {
    let digits = digits
    let end = min(text.count, limit)
    var place = start
    while place < end, digits.contains(text[place]) { place += 1 }
    return place
  }

  /// Where the run of digits before a place begins.
  static func start(of text: ByteView, before end: Int, limit: Int = 0) -> Int {
    let digits = digits
    var place = end
    while place > limit, digits.contains(text[place - 1]) { place -= 1 }
    return place
  }

  /// What the longest run of Base64 digits at the start stands for. A last group that is not whole gives what it can.
  static func decode(_ text: ByteView) -> [UInt8] {
    let values = values
    // Groups of four as far as they are whole.
    var start = 0
    var out: [UInt8] = []
    out.reserveCapacity(text.count / 4 * 3 + 3)
    while start + 4 <= text.count {
      let (first, second) = (values[Int(text[start])], values[Int(text[start + 1])])
      let (third, fourth) = (values[Int(text[start + 2])], values[Int(text[start + 3])])
      if first | second | third | fourth > 63 { break }
      out.append(first << 2 | second >> 4)
      out.append(second << 4 | third >> 2)
      out.append(third << 6 | fourth)
      start += 4
    }
    var held: UInt32 = 0
    var bits = 0
    var index = start
    while index < text.count {
      let value = values[Int(text[index])]
      if value == 255 {
        // `base64` breaks its lines.
        let gap = lineEnd(text, index)
        if gap == 0 { break }
        index += gap
        continue
      }
      index += 1
      held = held << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        out.append(UInt8(truncatingIfNeeded: held >> UInt32(bits)))
      }
    }
    return out
  }

  /// The decoded text if it is text: UTF-16LE (PowerShell's) narrowed, a trailing newline dropped; nil for anything
  /// with control characters, for then the run was no Base64 or no command.
  static func text(_ run: ByteView) -> [UInt8]? {
    guard mayBeText(run) else { return nil }
    var bytes = decode(run)
    if bytes.count >= 8, bytes[1] == 0, bytes[3] == 0, bytes[5] == 0 {
      bytes = stride(from: 0, to: bytes.count, by: 2).map { bytes[$0] }
    }
    if bytes.withView(holdsControl) { return nil }
    // A cut last group leaves a byte of noise.
    while let last = bytes.last, last < 0x20 || bytes.count > 1 && last >= 0x80 && !endsCharacter(bytes) {
      bytes.removeLast()
    }
    guard bytes.count >= 4 else { return nil }
    return bytes.withView { !holdsControl($0, atEnd: true) && isUTF8($0) } ? bytes : nil
  }

  private static func holdsControl(_ text: ByteView) -> Bool { holdsControl(text, atEnd: false) }

  /// Whether there is a character that no text has; unless asked for, none of those at the end, which may be noise.
  private static func holdsControl(_ text: ByteView, atEnd: Bool) -> Bool {
    var isNoise = false
    for index in 0..<text.count {
      let byte = text[index]
      if byte == 0x7F { return true }
      if byte < 0x20 {
        if byte != 0x0A, byte != 0x0D, byte != 0x09 { isNoise = true }
      } else if isNoise, byte < 0x80 {
        return true
      }
    }
    return isNoise && atEnd
  }

  /// Whether the first two bytes can begin a text. Words and paths are of the alphabet too; most end here.
  private static func mayBeText(_ run: ByteView) -> Bool {
    func digit(_ place: Int) -> UInt8 { values[Int(run[place])] & 63 }
    let first = digit(0) << 2 | digit(1) >> 4
    let second = digit(1) << 4 | digit(2) >> 2
    if second == 0 { return true }
    func isControl(_ byte: UInt8) -> Bool {
      byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D || byte == 0x7F
    }
    // What continues a character of UTF-8 begins none, and after one of ASCII none is continued.
    return !isControl(first) && !isControl(second) && first & 0xC0 != 0x80 && first < 0xF8
      && (first >= 0xC0) == (second & 0xC0 == 0x80)
  }

  private static func endsCharacter(_ bytes: [UInt8]) -> Bool {
    bytes.withView { view in
      var start = max(view.count - 4, 0)
      while start < view.count, view[start] & 0xC0 == 0x80 { start += 1 }
      return isUTF8(view.slice(start))
    }
  }

  /// The same as `String(validating:)` says, which makes a string to say it.
  static func isUTF8(_ text: ByteView) -> Bool {
    var place = 0
    while place < text.count {
      let byte = text[place]
      var following = 0
      var second: ClosedRange<UInt8> = 0x80...0xBF
      switch byte {
      case 0..<0x80: break
      case 0xC2...0xDF: following = 1
      case 0xE0: (following, second) = (2, 0xA0...0xBF)
      case 0xED: (following, second) = (2, 0x80...0x9F)
      case 0xE1...0xEF: following = 2
      case 0xF0: (following, second) = (3, 0x90...0xBF)
      case 0xF1...0xF3: following = 3
      case 0xF4: (following, second) = (3, 0x80...0x8F)
      default: return false
      }
      place += 1
      guard following > 0 else { continue }
      guard place + following <= text.count, second.contains(text[place]) else { return false }
      for next in 1..<max(following, 1) where text[place + next] & 0xC0 != 0x80 { return false }
      place += following
    }
    return true
  }

  /// Lines of Base64 are 64 or 76 long; shorter ones are the last.
  private static let minimumLine = 60

  /// Where a run ends that may be broken into lines, of which the first ends at a place.
  static func lastLine(_ text: ByteView, from start: Int, _ end: Int, limit: Int = .max) -> Int {
    var (start, end) = (start, end)
    while end - start >= minimumLine {
      let next = end + lineEnd(text, end)
      guard next > end, next < limit, digits.contains(text[next]) else { break }
      start = next
      end = Self.end(of: text, from: next, limit: limit)
    }
    return end
  }

  /// How long a line's end is that stands at a place, also one that was escaped: `\r\n`, `%0D%0A`.
  private static func lineEnd(_ text: ByteView, _ place: Int) -> Int {
    var end = place
    while end - place < 6 {
      switch text[end] {
      case 0x0A, 0x0D: end += 1
      case 0x5C where text[end + 1] == 0x6E || text[end + 1] == 0x72: end += 2
      case 0x25 where text[end + 1] == 0x30 && isAny(lowercased(text[end + 2]), of: "ad"): end += 3
      default: return end - place
      }
    }
    return end - place
  }

  /// Runs of at least `minimum` Base64 digits with their padding, in order.
  static func runs(in text: ByteView, minimum: Int) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var digits = BytePlaces(of: Self.digits, in: text)
    var place = 0
    while minimum > 0 {
      let start = digits.next(from: place)
      guard start + minimum <= text.count else { break }
      let end = lastLine(text, from: start, digits.end(from: start))
      guard end - start >= minimum else {
        place = end + 1
        continue
      }
      place = end
      while place < text.count, place - end < 2, text[place] == 0x3D { place += 1 }
      found.append(start..<place)
    }
    return found
  }
}
