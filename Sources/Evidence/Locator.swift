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

  /// Makes it the place of a line, with as little let go of as can be: logs have them by the million.
  public mutating func become(line: Int, offset: UInt64, length: UInt64, _ encodings: [String]) {
    self.line = line
    self.offset = offset
    self.length = length
    if self.encodings != encodings { self.encodings = encodings }
    physical = nil
    pid = nil
    virtual = nil
    if mapping != nil { mapping = nil }
    if !other.isEmpty { other = [:] }
  }

  public var text: String {
    if isPlain {
      var out = ByteBuilder()
      writePlain(to: &out)
      return out.withView(\.string)
    }
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

  /// The usual place: a line and its bytes.
  private var isPlain: Bool {
    guard let line, offset != nil, line >= 0, other.isEmpty, physical == nil, pid == nil, virtual == nil, mapping == nil
    else { return false }
    return encodings.allSatisfy { $0.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) } }
  }

  private func writePlain(to out: inout ByteBuilder) {
    for encoding in encodings { out.append(encoding, end: 0x21) }
    out.append(ByteView("line="))
    out.append(decimal: UInt64(clamping: line ?? 0))
    out.append(ByteView(";bytes="))
    out.append(decimal: offset ?? 0)
    out.append(0x2B)
    out.append(decimal: length ?? 0)
  }

  /// Writes `text` as a value of JSON, without making it first: every event has one.
  func write(to out: inout JSONWriter) {
    guard isPlain else { return out.value(text) }
    out.text { out in out.plain { writePlain(to: &$0) } }
  }

  /// Reads what `text` writes; nil for anything else.
  public init?(text: String) {
    if let plain = text.withView(Self.readPlain) {
      self = plain
      return
    }
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

  /// Reads what `plain` writes, for it is read for every event.
  private static func readPlain(_ text: ByteView) -> Locator? {
    var rest = text
    var encodings: [String] = []
    while let (name, after) = rest.cut(0x21) {
      guard name.firstIndex(of: 0x25) == nil else { return nil }
      encodings.append(name.string)
      rest = after
    }
    guard rest.hasPrefix("line="), let (number, place) = rest.slice(5).cut(0x3B), place.hasPrefix("bytes="),
      let (start, count) = place.slice(6).cut(0x2B), let line = number.unsigned.flatMap(Int.init(exactly:)),
      let offset = start.unsigned, let length = count.unsigned
    else { return nil }
    return Locator(offset: offset, length: length, line: line, encodings: encodings)
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
