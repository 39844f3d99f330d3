import Foundation

/// One JSON value where it lies, read on demand: no tree is built, only the keys that are asked for are looked at.
///
/// Total on any input: malformed text gives nil, missing members and empty walks. Nothing recurses; nesting deeper than
/// `maximumDepth` ends a value. A lookup walks the object from its start (records are small); walk with `forEachMember`
/// when more than a few keys are wanted.
public struct JSONView: @unchecked Sendable {
  public static let maximumDepth = 512
  public enum Kind: Sendable { case object, array, string, number, bool, null, none }

  /// The value's text without blanks around it.
  public let bytes: ByteView
  /// How far off brackets and strings end (`JSONEnds`), by their places in `bytes`; nil where nobody went over them yet.
  private let ends: UnsafePointer<UInt32>?

  /// - Parameter bytes: text that begins with a value; what follows the value is passed over.
  public init(_ bytes: ByteView) {
    let start = Self.skipBlanks(bytes, 0)
    self.bytes = bytes.slice(start, Self.end(of: bytes, at: start) ?? start)
    ends = nil
  }

  private init(exactly bytes: ByteView, _ ends: UnsafePointer<UInt32>?) {
    self.bytes = bytes
    self.ends = ends
  }

  /// A value whose end is known already: saves the walk to find it.
  ///
  /// - Parameters:
  ///   - bytes: exactly one value without blanks around it.
  ///   - ends: what was noted of exactly these bytes, and lives as long as they do.
  public init(whole bytes: ByteView, ends: JSONEnds? = nil) {
    self.bytes = bytes
    self.ends = ends?.places(ofTextWith: bytes.count)
  }

  public var kind: Kind {
    switch bytes[0] {
    case 0x7B: .object
    case 0x5B: .array
    case 0x22: .string
    case 0x74, 0x66: .bool
    case 0x6E: .null
    case 0x2D, 0x30...0x39: .number
    default: .none
    }
  }

  // MARK: Values

  /// The text of a string, escapes undone; nil for anything else.
  public var string: String? {
    guard bytes[0] == 0x22, bytes.count >= 2 else { return nil }
    let inner = bytes.slice(1, bytes.count - 1)
    return hasEscapes ? String(decoding: Self.unescape(inner), as: UTF8.self) : inner.string
  }

  /// The bytes between a string's quotes as they stand, escapes and all.
  public var rawString: ByteView? {
    bytes[0] == 0x22 && bytes.count >= 2 ? bytes.slice(1, bytes.count - 1) : nil
  }

  /// Whether a string has backslashes in it.
  public var hasEscapes: Bool {
    guard bytes[0] == 0x22 else { return false }
    if let ends { return ends[0] & 1 != 0 }
    return bytes.firstIndex(of: 0x5C) != nil
  }

  /// A number without fraction that fits, or a string that holds one (APIs are careless about which they send).
  public var integer: Int64? {
    if let inner = rawString { return inner.integer }
    return bytes.integer
  }

  public var double: Double? {
    switch kind {
    case .number: Double(bytes.string)
    case .string: Double(string ?? "")
    default: nil
    }
  }

  public var bool: Bool? {
    if bytes == "true" { return true }
    if bytes == "false" { return false }
    return nil
  }

  /// A string as it is; any other value as its JSON text; nil for null and nothing.
  public var text: String? {
    switch kind {
    case .string: string
    case .null, .none: nil
    default: bytes.string
    }
  }

  // MARK: Members

  /// The first member of that name. Keys with escapes are compared as they are written.
  public subscript(_ name: StaticString) -> JSONView? {
    var found: JSONView?
    forEachMember { key, value in
      guard key == name else { return true }
      found = value
      return false
    }
    return found
  }

  /// A member of a member …
  public func at(_ path: StaticString...) -> JSONView? {
    var place = self
    for name in path {
      guard let next = place[name] else { return nil }
      place = next
    }
    return place
  }

  /// Members in order, duplicate keys included, until the body returns false. Returns false where the text is broken.
  @discardableResult
  public func forEachMember(_ body: (_ key: ByteView, _ value: JSONView) -> Bool) -> Bool {
    guard bytes[0] == 0x7B else { return false }
    var place = 1
    while true {
      place = Self.skipBlanks(bytes, place)
      if bytes[place] == 0x7D { return true }
      if bytes[place] == 0x2C {
        place += 1
        continue
      }
      guard bytes[place] == 0x22, let keyEnd = end(at: place) else { return false }
      let key = bytes.slice(place + 1, keyEnd - 1)
      place = Self.skipBlanks(bytes, keyEnd)
      guard bytes[place] == 0x3A else { return false }
      place = Self.skipBlanks(bytes, place + 1)
      guard let end = end(at: place) else { return false }
      if !body(key, JSONView(exactly: bytes.slice(place, end), ends.map { $0 + place })) { return true }
      place = end
    }
  }

  /// Elements in order until the body returns false. Returns false where the text is broken.
  @discardableResult
  public func forEachElement(_ body: (JSONView) -> Bool) -> Bool {
    guard bytes[0] == 0x5B else { return false }
    var place = 1
    while true {
      place = Self.skipBlanks(bytes, place)
      if bytes[place] == 0x5D { return true }
      if bytes[place] == 0x2C {
        place += 1
        continue
      }
      guard let end = end(at: place) else { return false }
      if !body(JSONView(exactly: bytes.slice(place, end), ends.map { $0 + place })) { return true }
      place = end
    }
  }

  public var elements: [JSONView] {
    var all: [JSONView] = []
    forEachElement {
      all.append($0)
      return true
    }
    return all
  }

  // MARK: Scanning

  /// One past the value at a place.
  @inline(__always)
  private func end(at place: Int) -> Int? {
    if let ends {
      let first = bytes[place]
      if first == 0x22 || first == 0x7B || first == 0x5B {
        let end = place &+ Int(ends[place] &>> 1)
        // What closes a bracket is two characters behind it in ASCII.
        if end > place &+ 1, end <= bytes.count, bytes[end - 1] == (first == 0x22 ? first : first &+ 2) { return end }
      }
    }
    return Self.end(of: bytes, at: place)
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  static func skipBlanks(_ bytes: ByteView, _ start: Int) -> Int {
    var place = start
    while place < bytes.count, isBlank(bytes[place]) { place += 1 }
    return place
  }

  /// One past the value that begins at `start`; nil where it is broken, unfinished or nested too deep.
  public static func end(of bytes: ByteView, at start: Int) -> Int? {
    switch bytes[start] {
    case 0x22: return endOfString(bytes, start)
    case 0x7B, 0x5B: return endOfContainer(bytes, start)
    default:
      var place = start
      loop: while place < bytes.count {
        switch bytes[place] {
        case 0x2C, 0x5D, 0x7D, 0x20, 0x09, 0x0A, 0x0D, 0x3A, 0x22, 0x7B, 0x5B: break loop
        default: place += 1
        }
      }
      return place > start ? place : nil
    }
  }

  /// Place of the first quotation mark at or after `start`. Most strings are short: calling memchr takes longer than looking at
  /// them, eight bytes at once.
  @inline(__always)
  public static func quote(in bytes: ByteView, from start: Int) -> Int? {
    let raw = bytes.unsafeBytes
    guard start >= 0 else { return nil }
    var place = start
    while place + 8 <= raw.count, place < start + 32 {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)) ^ 0x2222_2222_2222_2222
      // The lowest byte that is zero has its high bit set, whatever those above it have.
      let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
      if zeros != 0 { return place + zeros.trailingZeroBitCount / 8 }
      place += 8
    }
    return bytes.firstIndex(of: 0x22, from: place)
  }

  @inline(__always)
  static func endOfString(_ bytes: ByteView, _ start: Int) -> Int? {
    var place = start + 1
    while let quote = quote(in: bytes, from: place) {
      // Nearly no string ends in a backslash.
      if bytes[quote - 1] != 0x5C || quote - 1 == start { return quote + 1 }
      var slashes = 0
      while quote - 1 - slashes > start, bytes[quote - 1 - slashes] == 0x5C { slashes += 1 }
      if slashes % 2 == 0 { return quote + 1 }
      place = quote + 1
    }
    return nil
  }

  private static func endOfContainer(_ bytes: ByteView, _ start: Int) -> Int? {
    var depth = 0
    var place = max(start, 0)
    // Each byte's place is checked once, by the loop: the view's own check on top of that costs a third.
    let raw = bytes.unsafeBytes
    while place < raw.count {
      switch raw[place] {
      case 0x22:
        guard let end = endOfString(bytes, place) else { return nil }
        place = end
        continue
      case 0x7B, 0x5B:
        depth += 1
        if depth > maximumDepth { return nil }
      case 0x7D, 0x5D:
        depth -= 1
        if depth == 0 { return place + 1 }
      default: break
      }
      place += 1
    }
    return nil
  }

  /// Undoes \n, \", \uXXXX and pairs of surrogates. A lone surrogate becomes U+FFFD; an unknown escape stays as it is.
  public static func unescape(_ bytes: ByteView) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var place = 0
    while place < bytes.count {
      // What stands between escapes is copied in one go; a last backslash escapes nothing.
      let escape =
        bytes.firstIndex(of: 0x5C, from: place).map { $0 + 1 < bytes.count ? $0 : bytes.count } ?? bytes.count
      out.append(contentsOf: bytes.slice(place, escape).unsafeBytes)
      place = escape
      guard place < bytes.count else { break }
      switch bytes[place + 1] {
      case 0x6E: out.append(0x0A)
      case 0x72: out.append(0x0D)
      case 0x74: out.append(0x09)
      case 0x62: out.append(0x08)
      case 0x66: out.append(0x0C)
      case 0x22, 0x5C, 0x2F: out.append(bytes[place + 1])
      case 0x75:
        guard let unit = bytes.slice(place + 2, place + 6).hexadecimal, place + 6 <= bytes.count else {
          out.append(0x5C)
          place += 1
          continue
        }
        place += 6
        var scalar = UInt32(unit)
        if scalar >= 0xD800, scalar < 0xDC00, bytes[place] == 0x5C, bytes[place + 1] == 0x75,
          let low = bytes.slice(place + 2, place + 6).hexadecimal, low >= 0xDC00, low < 0xE000
        {
          scalar = 0x10000 + (scalar - 0xD800) << 10 + (UInt32(low) - 0xDC00)
          place += 6
        }
        out.append(contentsOf: String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8)
        continue
      default:
        out.append(0x5C)
        out.append(bytes[place + 1])
      }
      place += 2
    }
    return out
  }
}
