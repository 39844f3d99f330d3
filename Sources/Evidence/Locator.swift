import Bytes

/// The place in an artifact that a statement rests on, so that a reader can go and look.
///
/// Written as `gzip!line=12;bytes=3400+700` or `phys=0x1f3a000+64;pid=465;va=0x7ffd1000;map=[stack]`: the encodings undone on
/// the way, outermost first, each ended by `!`, then the place as `key=value` pairs. `bytes` are offset and length in the
/// artifact after those encodings. One form for files, findings and the command `show`, which reads it back.
public struct Locator: Hashable, Sendable {
  /// Encodings undone (`gzip`), outermost first.
  public var encodings: [String] = []
  /// From 1.
  public var line: Int?
  /// Offset and length in the artifact, after the encodings.
  public var offset: UInt64?
  public var length: UInt64?
  /// In a memory image: physical address of the first byte.
  public var physical: UInt64?
  public var pid: Int64?
  public var virtual: UInt64?
  /// The mapping's name (`[heap]`, `/usr/bin/bash`), or `unallocated`.
  public var mapping: String?
  /// What else says where: a view and its row (`view=sockstat;row=12`), a JSON path.
  public var other: [String: String] = [:]

  public init() {}

  public init(offset: UInt64, length: UInt64, line: Int? = nil, encodings: [String] = []) {
    self.offset = offset
    self.length = length
    self.line = line
    self.encodings = encodings
  }

  /// The artifact as a whole.
  public static let whole = Locator()

  public var text: String {
    var pairs: [String] = []
    if let line { pairs.append("line=\(line)") }
    if let offset { pairs.append("bytes=\(offset)+\(length ?? 0)") }
    if let physical { pairs.append("phys=0x\(String(physical, radix: 16))") }
    if let pid { pairs.append("pid=\(pid)") }
    if let virtual { pairs.append("va=0x\(String(virtual, radix: 16))") }
    if let mapping { pairs.append("map=\(Self.escape(mapping))") }
    for (key, value) in other.sorted(by: { $0.key < $1.key }) {
      pairs.append("\(Self.escape(key))=\(Self.escape(value))")
    }
    return encodings.map { Self.escape($0) + "!" }.joined() + (pairs.isEmpty ? "whole" : pairs.joined(separator: ";"))
  }

  /// Reads what `text` writes; nil for anything else.
  public init?(text: String) {
    var parts = text.split(separator: "!", omittingEmptySubsequences: false)
    guard let place = parts.popLast() else { return nil }
    encodings = parts.map { Self.unescape($0) }
    if place == "whole" { return }
    for pair in place.split(separator: ";") {
      guard let equals = pair.firstIndex(of: "=") else { return nil }
      let value = pair[pair.index(after: equals)...]
      switch pair[..<equals] {
      case "line": line = Int(value)
      case "bytes":
        let ends = value.split(separator: "+")
        guard ends.count == 2, let first = UInt64(ends[0]), let count = UInt64(ends[1]) else { return nil }
        offset = first
        length = count
      case "phys": physical = Self.hex(value)
      case "pid": pid = Int64(value)
      case "va": virtual = Self.hex(value)
      case "map": mapping = Self.unescape(value)
      default: other[Self.unescape(pair[..<equals])] = Self.unescape(value)
      }
    }
  }

  private static func hex(_ text: Substring) -> UInt64? { String(text).withView { $0.hexadecimal } }

  /// Percent-escapes what the form uses and what a terminal or a page would obey.
  private static func escape(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      if "%!;=\"<>\\".unicodeScalars.contains(scalar) || scalar.value < 0x21 || scalar.value == 0x7F
        || (0x80..<0xA0).contains(scalar.value)
      {
        for byte in String(scalar).utf8 { out += "%" + hexadecimal([byte]) }
      } else {
        out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  private static func unescape(_ text: Substring) -> String {
    var out: [UInt8] = []
    let bytes = Array(text.utf8)
    var place = 0
    while place < bytes.count {
      if bytes[place] == 0x25, place + 2 < bytes.count, let high = hexDigit(bytes[place + 1]),
        let low = hexDigit(bytes[place + 2])
      {
        out.append(high << 4 | low)
        place += 3
      } else {
        out.append(bytes[place])
        place += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
