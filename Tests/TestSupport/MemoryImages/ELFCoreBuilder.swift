/// Makes ELF cores of whole machines, sound and lying ones.
public struct ELFCoreBuilder {
  public struct Segment {
    public var physical: UInt64
    public var virtual: UInt64
    public var memory: [UInt8]
    /// What the header claims where that is not the truth.
    public var byteCount: UInt64?
    public var offset: UInt64?
  }

  public var segments: [Segment] = []
  public var notes: [UInt8] = []
  /// 62 x86-64, 183 AArch64.
  public var machine: UInt16 = 62
  /// Writes the count of segments into section header 0, as cores with 65,535 and more do.
  public var hasExtendedCount = false

  public init() {}

  public mutating func segment(
    _ physical: UInt64, _ memory: [UInt8], virtual: UInt64 = 0, claiming byteCount: UInt64? = nil,
    at offset: UInt64? = nil
  ) {
    segments.append(
      Segment(physical: physical, virtual: virtual, memory: memory, byteCount: byteCount, offset: offset))
  }

  public mutating func note(_ name: String, type: UInt32, _ contents: [UInt8]) {
    notes += Self.note(name, type: type, contents)
  }

  public static func note(_ name: String, type: UInt32, _ contents: [UInt8]) -> [UInt8] {
    var note: [UInt8] = []
    note.append(u32: UInt32(name.utf8.count + 1))
    note.append(u32: UInt32(contents.count))
    note.append(u32: type)
    for part in [Array(name.utf8) + [0], contents] {
      note += part + [UInt8](repeating: 0, count: -part.count & 3)
    }
    return note
  }

  public var bytes: [UInt8] {
    let count = segments.count + 1
    let table = 64
    let section = table + 56 * count
    var place = section + (hasExtendedCount ? 64 : 0)
    var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    file.append(u16: 4)
    file.append(u16: machine)
    file.append(u32: 1)
    file.append(u64: 0)
    file.append(u64: UInt64(table))
    file.append(u64: hasExtendedCount ? UInt64(section) : 0)
    file.append(u32: 0)
    for field in [64, 56, hasExtendedCount ? 0xFFFF : count, 64, hasExtendedCount ? 1 : 0, 0] {
      file.append(u16: UInt16(field))
    }
    header(&file, type: 4, offset: UInt64(place), virtual: 0, physical: 0, UInt64(notes.count))
    place += notes.count
    for segment in segments {
      header(
        &file, type: 1, offset: segment.offset ?? UInt64(place), virtual: segment.virtual, physical: segment.physical,
        segment.byteCount ?? UInt64(segment.memory.count))
      place += segment.memory.count
    }
    if hasExtendedCount {
      file.append(contentsOf: [UInt8](repeating: 0, count: 64))
      file.put(u32: UInt32(count), at: section + 44)
    }
    return segments.reduce(file + notes) { $0 + $1.memory }
  }

  private func header(
    _ file: inout [UInt8], type: UInt32, offset: UInt64, virtual: UInt64, physical: UInt64, _ count: UInt64
  ) {
    file.append(u32: type)
    file.append(u32: 7)
    for field in [offset, virtual, physical, count, count, 0] { file.append(u64: field) }
  }
}
