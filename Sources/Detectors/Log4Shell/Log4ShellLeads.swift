import Bytes

/// Where a Log4Shell payload could begin: the rare beginnings of `${` in every encoding, each with a cheap second look.
enum Log4ShellLeads {
  /// A stretch of text to decode and evaluate.
  struct Window {
    var bytes: [UInt8]
    /// In the text.
    var range: Range<Int>
    /// Bytes of text for each byte: 2 for UTF-16, 0 where a place cannot be told, as for Base64.
    var stride = 1
    /// What was found nothing in may hold a payload if it is read from another digit on.
    var mayRegroup = false
    /// The size limit ended it, not the line.
    var isCut = false
    /// What was undone to get the bytes.
    var step: String?

    func place(_ index: Int) -> Int { min(range.lowerBound + index * stride, range.upperBound) }

    /// Where a payload stands in the text: in all of the window where places cannot be told.
    func places(_ start: Int, _ end: Int) -> Range<Int> {
      if stride == 0 { return range }
      return place(start)..<max(place(start), place(end))
    }
  }

  /// Payloads of three layers of URL encoding and nested lookups reach some 10 KiB.
  static let maximumWindow = 64 << 10

  static let exact: [StaticString] = [
    "${", "$%", "$\\", "$&", "%24", "%25", "%%", "%26", "\\x24", "\\x25", "\\x26", "\\x{24}", "\\u{24}", "\\44",
    "\\044", "\\45",
    "\\045",
    "\\\\", "&#",
    // Quoted-printable, UTF-7, full-width forms.
    "=24=7", "+ACQ", "＄｛",
    "$\0{\0", "%\02\0", "$\0%\0", "$\0\\\0", "$\0&\0",
    "\\\0u\0", "\\\0x\0", "&\0#\0",
  ]

  static let ignoringCase: [StaticString] = [
    "%u00", "%5c", "\\u00", "&dollar", "&percnt", "&bsol", "&amp;", "\\uu",
    // Overlong UTF-8 and full-width forms.
    "%c0%a4", "%ef%bc%84",
    // `${j`, `${J`, `${$` in hexadecimal digits; of UTF-16LE, and with blanks between.
    "247b6a", "247b4a", "247b24", "24007b00", "24 7b 6a", "24 7b 4a", "24 7b 24",
  ]
  static let set = LiteralSet(exact: all, ignoringCase: ignoringCase)
  static let all = exact + encoded.joined()

  /// The window that a lead opens; nil when the second look finds it harmless.
  static func window(_ text: ByteView, at place: Int, lead: Int, _ judged: inout JudgedBase64) -> Window? {
    if lead >= exact.count, lead < all.count { return base64(text, place, ahead(lead), &judged) }
    switch text[place] {
    case 0x32: return hexadecimal(text, place)
    case 0x3D, 0x2B: return mail(text, place)
    case 0xEF: return folded(text, place)
    case 0x25 where isAny(lowercased(text[place + 1]), of: "ce"): return folded(text, place)
    default: break
    }
    return text[place + 1] == 0 ? wide(text, place) : leads(text, place) ? line(text, place) : nil
  }

  /// The second look at a lead in plain bytes.
  static func leads(_ text: ByteView, _ place: Int) -> Bool {
    switch text[place] {
    case 0x24: text[place + 1] == 0x7B ? mayResolve(text, place) : opensBrace(text, place + 1)
    case 0x25: percentLeads(text, place)
    case 0x5C, 0x26: escapeLeads(text, place)
    default: false
    }
  }

  /// How much is made plain to look at a lead, before all of it is.
  static let head = 320
  /// The same for an escape, of which the next few characters tell.
  static let shortHead = 24

  /// Base64 that was decoded, so that a run full of leads is decoded but once for each way to cut it
  /// into groups of four.
  struct JudgedBase64 {
    private var range = 0..<0
    /// By place modulo four of the groups.
    private var isJudged = [false, false, false, false]
    /// Bytes decoded, for a test of how many.
    private(set) var decoded = 0

    /// Digits of lines that were put together.
    private var joined = 0
    private var inflated = 0

    /// Whether so many more may be: a text of nothing but such lines is read on in a few places.
    mutating func join(_ digits: Int, of all: Int) -> Bool {
      guard joined + digits <= 4096 + all / 16 else { return false }
      joined += digits
      return true
    }

    /// Whether one more text may be inflated, which costs more than its length says.
    mutating func inflate(of all: Int) -> Bool {
      guard inflated <= 16 + all / 4096 else { return false }
      inflated += 1
      return true
    }

    func covers(_ place: Int, _ group: Int) -> Bool { range.contains(place) && isJudged[group & 3] }

    mutating func add(_ place: Int, _ end: Int, _ group: Int, decoded bytes: Int) {
      decoded += bytes
      if !range.contains(place) {
        range = place..<max(place, end)
        isJudged = [false, false, false, false]
      }
      isJudged[group & 3] = true
      // What lies behind the shortest of them is judged anew.
      range = range.lowerBound..<max(range.lowerBound, min(range.upperBound, end))
    }
  }

  /// Whether `${…` can become a lookup of JNDI: it says so, or something is nested or encoded in it. Placeholders
  /// (`${price}`) end within a few bytes.
  private static func mayResolve(_ text: ByteView, _ place: Int) -> Bool {
    let start = place + 2
    if lowercased(text[start]) == 0x6A, lowercased(text[start + 1]) == 0x6E { return true }
    if lowercased(text[start]) == 0x62, text.slice(start, start + 6).equalsIgnoringCase("base64") { return true }
    for index in start..<min(text.count, start + 256) {
      switch text[index] {
      case 0x7D: return text[index - 1] == 0x24 && text[index + 1] == 0x7B || text[index + 1] == 0x7B
      case 0x24, 0x25, 0x5C, 0x26: return true
      case 0..<0x20 where text[index] != 0x09: return false
      default: break
      }
    }
    return start + 256 < text.count
  }

  /// `{` in an encoding, or another layer that may hide it; a zero is the other half of a character in UTF-16.
  private static func opensBrace(_ text: ByteView, _ place: Int) -> Bool {
    guard let unit = Encodings.unit(text, place) else { return false }
    return unit.value == 0x7B || unit.value == 0 || unit.value == 0x25 || unit.value == 0x5C || unit.value == 0x26
      || unit.value == 0x24
  }

  private static func percentLeads(_ text: ByteView, _ place: Int) -> Bool {
    // Layers of URL encoding repeat 25.
    var digits = place + 1
    while text[digits] == 0x32, text[digits + 1] == 0x35, digits - place < 64 { digits += 2 }
    let isLayered = digits > place + 1
    if isLayered, text[digits] == 0x25 { digits += 1 }
    switch (text[digits], lowercased(text[digits + 1])) {
    case (0x32, 0x34): return follows(text, digits + 2)
    case (0x32, 0x36): return isAny(lowercased(text[digits + 2]), of: "#%dalpb")
    case (0x35, 0x63): return isAny(lowercased(text[digits + 2]), of: "ux0%\\14")
    case (0x75, 0x30), (0x55, 0x30): return text.slice(digits + 1, digits + 4) == "002"
    case (0x33, 0x32): return isLayered || text[digits - 2] == 0x25
    case (0x25, _): return text[digits + 1] == 0x33 || text[digits + 1] == 0x32
    default: return false
    }
  }

  /// After an encoded `$`: a brace as it is or any escape.
  private static func follows(_ text: ByteView, _ place: Int) -> Bool {
    isAny(text[place], of: "{%\\&$")
  }

  private static func escapeLeads(_ text: ByteView, _ place: Int) -> Bool {
    if text[place] == 0x5C, text[place + 1] == 0x5C {
      return Encodings.unit(text, place) != nil && (Encodings.unit(text, place + 1).map { $0.value < 0x80 } ?? false)
    }
    guard let unit = Encodings.unit(text, place) else { return false }
    let after = place + unit.length
    switch unit.value {
    case 0x24: return follows(text, after)
    case 0x25:
      return text[after] == 0x32 || lowercased(text[after]) == 0x75 || text[after] == 0x25 || text[after] == 0x5C
    // An escaped ampersand is common; only the entities of a payload count.
    case 0x26:
      return isAny(lowercased(text[after]), of: "#dlpb") || text.slice(after, after + 4).equalsIgnoringCase("amp;")
    case 0x5C: return isAny(lowercased(text[after]), of: "ux01")
    default: return false
    }
  }

  /// From the lead to the end of its line.
  private static func line(_ text: ByteView, _ place: Int) -> Window {
    let limit = min(text.count, place + maximumWindow)
    let part = text.slice(place, limit)
    var end = part.firstIndex(of: 0x0A) ?? part.count
    if let zero = part.slice(0, end).firstIndex(of: 0) { end = zero }
    return Window(
      bytes: part.slice(0, end).array, range: place..<place + end, isCut: end == part.count && limit < text.count)
  }
}
