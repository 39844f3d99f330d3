import Bytes

/// BPF Type Format (`Documentation/bpf/btf.rst`): the kernel's structures, as it carries them for its own use.
///
/// Only an index is built: where each type lies, and structures by name. A member is looked for when it is asked for, once.
/// Numbers of the blob are not trusted: a type that reaches past the end, a cycle of typedefs or an unknown kind end the
/// reading there and leave what was read.
final class BTF: TypeSource {
  let origin = "BTF"
  static let needle: [UInt8] = [0x9F, 0xEB, 0x01, 0x00]

  private let blob: [UInt8]
  private let types: Range<Int>
  private let strings: Range<Int>
  /// Place of each type's record in the blob; the first type has id 1.
  private(set) var places: [UInt32] = []
  private var byName: [UInt32: UInt32] = [:]
  private var enums: [UInt32] = []
  private var members: [String: Member?] = [:]
  private var enumerators: [String: Int64?] = [:]
  /// Bytes of types that were not read because of an unknown kind or damage.
  private(set) var unreadBytes = 0

  enum Kind: UInt8 {
    case void = 0, int, pointer, array, structure, union, enumeration, forward, typedef, volatile, const, restrict
    case function, prototype, variable, dataSection, float, declarationTag, typeTag, enumeration64
  }

  struct Record {
    var kind: Kind
    var name: UInt32
    var count: Int
    var flag: Bool
    var sizeOrType: UInt32
    /// Place of what follows the common twelve bytes.
    var extra: Int
  }

  /// What a header says, where it is sane.
  struct Header: Equatable {
    var byteCount: Int
    var typeStart: Int
    var typeCount: Int
    var stringStart: Int
    var stringCount: Int

    static let maximumSection = 64 << 20

    init?(_ bytes: ByteView) {
      guard bytes.u16(0) == 0xEB9F, bytes[2] == 1, let length = bytes.u32(4), let typeOffset = bytes.u32(8),
        let typeLength = bytes.u32(12), let stringOffset = bytes.u32(16), let stringLength = bytes.u32(20),
        (24...256).contains(length), typeOffset < 0x10000, typeLength < Self.maximumSection,
        stringLength < Self.maximumSection, typeLength > 64, stringLength > 16, stringOffset < 2 * Self.maximumSection,
        stringOffset >= typeOffset &+ typeLength
      else { return nil }
      typeStart = Int(length) + Int(typeOffset)
      typeCount = Int(typeLength)
      stringStart = Int(length) + Int(stringOffset)
      stringCount = Int(stringLength)
      byteCount = stringStart + stringCount
    }
  }

  init?(_ blob: [UInt8]) {
    guard let header = blob.withView({ Header($0) }), header.byteCount <= blob.count else { return nil }
    self.blob = blob
    types = header.typeStart..<header.typeStart + header.typeCount
    strings = header.stringStart..<header.stringStart + header.stringCount
    index()
    if places.isEmpty { return nil }
  }

  /// About 10 ms for 120,000 types.
  private func index() {
    places.reserveCapacity(types.count / 24)
    byName.reserveCapacity(16384)
    blob.withView { view in
      var place = types.lowerBound
      while place + 12 <= types.upperBound {
        guard let record = Self.record(view, at: place), let extra = Self.extraBytes(record),
          record.extra + extra <= types.upperBound
        else { break }
        places.append(UInt32(place))
        let id = UInt32(places.count)
        switch record.kind {
        case .structure, .union:
          // The first definition with members counts; a later one of the same name is another unit's.
          if record.name != 0, record.count > 0, byName[record.name] == nil { byName[record.name] = id }
        case .enumeration, .enumeration64: enums.append(id)
        default: break
        }
        place = record.extra + extra
      }
      unreadBytes = types.upperBound - place
    }
    buildNames()
  }

  /// Names of structures as text, so that a question is one look-up.
  private var ids: [String: UInt32] = [:]

  private func buildNames() {
    ids.reserveCapacity(byName.count)
    blob.withView { view in
      for (offset, id) in byName {
        let name = self.name(view, offset).string
        if let other = ids[name], other < id { continue }
        ids[name] = id
      }
    }
    byName = [:]
  }

  private static func record(_ view: ByteView, at place: Int) -> Record? {
    guard let name = view.u32(place), let info = view.u32(place + 4), let size = view.u32(place + 8),
      let kind = Kind(rawValue: UInt8(info >> 24 & 0x1F)), kind != .void
    else { return nil }
    return Record(
      kind: kind, name: name, count: Int(info & 0xFFFF), flag: info >> 31 == 1, sizeOrType: size, extra: place + 12)
  }

  private static func extraBytes(_ record: Record) -> Int? {
    switch record.kind {
    case .int, .variable, .declarationTag: 4
    case .array: 12
    case .structure, .union, .dataSection, .enumeration64: 12 * record.count
    case .enumeration, .prototype: 8 * record.count
    case .void: nil
    default: 0
    }
  }

  // MARK: Reading types

  func name(_ view: ByteView, _ offset: UInt32) -> ByteView {
    let start = strings.lowerBound + Int(offset)
    guard start < strings.upperBound else { return ByteView("") }
    let rest = view.slice(start, strings.upperBound)
    return rest.slice(0, rest.firstIndex(of: 0) ?? rest.count)
  }

  func record(_ view: ByteView, _ id: UInt32) -> Record? {
    guard id >= 1, id <= places.count else { return nil }
    return Self.record(view, at: Int(places[Int(id) - 1]))
  }

  /// The type behind typedefs and qualifiers. A chain longer than 64 is a cycle.
  func strip(_ view: ByteView, _ id: UInt32) -> UInt32 {
    var id = id
    for _ in 0..<64 {
      guard let record = record(view, id) else { return id }
      switch record.kind {
      case .typedef, .volatile, .const, .restrict, .typeTag: id = record.sizeOrType
      default: return id
      }
    }
    return 0
  }

  func size(_ view: ByteView, of id: UInt32, depth: Int = 0) -> Int {
    guard depth < 32, let record = record(view, strip(view, id)) else { return 0 }
    switch record.kind {
    case .pointer: return 8
    case .array:
      let (element, count) = array(view, record)
      let (bytes, over) = count.multipliedReportingOverflow(by: size(view, of: element, depth: depth + 1))
      return over || bytes > 1 << 30 ? 0 : bytes
    case .int, .structure, .union, .enumeration, .enumeration64, .float: return min(Int(record.sizeOrType), 1 << 30)
    default: return 0
    }
  }

  func array(_ view: ByteView, _ record: Record) -> (element: UInt32, count: Int) {
    (view.u32(record.extra) ?? 0, Int(view.u32(record.extra + 8) ?? 0))
  }

  /// Members of a structure or union: name, type, place in bits, width in bits of a bit field.
  func forEachMember(
    _ view: ByteView, _ record: Record, _ body: (ByteView, UInt32, _ bit: Int, _ bits: Int) -> Bool
  ) {
    guard record.kind == .structure || record.kind == .union else { return }
    for index in 0..<record.count {
      let place = record.extra + 12 * index
      guard let name = view.u32(place), let type = view.u32(place + 4), let offset = view.u32(place + 8) else { return }
      let bit = record.flag ? offset & 0xFF_FFFF : offset
      if !body(self.name(view, name), type, Int(bit), record.flag ? Int(offset >> 24) : 0) { return }
    }
  }

  // MARK: TypeSource

  func id(of structure: String) -> UInt32? { ids[structure] }

  /// Gives the blob to a reader of all types.
  func withBlob<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result { try blob.withView(body) }

  func size(_ structure: String) -> Int? {
    guard let id = ids[structure] else { return nil }
    return blob.withView { size($0, of: id) }
  }

  func member(_ structure: String, _ path: String) -> Member? {
    let key = structure + "." + path
    if let known = members[key] { return known }
    let found = ids[structure].flatMap { id in blob.withView { resolve($0, id, path) } }
    members[key] = found
    return found
  }

  private func resolve(_ view: ByteView, _ structure: UInt32, _ path: String) -> Member? {
    var id = structure
    var bit = 0
    var width = 0
    for part in path.split(separator: ".") {
      var name = part
      var element: Int?
      if let bracket = part.firstIndex(of: "["), part.last == "]" {
        name = part[..<bracket]
        element = Int(part[part.index(after: bracket)...].dropLast())
      }
      guard let found = find(view, id, Array(name.utf8), depth: 0) else { return nil }
      bit += found.bit
      width = found.width
      id = strip(view, found.type)
      if let element {
        guard (0..<1 << 16).contains(element), let record = record(view, id), record.kind == .array else { return nil }
        id = strip(view, array(view, record).element)
        bit += 8 * element * size(view, of: id)
      }
    }
    var member = Member(offset: bit >> 3, size: size(view, of: id))
    if width > 0 {
      member.bitOffset = bit & 7
      member.bitCount = width
    }
    if let record = record(view, id), record.kind == .array {
      let (element, count) = array(view, record)
      member.elementCount = count
      member.elementSize = size(view, of: element)
    }
    return member
  }

  private func find(
    _ view: ByteView, _ id: UInt32, _ name: [UInt8], depth: Int
  ) -> (bit: Int, type: UInt32, width: Int)? {
    guard depth < 16, let record = record(view, strip(view, id)) else { return nil }
    var found: (bit: Int, type: UInt32, width: Int)?
    var nameless: [(UInt32, Int)] = []
    name.withView { wanted in
      forEachMember(view, record) { member, type, bit, width in
        if member == wanted {
          found = (bit, type, width)
          return false
        }
        if member.isEmpty { nameless.append((type, bit)) }
        return true
      }
    }
    if found != nil { return found }
    for (type, bit) in nameless {
      if let inner = find(view, type, name, depth: depth + 1) { return (inner.bit + bit, inner.type, inner.width) }
    }
    return nil
  }

  func enumerator(_ name: String) -> Int64? {
    if let known = enumerators[name] { return known }
    let found: Int64? = blob.withView { view in
      name.withView { wanted in
        for id in enums {
          guard let record = record(view, id) else { continue }
          let stride = record.kind == .enumeration ? 8 : 12
          for index in 0..<record.count {
            let place = record.extra + stride * index
            guard let offset = view.u32(place), self.name(view, offset) == wanted else { continue }
            if stride == 8 { return view.u32(place + 4).map { Int64(Int32(bitPattern: $0)) } }
            guard let low = view.u32(place + 4), let high = view.u32(place + 8) else { return nil }
            return Int64(bitPattern: UInt64(high) << 32 | UInt64(low))
          }
        }
        return nil
      }
    }
    enumerators[name] = found
    return found
  }
}
