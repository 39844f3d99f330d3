import Bytes

/// A text with encodings undone, and for each byte the place that it came from.
struct DecodedText {
  var bytes: [UInt8]
  /// Place in the original text of each byte, and one more for the end. Empty while nothing was changed.
  var origins: [UInt32] = []
  /// What was undone, pass by pass, with the text after it.
  var passes: [(kinds: EncodingKinds, bytes: [UInt8])] = []

  var kinds: EncodingKinds { passes.reduce(EncodingKinds()) { $0.union($1.kinds) } }

  func origin(_ place: Int) -> Int {
    origins.isEmpty ? place : Int(origins[min(max(place, 0), origins.count - 1)])
  }
}

/// Encodings that a request or a log may lay over a text.
struct EncodingKinds: OptionSet {
  let rawValue: Int
  static let url = EncodingKinds(rawValue: 1)
  static let urlUnicode = EncodingKinds(rawValue: 2)
  static let unicodeEscape = EncodingKinds(rawValue: 4)
  static let hexEscape = EncodingKinds(rawValue: 8)
  static let octalEscape = EncodingKinds(rawValue: 16)
  static let entity = EncodingKinds(rawValue: 32)
  static let slash = EncodingKinds(rawValue: 64)
  static let wide = EncodingKinds(rawValue: 128)

  /// In words, for the steps that an analyst follows.
  var words: String {
    let names: [(EncodingKinds, String)] = [
      (.url, "URL encoding"), (.urlUnicode, "%u escapes"), (.unicodeEscape, "\\u escapes"), (.hexEscape, "\\x escapes"),
      (.octalEscape, "octal escapes"), (.entity, "HTML entities"), (.slash, "escaped quotes and slashes"),
      (.wide, "UTF-16's zeros"),
    ]
    return names.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
  }
}

/// Undoes encodings laid over each other in any order: each pass undoes one layer of every kind, and passes follow until
/// nothing changes.
enum Encodings {
  /// Real payloads carry up to three layers; eight leave room, and bound the work on `%25252525…`.
  static let maximumPasses = 8

  /// - Parameter keepsOrigins: whether the places that bytes came from are wanted.
  static func undo(_ text: ByteView, keepsOrigins: Bool = true) -> DecodedText {
    var result = DecodedText(bytes: text.array)
    while result.passes.count < maximumPasses {
      var (bytes, sources, kinds) = result.bytes.withView { pass($0, keepsOrigins) }
      if kinds.isEmpty { break }
      dropZeros(&bytes, &sources, &kinds)
      result.origins = result.origins.isEmpty ? sources : sources.map { UInt32(clamping: result.origin(Int($0))) }
      result.bytes = bytes
      result.passes.append((kinds, bytes))
    }
    return result
  }

  /// The same of a request's query or form, where a plus sign is a blank.
  ///
  /// One that was itself encoded is a plus sign, as Base64 has it; in a text whose blanks were all encoded so, twice over,
  /// it is a blank outside of Base64.
  ///
  /// - Parameter ifEncoded: whether the text may be none of these: without URL encoding its plus signs stay.
  static func undoForm(_ text: ByteView, ifEncoded: Bool = false) -> DecodedText {
    let hasPlus = text.firstIndex(of: 0x2B) != nil
    var result = undo(text, keepsOrigins: hasPlus)
    if ifEncoded, !result.kinds.contains(.url) { return result }
    if !hasPlus {
      guard result.bytes.contains(0x2B), blanks(result.bytes) <= blanks(text.unsafeBytes) else { return result }
    }
    // Where a blank is `%20`, a plus sign that was not encoded may be Base64's own.
    let mayKeep = !hasPlus || text.contains("%20")
    let kept = mayKeep ? result.bytes.withView(base64) : []
    var next = 0
    for index in result.bytes.indices where result.bytes[index] == 0x2B {
      if hasPlus, text[result.origin(index)] != 0x2B { continue }
      while next < kept.count, kept[next].upperBound <= index { next += 1 }
      if next < kept.count, kept[next].contains(index) { continue }
      result.bytes[index] = 0x20
    }
    return result
  }

  private static func base64(_ bytes: ByteView) -> [Range<Int>] {
    Base64.runs(in: bytes, minimum: 12).filter { Base64.text(bytes.slice($0.lowerBound, $0.upperBound)) != nil }
  }

  private static func blanks(_ bytes: some Sequence<UInt8>) -> Int { bytes.count { $0 == 0x20 } }

  /// UTF-16 whose zeros were escaped (`$\u0000{\u0000`): read as the characters that it stands for.
  private static func dropZeros(_ bytes: inout [UInt8], _ sources: inout [UInt32], _ kinds: inout EncodingKinds) {
    guard bytes.withView({ $0.firstIndex(of: 0) != nil && wideBeginnings.occurs(in: $0) }) else { return }
    if !sources.isEmpty { sources = zip(sources, bytes).filter { $0.1 != 0 }.map(\.0) + sources.suffix(1) }
    bytes.removeAll { $0 == 0 }
    kinds.insert(.wide)
  }

  private static let wideBeginnings = LiteralSet(exact: ["$\0{\0", "$\0%\0", "%\02\0"])

  /// Takes an escape off the end that a field's limit cut: `%2`, `\u00`, `&#5`.
  static func dropCutEscape(_ bytes: inout [UInt8]) {
    let tail = bytes.suffix(8)
    guard let mark = tail.lastIndex(where: { $0 == 0x25 || $0 == 0x5C || $0 == 0x26 }) else { return }
    var rest = tail[(mark + 1)...]
    if bytes[mark] == 0x26 {
      guard rest.isEmpty || rest.removeFirst() == 0x23 else { return }
    }
    if let first = rest.first, isAny(first, of: "uUxX") { rest.removeFirst() }
    if rest.allSatisfy({ hexDigit($0) != nil }) { bytes.removeLast(bytes.count - mark) }
  }

  /// One layer off. What stands between escapes is copied as it is, in one go.
  private static func pass(
    _ text: ByteView, _ keepsOrigins: Bool
  ) -> (bytes: [UInt8], sources: [UInt32], kinds: EncodingKinds) {
    guard var place = firstUnit(text) else { return ([], [], []) }
    var out: [UInt8] = []
    var sources: [UInt32] = []
    out.reserveCapacity(text.count)
    if keepsOrigins { sources.reserveCapacity(text.count + 1) }
    var kinds: EncodingKinds = []
    var copied = 0
    func copy(to end: Int) {
      guard copied < end else { return }
      out.append(contentsOf: text.slice(copied, end).unsafeBytes)
      if keepsOrigins { sources.append(contentsOf: UInt32(clamping: copied)..<UInt32(clamping: end)) }
    }
    var marks = BytePlaces(of: marks, in: text)
    while place < text.count {
      guard let unit = unit(text, place) else {
        place = marks.next(from: place + 1)
        continue
      }
      copy(to: place)
      kinds.insert(unit.kind)
      if unit.value < 0x80 || unit.kind == .url || unit.kind == .hexEscape || unit.kind == .octalEscape {
        out.append(UInt8(truncatingIfNeeded: unit.value))
        if keepsOrigins { sources.append(UInt32(clamping: place)) }
      } else {
        for byte in String(Character(Unicode.Scalar(unit.value) ?? "\u{FFFD}")).utf8 {
          out.append(byte)
          if keepsOrigins { sources.append(UInt32(clamping: place)) }
        }
      }
      copied = place + unit.length
      place = marks.next(from: copied)
    }
    copy(to: text.count)
    if keepsOrigins { sources.append(UInt32(clamping: text.count)) }
    return (out, sources, kinds)
  }

  /// What an escape begins with.
  private static let marks = ByteSet("%\\&")

  /// Whether there is any escape at all: spares the copying.
  static func mayHold(_ text: ByteView) -> Bool { firstUnit(text) != nil }

  /// Where the first escape begins.
  private static func firstUnit(_ text: ByteView) -> Int? {
    var first: Int?
    for mark: UInt8 in [0x25, 0x5C, 0x26] {
      let before = text.slice(0, first ?? text.count)
      var from = 0
      while let place = before.firstIndex(of: mark, from: from) {
        if unit(text, place) != nil {
          first = place
          break
        }
        from = place + 1
      }
    }
    return first
  }

  typealias Unit = (value: UInt32, length: Int, kind: EncodingKinds)

  /// The escape that begins at a place, if one does.
  static func unit(_ text: ByteView, _ place: Int) -> Unit? {
    switch text[place] {
    case 0x25: percent(text, place)
    case 0x5C: backslash(text, place)
    case 0x26: entity(text, place)
    default: nil
    }
  }

  private static func percent(_ text: ByteView, _ place: Int) -> Unit? {
    if let value = hex(text, place + 1, 2) { return (value, 3, .url) }
    if lowercased(text[place + 1]) == 0x75, let value = hex(text, place + 2, 4) { return (value, 6, .urlUnicode) }
    return nil
  }

  private static func backslash(_ text: ByteView, _ place: Int) -> Unit? {
    let next = text[place + 1]
    switch next {
    case 0x75, 0x55:
      if text[place + 2] == 0x7B {
        // JavaScript's and Rust's \u{24}.
        var end = place + 3
        while end < place + 10, hexDigit(text[end]) != nil { end += 1 }
        guard text[end] == 0x7D, let value = text.slice(place + 3, end).hexadecimal else { return nil }
        return (UInt32(truncatingIfNeeded: value), end + 1 - place, .unicodeEscape)
      }
      // Python's and C's long form.
      if next == 0x55, let value = hex(text, place + 2, 8), value < 0x110000 { return (value, 10, .unicodeEscape) }
      // Java allows any number of u.
      var digits = place + 2
      while digits < place + 6, text[digits] == 0x75 { digits += 1 }
      return hex(text, digits, 4).map { ($0, digits + 4 - place, .unicodeEscape) }
    case 0x78, 0x58:
      if text[place + 2] == 0x7B {
        // Perl's \x{24}.
        guard let digits = text.slice(place + 3, place + 10).cut(0x7D)?.before, let value = digits.hexadecimal,
          value < 0x110000
        else { return nil }
        return (UInt32(truncatingIfNeeded: value), digits.count + 4, .unicodeEscape)
      }
      return hex(text, place + 2, 2).map { ($0, 4, .hexEscape) }
    case 0x30...0x37:
      var value: UInt32 = 0
      var end = place + 1
      while end < place + 4, text[end] >= 0x30, text[end] <= 0x37 {
        value = value * 8 + UInt32(text[end] - 0x30)
        end += 1
      }
      // `printf %b` writes a zero before: \0142.
      if next == 0x30, end - place == 4, value > 0, value < 0x10, text[end] >= 0x30, text[end] <= 0x37 {
        value = value * 8 + UInt32(text[end] - 0x30)
        end += 1
      }
      if value == 0x0A, end - place == 4 { return (value, 4, .octalEscape) }
      // Only what stands for a printable character or a line end: \1 is a back reference, \0 an end. UTF-16 is full of \000.
      return end - place >= 3 && value >= 0x20 && value < 0x7F || end - place == 4 && value == 0
        ? (value, end - place, .octalEscape) : nil
    case 0x5C:
      // Only before another escape, so that Windows paths stay as they are.
      let after = text[place + 2]
      let escapes = after == 0x75 || after == 0x78 || after == 0x5C || after == 0x24 || after == 0x22
      return escapes || after >= 0x30 && after <= 0x37 ? (0x5C, 2, .slash) : nil
    case 0x2F, 0x22, 0x24, 0x7B, 0x7D: return (UInt32(next), 2, .slash)
    default: return nil
    }
  }

  private static func hex(_ text: ByteView, _ place: Int, _ digits: Int) -> UInt32? {
    guard place + digits <= text.count else { return nil }
    var value: UInt32 = 0
    for index in place..<place + digits {
      guard let digit = hexDigit(text[index]) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// Names of characters that a payload is made of; `lbrace` and its like are also taken without the semicolon, as
  /// lenient parsers do.
  private static let names: [(StaticString, UInt32, needsEnd: Bool)] = [
    ("dollar", 0x24, false), ("lbrace", 0x7B, false), ("lcub", 0x7B, false), ("rbrace", 0x7D, false),
    ("rcub", 0x7D, false), ("colon", 0x3A, true), ("sol", 0x2F, true), ("period", 0x2E, true), ("amp", 0x26, true),
    ("percnt", 0x25, true), ("bsol", 0x5C, true), ("num", 0x23, true), ("semi", 0x3B, true), ("quot", 0x22, true),
    ("apos", 0x27, true), ("lt", 0x3C, true), ("gt", 0x3E, true), ("lpar", 0x28, true), ("rpar", 0x29, true),
    ("lbrack", 0x5B, true), ("rbrack", 0x5D, true), ("lsqb", 0x5B, true), ("rsqb", 0x5D, true), ("hyphen", 0x2D, true),
    ("equals", 0x3D, true), ("plus", 0x2B, true), ("verbar", 0x7C, true), ("comma", 0x2C, true), ("commat", 0x40, true),
    ("lowbar", 0x5F, true), ("quest", 0x3F, true), ("nbsp", 0x20, true), ("imath", 0x131, true),
    ("inodot", 0x131, true),
  ]

  /// The same by their first letters.
  private static let namesByLetter: [[(StaticString, UInt32, needsEnd: Bool)]] = {
    var table = [[(StaticString, UInt32, needsEnd: Bool)]](repeating: [], count: 26)
    for name in names { table[Int(name.0.utf8Start[0] - 0x61)].append(name) }
    return table
  }()

  private static func entity(_ text: ByteView, _ place: Int) -> Unit? {
    if text[place + 1] == 0x23 {
      let isHex = lowercased(text[place + 2]) == 0x78
      let start = place + (isHex ? 3 : 2)
      var end = start
      var value: UInt32 = 0
      // Leading zeros without end are legal; a value beyond Unicode is none.
      while end - start < 64, let digit = hexDigit(text[end]), isHex || digit < 10, value < 0x110000 {
        value = value * (isHex ? 16 : 10) + UInt32(digit)
        end += 1
      }
      guard end > start, value > 0 || text[end] == 0x3B, value < 0x110000 else { return nil }
      // Cut by the text's end it may have had more digits.
      guard end < text.count else { return nil }
      return (value, end + (text[end] == 0x3B ? 1 : 0) - place, .entity)
    }
    let letter = lowercased(text[place + 1])
    // None of a letter.
    guard letter >= 0x61, letter <= 0x7A, lowercased(text[place + 2]) >= 0x61 else { return nil }
    for (name, value, needsEnd) in namesByLetter[Int(letter - 0x61)] {
      let count = name.utf8CodeUnitCount
      guard lowercased(text[place + 2]) == name.utf8Start[1],
        text.slice(place + 1, place + 1 + count).equalsIgnoringCase(name)
      else { continue }
      let ends = text[place + 1 + count] == 0x3B
      if ends || !needsEnd { return (value, 1 + count + (ends ? 1 : 0), .entity) }
    }
    return nil
  }
}
