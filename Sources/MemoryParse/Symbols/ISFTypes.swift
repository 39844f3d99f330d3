import Bytes

/// Types out of a Volatility 3 symbol file (ISF, `volatility3/schemas`): JSON with structures, their members and enums.
///
/// Only an index of the structures' places in the text is built, and only what is asked for is read.
final class ISFTypes: TypeSource {
  let origin = "ISF"
  /// `linux_banner` as the file has it, to compare with the dump's.
  let banner: String?

  private let text: [UInt8]
  private var structures: [String: Range<Int>] = [:]
  private var baseSizes: [String: Int] = [:]
  private var enums: [Range<Int>] = []
  private var enumSizes: [String: Int] = [:]
  private var members: [String: Member?] = [:]
  private var enumerators: [String: Int64?] = [:]

  /// - Returns: nil for JSON that is no such file.
  init?(_ view: ByteView) {
    let root = JSONView(view)
    guard root.kind == .object else { return nil }
    var structures: [String: Range<Int>] = [:]
    var bases: [String: Int] = [:]
    var enums: [Range<Int>] = []
    var enumSizes: [String: Int] = [:]
    var banner: String?
    func range(_ value: JSONView) -> Range<Int> {
      let start = view.offset(of: value.bytes)
      return start..<start + value.bytes.count
    }
    root.forEachMember { key, section in
      if key == "user_types" {
        section.forEachMember { name, value in
          structures[name.string] = range(value)
          return true
        }
      } else if key == "base_types" {
        section.forEachMember { name, value in
          bases[name.string] = value["size"]?.integer.flatMap { Int(exactly: $0) }
          return true
        }
      } else if key == "enums" {
        section.forEachMember { name, value in
          enums.append(range(value))
          enumSizes[name.string] = value["size"]?.integer.flatMap { Int(exactly: $0) }
          return true
        }
      } else if key == "symbols" {
        banner = section["linux_banner"]?["constant_data"]?.string.map { Self.decoded($0) }
      }
      return true
    }
    guard !structures.isEmpty else { return nil }
    text = view.array
    self.structures = structures
    baseSizes = bases
    self.enums = enums
    self.enumSizes = enumSizes
    self.banner = banner
  }

  private static func decoded(_ base64: String) -> String {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in base64.utf8 {
      let value: UInt8
      switch byte {
      case 0x41...0x5A: value = byte - 0x41
      case 0x61...0x7A: value = byte - 0x61 + 26
      case 0x30...0x39: value = byte - 0x30 + 52
      case 0x2B: value = 62
      case 0x2F: value = 63
      default: continue
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    while let last = bytes.last, last == 0 || last == 0x0A { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: TypeSource

  private func structure(_ view: ByteView, _ name: String) -> JSONView? {
    structures[name].map { JSONView(view.slice($0.lowerBound, $0.upperBound)) }
  }

  func size(_ structure: String) -> Int? {
    text.withView { view in
      self.structure(view, structure)?["size"]?.integer.flatMap { Int(exactly: $0) }
    }
  }

  func member(_ structure: String, _ path: String) -> Member? {
    let key = structure + "." + path
    if let known = members[key] { return known }
    let found = text.withView { resolve($0, structure, path) }
    members[key] = found
    return found
  }

  private func resolve(_ view: ByteView, _ structure: String, _ path: String) -> Member? {
    var member = Member(offset: 0, size: 0)
    var name: String? = structure
    for part in path.split(separator: ".") {
      var wanted = String(part)
      var element: Int?
      if let bracket = part.firstIndex(of: "["), part.last == "]" {
        wanted = String(part[..<bracket])
        element = Int(part[part.index(after: bracket)...].dropLast())
      }
      guard let holder = name, let found = find(view, holder, wanted, depth: 0) else { return nil }
      var type = found.type
      member.offset += found.offset
      member.bitCount = 0
      if type["kind"]?.string == "bitfield" {
        member.bitOffset = Self.small(type["bit_position"])
        member.bitCount = Self.small(type["bit_length"])
        type = type["type"] ?? type
      }
      if let element, let inner = type["subtype"] {
        let (bytes, over) = element.multipliedReportingOverflow(by: size(view, inner, depth: 0))
        if over || bytes < 0 || bytes > 1 << 30 { return nil }
        member.offset += bytes
        type = inner
      } else if element != nil {
        return nil
      }
      member.size = size(view, type, depth: 0)
      let isArray = type["kind"]?.string == "array"
      member.elementCount = isArray ? Self.small(type["count"]) : 0
      member.elementSize = isArray ? type["subtype"].map { size(view, $0, depth: 0) } ?? 0 : 0
      name = ["struct", "union", "class"].contains(type["kind"]?.string) ? type["name"]?.string : nil
    }
    return member
  }

  private static func small(_ value: JSONView?) -> Int {
    value?.integer.flatMap { (0...1 << 30).contains($0) ? Int($0) : nil } ?? 0
  }

  private func find(
    _ view: ByteView, _ structure: String, _ name: String, depth: Int
  ) -> (offset: Int, type: JSONView)? {
    guard depth < 16, let fields = self.structure(view, structure)?["fields"] else { return nil }
    var found: (Int, JSONView)?
    var nameless: [(Int, String)] = []
    _ = name.withView { wanted in
      fields.forEachMember { key, field in
        guard let type = field["type"] else { return true }
        let offset = Self.small(field["offset"])
        if key == wanted {
          found = (offset, type)
          return false
        }
        if field["anonymous"]?.bool == true || key.hasPrefix("unnamed_field_"), let inner = type["name"]?.string {
          nameless.append((offset, inner))
        }
        return true
      }
    }
    if let found { return found }
    for (offset, inner) in nameless {
      if let deeper = find(view, inner, name, depth: depth + 1) { return (deeper.offset + offset, deeper.type) }
    }
    return nil
  }

  private func size(_ view: ByteView, _ type: JSONView, depth: Int) -> Int {
    guard depth < 16, let kind = type["kind"]?.string else { return 0 }
    switch kind {
    case "pointer": return 8
    case "array":
      let (bytes, over) = Self.small(type["count"]).multipliedReportingOverflow(
        by: type["subtype"].map { size(view, $0, depth: depth + 1) } ?? 0)
      return over || bytes > 1 << 30 ? 0 : bytes
    case "bitfield": return type["type"].map { size(view, $0, depth: depth + 1) } ?? 0
    case "struct", "union", "class":
      return type["name"]?.string.flatMap { structure(view, $0) }.map { Self.small($0["size"]) } ?? 0
    case "enum": return type["name"]?.string.flatMap { enumSizes[$0] } ?? 4
    default: return type["name"]?.string.flatMap { baseSizes[$0] } ?? 0
    }
  }

  func enumerator(_ name: String) -> Int64? {
    if let known = enumerators[name] { return known }
    let found: Int64? = text.withView { view in
      name.withView { wanted in
        for range in enums {
          var value: Int64?
          JSONView(view.slice(range.lowerBound, range.upperBound))["constants"]?.forEachMember { key, constant in
            if key == wanted { value = constant.integer }
            return value == nil
          }
          if value != nil { return value }
        }
        return nil
      }
    }
    enumerators[name] = found
    return found
  }
}
