import Bytes

/// A Linux kernel found in a dump: its memory, its symbols and the layout of its structures.
///
/// What objects are read through. Nothing here or above knows the processor or the page size but as a number.
final class Kernel {
  let memory: PhysicalMemory
  let space: AddressSpace
  let placement: Placement
  var symbols: KernelSymbols
  let types: any TypeSource
  /// Virtual address of the first task.
  let initTask: UInt64
  /// Virtual address that physical 0 has in the direct map.
  let directMap: UInt64
  /// `Linux version …` as the kernel holds it.
  let banner: String
  let release: String
  /// Sentences about what did not work on the way here.
  var notes: [String]

  var pageShift: Int { space.tables.pageShift }
  var pageSize: UInt64 { space.pageSize }
  var architectureName: String { placement.architecture.name }

  init(
    memory: PhysicalMemory, space: AddressSpace, placement: Placement, symbols: KernelSymbols, types: any TypeSource,
    initTask: UInt64, directMap: UInt64, banner: String, release: String, notes: [String]
  ) {
    self.memory = memory
    self.space = space
    self.placement = placement
    self.symbols = symbols
    self.types = types
    self.initTask = initTask
    self.directMap = directMap
    self.banner = banner
    self.release = release
    self.notes = notes
  }

  /// Virtual address of the `struct page` of frame 0.
  lazy var pageArray: UInt64? =
    placement.architecture.pageArray(of: symbols, space) ?? PageArraySearch(kernel: self).find()

  /// True for what can be a pointer of the kernel.
  @inline(__always)
  func isKernelAddress(_ address: UInt64) -> Bool { address >> 63 == 1 && address < UInt64.max - 4095 }

  /// True inside the kernel image.
  func isInImage(_ address: UInt64) -> Bool {
    guard let start = symbols["_text"] ?? symbols["_stext"], let end = symbols["_end"] else {
      return placement.architecture.isImageAddress(address) && address &- initTask &+ (32 << 20) < 64 << 20
    }
    return address >= start && address < end
  }
}

// MARK: - Typed reads

extension Kernel {
  func member(_ structure: String, _ path: String) -> Member? { types.member(structure, path) }

  /// A number; of a bit field its bits. Nil where the member does not exist or its bytes are missing.
  @inline(__always)
  func value(_ object: UInt64, _ member: Member?) -> UInt64? {
    guard let member else { return nil }
    let place = object &+ UInt64(member.offset)
    if member.bitCount == 0 { return space.number(place, min(member.size, 8)) }
    let first = place &+ UInt64(member.bitOffset / 8)
    let shift = member.bitOffset % 8
    guard let raw = space.number(first, min((shift + member.bitCount + 7) / 8, 8)) else { return nil }
    return raw >> UInt64(shift) & (member.bitCount >= 64 ? .max : UInt64(1) << UInt64(member.bitCount) - 1)
  }

  /// A signed 32-bit number, as pids are.
  func int32(_ object: UInt64, _ member: Member?) -> Int32? {
    value(object, member).map { Int32(truncatingIfNeeded: $0) }
  }

  /// A pointer that can be followed; nil for NULL and for what is no address of the kernel.
  @inline(__always)
  func pointer(_ object: UInt64, _ member: Member?) -> UInt64? {
    guard let value = value(object, member) else { return nil }
    let address = space.tables.canonical(value)
    return isKernelAddress(address) ? address : nil
  }

  /// An array of characters in the structure itself.
  func text(_ object: UInt64, _ member: Member?) -> String? {
    guard let member else { return nil }
    return space.string(object &+ UInt64(member.offset), limit: min(member.size, 4096))
  }

  /// A `char *`.
  func string(_ object: UInt64, _ member: Member?, limit: Int = 4096) -> String? {
    pointer(object, member).flatMap { space.string($0, limit: limit) }
  }

  /// Address of a member; nil where it does not exist.
  func address(_ object: UInt64, _ member: Member?) -> UInt64? { member.map { object &+ UInt64($0.offset) } }
}
