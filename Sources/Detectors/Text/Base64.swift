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

  static func isDigit(_ byte: UInt8) -> Bool { values[Int(byte)] != 255 }

  /// What the longest run of Base64 digits at the start stands for. A last group that is not whole gives what it can.
  static func decode(_ text: ByteView) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count / 4 * 3 + 3)
    var held: UInt32 = 0
    var bits = 0
    for index in 0..<text.count {
      let value = values[Int(text[index])]
      if value == 255 { break }
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
    // A cut last group leaves a byte of noise.
    while let last = bytes.last, last < 0x20 || bytes.count > 1 && last >= 0x80 && !endsCharacter(bytes) {
      bytes.removeLast()
    }
    guard bytes.count >= 4 else { return nil }
    for byte in bytes where byte < 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09 || byte == 0x7F { return nil }
    return String(validating: bytes, as: UTF8.self) == nil ? nil : bytes
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
    String(validating: bytes.suffix(4).drop { $0 & 0xC0 == 0x80 }, as: UTF8.self) != nil
  }

  /// Runs of at least `minimum` Base64 digits with their padding, in order.
  static func runs(in text: ByteView, minimum: Int) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var place = 0
    while place < text.count {
      let start = place
      while place < text.count, isDigit(text[place]) { place += 1 }
      if place - start >= minimum {
        let digits = place
        while place < text.count, place - digits < 2, text[place] == 0x3D { place += 1 }
        found.append(start..<place)
      }
      place += 1
    }
    return found
  }
}
