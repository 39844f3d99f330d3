import Bytes

/// Writes the types of BTF as the sections of a Volatility 3 symbol file.
struct BTFExport {
  let types: BTF
  let view: ByteView

  func write(to writer: inout JSONWriter) {
    writer.object("base_types") { baseTypes(&$0) }
    writer.object("user_types") { structures(&$0) }
    writer.object("enums") { enumerations(&$0) }
  }

  static func named(_ kind: String, _ name: String, _ writer: inout JSONWriter) {
    writer.field("kind", kind)
    writer.field("name", name)
  }

  /// The nameless structure that begins with a sequence count and the named one: the holder of the clock.
  static func holder(of structure: String, in types: BTF) -> String? {
    types.withBlob { view in
      for id in 1...UInt32(max(types.places.count, 1)) {
        guard let record = types.record(view, id), record.kind == .structure, record.name == 0, record.count >= 2 else {
          continue
        }
        var names: [String] = []
        types.forEachMember(view, record) { name, _, _, _ in
          names.append(name.string)
          return names.count < 2
        }
        if names == ["seq", structure] { return "unnamed_\(id)" }
      }
      return nil
    }
  }

  private func name(_ record: BTF.Record, _ id: UInt32) -> String {
    let name = types.name(view, record.name).string
    return name.isEmpty ? "unnamed_\(id)" : name
  }

  private func forEach(_ kinds: Set<BTF.Kind>, _ body: (UInt32, BTF.Record, String) -> Void) {
    var seen: Set<String> = []
    for index in 0..<types.places.count {
      let id = UInt32(index + 1)
      guard let record = types.record(view, id), kinds.contains(record.kind) else { continue }
      let name = name(record, id)
      if seen.insert(name).inserted { body(id, record, name) }
    }
  }

  private func baseTypes(_ writer: inout JSONWriter) {
    func base(_ name: String, _ size: Int, _ kind: String, signed: Bool, to writer: inout JSONWriter) {
      writer.object(name) { type in
        type.field("size", size)
        type.field("signed", signed)
        type.field("kind", kind)
        type.field("endian", "little")
      }
    }
    base("pointer", 8, "int", signed: false, to: &writer)
    base("void", 0, "void", signed: false, to: &writer)
    forEach([.int, .float]) { _, record, name in
      let encoding = record.kind == .int ? (view.u32(record.extra) ?? 0) >> 24 : 1
      let kind =
        record.kind == .float ? "float" : encoding & 4 != 0 ? "bool" : name == "char" ? "char" : "int"
      base(name, Int(record.sizeOrType), kind, signed: encoding & 1 != 0, to: &writer)
    }
  }

  private func structures(_ writer: inout JSONWriter) {
    forEach([.structure, .union]) { _, record, name in
      writer.object(name) { type in
        type.field("size", Int(record.sizeOrType))
        type.object("fields") { fields in members(record, &fields) }
        type.field("kind", record.kind == .structure ? "struct" : "union")
      }
    }
  }

  private func members(_ record: BTF.Record, _ writer: inout JSONWriter) {
    var number = 0
    types.forEachMember(view, record) { name, type, bit, width in
      writer.object(name.isEmpty ? "unnamed_field_\(number)" : name.string) { field in
        if width > 0 {
          let size = max(types.size(view, of: type), 1)
          let start = bit / 8 / size * size
          field.field("offset", start)
          field.object("type") { bits in
            bits.field("kind", "bitfield")
            bits.field("bit_length", width)
            bits.field("bit_position", bit - start * 8)
            bits.object("type") { describe(type, 0, &$0) }
          }
        } else {
          field.field("offset", bit / 8)
          field.object("type") { describe(type, 0, &$0) }
        }
        if name.isEmpty { field.field("anonymous", true) }
      }
      number += 1
      return true
    }
  }

  private func describe(_ id: UInt32, _ depth: Int, _ writer: inout JSONWriter) {
    let id = types.strip(view, id)
    guard depth < 40, let record = types.record(view, id) else { return Self.named("base", "void", &writer) }
    switch record.kind {
    case .int, .float: Self.named("base", name(record, id), &writer)
    case .pointer:
      writer.field("kind", "pointer")
      writer.object("subtype") { describe(record.sizeOrType, depth + 1, &$0) }
    case .array:
      let (element, count) = types.array(view, record)
      writer.field("kind", "array")
      writer.field("count", count)
      writer.object("subtype") { describe(element, depth + 1, &$0) }
    case .structure: Self.named("struct", name(record, id), &writer)
    case .union: Self.named("union", name(record, id), &writer)
    case .forward: Self.named(record.flag ? "union" : "struct", name(record, id), &writer)
    case .enumeration, .enumeration64: Self.named("enum", name(record, id), &writer)
    default: writer.field("kind", "function")
    }
  }

  private func enumerations(_ writer: inout JSONWriter) {
    forEach([.enumeration, .enumeration64]) { _, record, name in
      let isWide = record.kind == .enumeration64
      writer.object(name) { type in
        type.field("size", Int(record.sizeOrType))
        type.field("base", isWide ? "long unsigned int" : record.flag ? "int" : "unsigned int")
        type.object("constants") { constants in
          for index in 0..<record.count {
            let place = record.extra + (isWide ? 12 : 8) * index
            guard let label = view.u32(place), let low = view.u32(place + 4) else { return }
            let high = isWide ? view.u32(place + 8) ?? 0 : 0
            let value =
              isWide ? Int64(bitPattern: UInt64(high) << 32 | UInt64(low)) : Int64(Int32(bitPattern: low))
            constants.field(types.name(view, label).string, value)
          }
        }
      }
    }
  }
}

extension JSONWriter {
  /// A key with an object.
  mutating func object(_ name: String, _ body: (inout JSONWriter) -> Void) { field(name, object: body) }
}
