import Bytes

/// Where a Log4Shell payload could begin: the rare beginnings of `${` in every encoding, each with a cheap second look.
enum Log4ShellLeads {
  /// A stretch of text to decode and evaluate.
  struct Window {
    var bytes: [UInt8]
    /// In the text.
    var range: Range<Int>
    /// Bytes of text for each byte: 2 for UTF-16, 0 for Base64, where a place cannot be told.
    var stride = 1
    /// The size limit ended it, not the line.
    var isCut = false
    /// What was undone to get the bytes.
    var step: String?

    func place(_ index: Int) -> Int { min(range.lowerBound + index * stride, range.upperBound) }
  }

  /// Payloads of three layers of URL encoding and nested lookups reach some 10 KiB.
  static let maximumWindow = 64 << 10

  static let exact: [StaticString] = [
    "${", "$%", "$\\", "$&", "%24", "%25", "%%", "%26", "\\x24", "\\x25", "\\x26", "\\44", "\\044", "\\45", "\\045",
    "\\\\",
    "&#", "$\0{\0", "%\02\0",
    // `${j`, `${J`, `${$` in Base64, by the place in a group of three.
    "JHtqbm", "JHtKTk", "JHske", "R7am5ka", "R7JHs", "R7Sk5E", "ke2puZG", "ke0pORE", "keyR7",
    // The same in UTF-16LE, and in Base64 of Base64.
    "JAB7A", "QAewA", "QAewB", "kAHsA", "Skh0cWJt", "pIdHFib", "KSHRxYm", "Skhza2", "pIc2tl", "KSHNrZ",
  ]
  static let ignoringCase: [StaticString] = [
    "%u00", "%5c", "\\u00", "&dollar", "&percnt", "&bsol", "&amp;", "\\uu",
  ]
  static let set = LiteralSet(exact: exact, ignoringCase: ignoringCase)

  /// The window that a lead opens; nil when the second look finds it harmless.
  static func window(_ text: ByteView, at place: Int, _ judged: inout JudgedBase64) -> Window? {
    let next = text[place + 1]
    switch text[place] {
    case 0x24 where next == 0x7B: return mayResolve(text, place) ? line(text, place) : nil
    case 0x24 where next == 0: return wide(text, place)
    case 0x24: return opensBrace(text, place + 1) ? line(text, place) : nil
    case 0x25 where next == 0: return wide(text, place)
    case 0x25: return percentLeads(text, place) ? line(text, place) : nil
    case 0x5C, 0x26: return escapeLeads(text, place) ? line(text, place) : nil
    default: return base64(text, place, &judged)
    }
  }

  /// Base64 that was decoded, so that a run full of leads is decoded but once for each way to cut it
  /// into groups of four.
  struct JudgedBase64 {
    private var range = 0..<0
    /// By place modulo four of the groups.
    private var isJudged = [false, false, false, false]
    /// Bytes decoded, for a test of how many.
    private(set) var decoded = 0

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

  /// `{` in an encoding, or another layer that may hide it.
  private static func opensBrace(_ text: ByteView, _ place: Int) -> Bool {
    guard let unit = Encodings.unit(text, place) else { return false }
    return unit.value == 0x7B || unit.value == 0x25 || unit.value == 0x5C || unit.value == 0x26 || unit.value == 0x24
  }

  private static func percentLeads(_ text: ByteView, _ place: Int) -> Bool {
    // Layers of URL encoding repeat 25.
    var digits = place + 1
    while text[digits] == 0x32, text[digits + 1] == 0x35, digits - place < 64 { digits += 2 }
    let isLayered = digits > place + 1
    if isLayered, text[digits] == 0x25 { digits += 1 }
    switch (text[digits], lowercased(text[digits + 1])) {
    case (0x32, 0x34): return follows(text, digits + 2)
    case (0x32, 0x36): return "#%dalpb".utf8.contains(lowercased(text[digits + 2]))
    case (0x35, 0x63): return "ux0%\\14".utf8.contains(lowercased(text[digits + 2]))
    case (0x75, 0x30), (0x55, 0x30): return text.slice(digits + 1, digits + 4) == "002"
    case (0x33, 0x32): return isLayered || text[digits - 2] == 0x25
    case (0x25, _): return text[digits + 1] == 0x33 || text[digits + 1] == 0x32
    default: return false
    }
  }

  /// After an encoded `$`: a brace as it is or any escape.
  private static func follows(_ text: ByteView, _ place: Int) -> Bool {
    "{%\\&$".utf8.contains(text[place])
  }

  private static func escapeLeads(_ text: ByteView, _ place: Int) -> Bool {
    if text[place] == 0x5C, text[place + 1] == 0x5C {
      return Encodings.unit(text, place) != nil && (Encodings.unit(text, place + 1).map { $0.value < 0x80 } ?? false)
    }
    guard let unit = Encodings.unit(text, place) else { return false }
    let after = place + unit.length
    switch unit.value {
    case 0x24: return follows(text, after)
    case 0x25: return text[after] == 0x32 || lowercased(text[after]) == 0x75 || text[after] == 0x25
    // An escaped ampersand is common; only the entities of a payload count.
    case 0x26:
      return "#dlpb".utf8.contains(lowercased(text[after])) || text.slice(after, after + 4).equalsIgnoringCase("amp;")
    case 0x5C: return "ux01".utf8.contains(lowercased(text[after]))
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

  /// UTF-16LE, narrowed up to the first unit that is no text.
  private static func wide(_ text: ByteView, _ place: Int) -> Window? {
    var bytes: [UInt8] = []
    var index = place
    while index + 1 < text.count, bytes.count < maximumWindow / 2 {
      let low = text[index]
      let high = text[index + 1]
      if high == 0 {
        if low < 0x20 && low != 0x09 { break }
        // Latin-1 above ASCII is no part of a payload's frame; one byte a unit keeps places true.
        bytes.append(low < 0x80 ? low : 0x3F)
      } else if high == 0x01, low == 0x31 {
        // The dotless i, whose upper case is I.
        bytes.append(0x69)
      } else {
        break
      }
      index += 2
    }
    guard bytes.count >= 8, bytes[0] == 0x25 || bytes.withView({ mayResolve($0, 0) }) else { return nil }
    return Window(bytes: bytes, range: place..<index, stride: 2, step: "UTF-16LE read")
  }

  /// The Base64 text around a lead, decoded. The lead's first digit says where the groups of four begin.
  private static func base64(_ text: ByteView, _ place: Int, _ judged: inout JudgedBase64) -> Window? {
    let ahead =
      switch text[place] {
      case 0x4A, 0x53: 0
      case 0x51, 0x52, 0x70: 2
      default: 3
      }
    let group = (place - ahead) & 3
    if judged.covers(place, group) { return nil }
    var start = place
    while start > 0, place - start < 4096, Base64.isDigit(text[start - 1]) { start -= 1 }
    start += (group - start) & 3
    var end = place
    while end < text.count, end - place < maximumWindow, Base64.isDigit(text[end]) { end += 1 }
    guard end - start >= 16 else { return nil }
    // What the limit cut off may begin just before it.
    judged.add(place, end - 32, group, decoded: end - start)
    return decoded(text, start..<end)
  }

  private static func decoded(_ text: ByteView, _ range: Range<Int>) -> Window? {
    let (start, end) = (range.lowerBound, range.upperBound)
    var bytes = Base64.decode(text.slice(start, end))
    var step = "Base64 decoded"
    for _ in 0..<maximumWraps {
      if bytes.withView({ $0.contains("${") }) {
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

  /// Base64 in Base64, with UTF-16 between.
  private static let maximumWraps = 4
}
