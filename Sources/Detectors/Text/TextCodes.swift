import Bytes

/// Codes that a shell's own tools undo and that are rarer than Base64: compression under it, Base32, ROT13.
enum TextCodes {
  /// Commands are short; a script of this length is seen from its beginning.
  private static let maximumInflated = 64 << 10

  /// Base64 of gzip's or zlib's bytes: `base64 -d | gunzip`, `zlib.decompress(b64decode(…))`. nil where it is neither, or no
  /// text.
  ///
  /// - Parameter isRaw: PHP's `gzinflate` takes it without zlib's first bytes.
  static func inflated(_ digits: ByteView, isRaw: Bool = false) -> [UInt8]? {
    // 1F 8B 08, 78 01, 78 9C, 78 DA
    let isPacked =
      digits.hasPrefix("H4sI") || digits.hasPrefix("eJ") || digits.hasPrefix("eN") || digits.hasPrefix("eA")
    guard isPacked || isRaw, digits.count >= 24 else { return nil }
    let packed = Base64.decode(digits)
    // Few texts shrink to a fiftieth.
    let limit = min(maximumInflated, packed.count * 50 + 256)
    return printable(packed.withView { Inflated.bytes($0, limit: limit, isRaw: isRaw && !isPacked) } ?? [])
  }

  /// What came out of a code, where it is text.
  static func printable(_ bytes: [UInt8]) -> [UInt8]? {
    for byte in bytes where byte < 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09 { return nil }
    return bytes.isEmpty ? nil : bytes
  }

  /// What a text says of codes in it, looked for in one pass.
  struct Signs {
    private(set) var isBase64 = false
    private(set) var isBase32 = false
    private(set) var isHexadecimal = false
    private(set) var isDeflated = false
    /// The first place of ROT13's alphabet.
    private(set) var rotation: Int?
    /// The first place of `rev`.
    private(set) var reversal: Int?
    /// Code turns a string round before it decodes it: `b64decode(x[::-1])`, `strrev('…')`.
    private(set) var isTurned = false

    private static let words = LiteralSet(exact: [
      "rev", "b32", "base32", "N-ZA-M", "n-za-m", "xxd", "gzinflate", "rot13", "rot_13", "base64", "Base64", "b64",
      "openssl", "[::-1]", "strrev(", ".reverse",
    ])

    init(_ text: ByteView) {
      var (isBase64, isBase32, isHexadecimal, isDeflated) = (false, false, false, false)
      var (rotation, reversal) = (Int?.none, Int?.none)
      var isTurned = false
      Self.words.forEachMatch(in: text) { place, word in
        switch word {
        case 0 where isWordByte(text[place - 1]) || isWordByte(text[place + 3]): break
        case 0: reversal = reversal ?? place
        case 1, 2: isBase32 = true
        case 3, 4, 7, 8: rotation = rotation ?? place
        case 5: isHexadecimal = true
        case 6: isDeflated = true
        case 13, 15: isTurned = true
        case 14:
          isTurned = true
          reversal = reversal ?? place + 3
        default: isBase64 = true
        }
        return place + 1
      }
      (self.isBase64, self.isBase32, self.isHexadecimal) = (isBase64, isBase32, isHexadecimal)
      self.isDeflated = isDeflated
      (self.rotation, self.reversal) = (rotation, reversal)
      self.isTurned = isTurned
    }
  }

  /// The first run of at least 24 digits of Base32 that is text.
  static func base32(_ text: ByteView) -> [UInt8]? {
    var digits = BytePlaces(of: digits, in: text)
    var place = 0
    while place < text.count {
      let start = digits.next(from: place)
      place = digits.end(from: start)
      if place - start >= 24, let bytes = base32(digits: text.slice(start, place)) { return bytes }
    }
    return nil
  }

  private static let digits = ByteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")

  private static func base32(digits: ByteView) -> [UInt8]? {
    var bytes: [UInt8] = []
    var held: UInt32 = 0
    var bits: UInt32 = 0
    for index in 0..<digits.count {
      held = (held << 5 | (digit(digits[index]) ?? 0)) & 0xFFFF
      bits += 5
      if bits >= 8 {
        bits -= 8
        let byte = UInt8(truncatingIfNeeded: held >> bits)
        guard byte >= 0x20 && byte < 0x7F || byte == 0x0A else { return nil }
        bytes.append(byte)
      }
    }
    return bytes
  }

  private static func digit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x41...0x5A: UInt32(byte - 0x41)
    case 0x32...0x37: UInt32(byte - 0x32) + 26
    default: nil
    }
  }

  /// How far from the tool that undoes it a command stands that was turned or reversed.
  private static let reach = 4 << 10

  static func around(_ text: ByteView, _ place: Int) -> ByteView { text.slice(max(place - reach, 0), place + reach) }

  /// `echo '…' | rev | sh`: what stands before the tool; `rev <<< '…'`, `strrev("…")`: what it is handed.
  static func reversed(_ text: ByteView, _ place: Int) -> [UInt8]? {
    var start = place + 3
    while text[start] == 0x20, start - place < 8 { start += 1 }
    if text[start] == 0x28, text[place - 1] == 0x72 { return handed(text, start + 1, isCall: true) }
    guard text.slice(start).hasPrefix("<<<") else {
      return text.slice(max(place - reach, 0), place).array.reversed()
    }
    start += 3
    while text[start] == 0x20, start - place < 16 { start += 1 }
    return handed(text, start)
  }

  /// A string in quotes, turned round; what its backslashes kept from meaning anything else is itself.
  ///
  /// - Parameter isCall: a bracket closes what it is handed to; quotes within have lost their backslashes where another layer was
  ///   undone before.
  private static func handed(_ text: ByteView, _ start: Int, isCall: Bool = false) -> [UInt8]? {
    let quote = text[start]
    guard quote == 0x27 || quote == 0x22 else { return nil }
    var out: [UInt8] = []
    var place = start + 1
    func isEnd(_ place: Int) -> Bool { text[place] == quote && (!isCall || text[place + 1] == 0x29) }
    while place < text.count, place - start < reach, !isEnd(place) {
      if text[place] == 0x5C, text[place + 1] == quote || text[place + 1] == 0x24 || text[place + 1] == 0x5C {
        place += 1
      }
      out.append(text[place])
      place += 1
    }
    return isEnd(place) ? out.reversed() : nil
  }

  /// `… | tr 'A-Za-z' 'N-ZA-Mn-za-m' | sh`: the text with its letters turned.
  static func rotated(_ text: ByteView) -> [UInt8] {
    let turned = turned
    return [UInt8](unsafeUninitializedCapacity: text.count) { out, count in
      count = text.count
      for place in 0..<count { out.initializeElement(at: place, to: turned[Int(text[place])]) }
    }
  }

  private static let turned: [UInt8] = (UInt8.min...UInt8.max).map { byte in
    switch byte {
    case 0x41...0x5A: (byte - 0x41 + 13) % 26 + 0x41
    case 0x61...0x7A: (byte - 0x61 + 13) % 26 + 0x61
    default: byte
    }
  }
}
