import Bytes

/// Cells of query results whose column is a structure, as Athena and CloudTrail Lake write them: `{type=IAMUser, arn=arn:…,
/// sessioncontext={attributes={mfaauthenticated=false}}}`, `[{arn=…, type=…}]`.
///
/// Nothing is escaped, so a text that holds `, name=` cannot be told from two: only what clients do not choose is to be read by
/// this. What comes out is JSON, names spelled as the log itself spells them.
struct TableText {
  private static let maximumDepth = 16
  private static let maximumMembers = 10_000

  private let bytes: ByteView
  private let names: [String: String]
  private var place = 0
  private var members = 0
  private var out: [UInt8] = []

  /// - Parameter names: how the log spells a name, by the name in small letters.
  /// - Returns: nil where the text is no such structure.
  static func json(_ bytes: ByteView, names: [String: String]) -> [UInt8]? {
    guard bytes[0] == 0x7B || bytes[0] == 0x5B else { return nil }
    var text = TableText(bytes: bytes, names: names)
    return text.value(0) && text.place == bytes.count ? text.out : nil
  }

  /// A map whose values clients choose, as Lake writes the parameters of a call: `{snapshotId=snap-1, createVolumePermission={"add":…}}`.
  /// What is JSON stays so; anything else is text.
  ///
  /// - Returns: nil where members cannot be told apart for sure: a name comes twice, or there are brackets that are no JSON.
  static func map(_ bytes: ByteView) -> [UInt8]? {
    guard bytes.count >= 2, bytes.count <= maximumMap, bytes[0] == 0x7B, bytes[bytes.count - 1] == 0x7D else {
      return nil
    }
    var text = TableText(bytes: bytes.dropLast(1), names: [:])
    return text.outerMembers() ? text.out + [0x7D] : nil
  }

  private static let maximumMap = 1 << 18

  private mutating func outerMembers() -> Bool {
    var seen: Set<String> = []
    out.append(0x7B)
    place = 1
    while place < bytes.count {
      guard let equals = endOfName(place), seen.count < Self.maximumMembers else { return false }
      let name = bytes.slice(place, equals).string
      guard seen.insert(name).inserted else { return false }
      if seen.count > 1 { out.append(0x2C) }
      quote(name)
      out.append(0x3A)
      place = equals + 1
      guard outerValue() else { return false }
      if place == bytes.count { return true }
      guard bytes[place] == 0x2C, bytes[place + 1] == 0x20 else { return false }
      place += 2
    }
    return false
  }

  private mutating func outerValue() -> Bool {
    if bytes[place] == 0x7B || bytes[place] == 0x5B {
      let json = JSONView(bytes.slice(place)).bytes
      guard Self.isJSON(json) else { return false }
      out += json.array
      place += json.count
      return true
    }
    let start = place
    while place < bytes.count, bytes[place] != 0x2C || bytes[place + 1] != 0x20 || endOfName(place + 2) == nil {
      if bytes[place] == 0x7B || bytes[place] == 0x7D { return false }
      place += 1
    }
    let text = bytes.slice(start, place)
    if text == "null" || text == "true" || text == "false" { out += text.array } else { quote(text.string) }
    return true
  }

  /// Whether all of it is one object or array, the first name or text of which is in quotes.
  static func isJSON(_ bytes: ByteView) -> Bool {
    guard bytes[0] == 0x7B || bytes[0] == 0x5B, JSONView(bytes).bytes.count == bytes.count else { return false }
    var rest = bytes
    while rest[0] == 0x5B { rest = rest.dropFirst(1).trimmed }
    if rest[0] == 0x7B {
      rest = rest.dropFirst(1).trimmed
      return rest[0] == 0x22 || rest[0] == 0x7D
    }
    return rest[0] == 0x22 || rest[0] == 0x5D || (0x30...0x39).contains(rest[0])
  }

  private init(bytes: ByteView, names: [String: String]) {
    self.bytes = bytes
    self.names = names
  }

  private mutating func value(_ depth: Int) -> Bool {
    guard depth < Self.maximumDepth else { return false }
    if bytes[place] == 0x7B { return list(0x7D, depth, isNamed: true) }
    if bytes[place] == 0x5B { return list(0x5D, depth, isNamed: false) }
    let end = endOfText()
    let text = bytes.slice(place, end)
    if text == "null" { out += Array("null".utf8) } else { quote(text.string) }
    place = end
    return true
  }

  /// Members or elements, with a comma and a blank between.
  private mutating func list(_ close: UInt8, _ depth: Int, isNamed: Bool) -> Bool {
    out.append(bytes[place])
    place += 1
    var isFirst = true
    while bytes[place] != close {
      guard place < bytes.count, members < Self.maximumMembers else { return false }
      members += 1
      if !isFirst {
        guard bytes[place] == 0x2C, bytes[place + 1] == 0x20 else { return false }
        place += 2
        out.append(0x2C)
      }
      if isNamed {
        guard let end = endOfName(place) else { return false }
        let name = bytes.slice(place, end).string
        quote(names[name.lowercased()] ?? name)
        out.append(0x3A)
        place = end + 1
      }
      guard value(depth + 1) else { return false }
      isFirst = false
    }
    place += 1
    out.append(close)
    return true
  }

  private mutating func quote(_ text: String) {
    var writer = JSONWriter()
    writer.value(text)
    out += writer.bytes
  }

  /// Up to a bracket that closes, or the name of the next member.
  private func endOfText() -> Int {
    var end = place
    while end < bytes.count {
      switch bytes[end] {
      case 0x7D, 0x5D: return end
      case 0x2C where bytes[end + 1] == 0x20 && (endOfName(end + 2) != nil || bytes[end + 2] == 0x7B): return end
      default: end += 1
      }
    }
    return end
  }

  /// Place of the equals sign behind a name of letters, digits, dots, dashes and underscores.
  private func endOfName(_ start: Int) -> Int? {
    var end = start
    while end < bytes.count, end - start <= 128 {
      switch bytes[end] {
      case 0x3D: return end > start ? end : nil
      case 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: end += 1
      default: return nil
      }
    }
    return nil
  }
}
