/// Four- or five-level paging of x86-64 (Intel SDM volume 3, chapter 4).
struct X86PageTables: PageTables {
  /// Physical address of the top table.
  let root: UInt64
  /// 4, or 5 with LA57.
  let levels: Int
  /// Frame bits of an entry: 12..51 less the memory-encryption bit of SEV guests.
  let frameMask: UInt64

  var pageShift: Int { 12 }

  private static let present: UInt64 = 1
  private static let writable: UInt64 = 2
  private static let user: UInt64 = 4
  private static let large: UInt64 = 0x80
  private static let global: UInt64 = 0x100
  private static let noExecute: UInt64 = 1 << 63

  /// - Parameter encryptionMask: `NUMBER(sme_mask)` of VMCOREINFO.
  init(root: UInt64, levels: Int, encryptionMask: UInt64 = 0) {
    frameMask = 0x000F_FFFF_FFFF_F000 & ~encryptionMask
    self.root = root & frameMask
    self.levels = levels
  }

  func userTables(root: UInt64) -> any PageTables {
    X86PageTables(root: root, levels: levels, encryptionMask: 0x000F_FFFF_FFFF_F000 & ~frameMask)
  }

  func translate(_ virtual: UInt64, in memory: PhysicalMemory) -> Translation {
    var table = root
    var attributes: PageAttributes = [.writable, .executable, .user]
    for level in stride(from: levels - 1, through: 0, by: -1) {
      let shift = UInt64(12 + 9 * level)
      guard let entry = memory.u64(table | (virtual >> shift & 511) << 3) else { return .tableMissing }
      switch read(entry, level: level, attributes: &attributes) {
      case .table(let next): table = next
      case .page(let frame):
        let size = UInt64(1) << shift
        return .mapped(physical: frame & ~(size - 1) | virtual & (size - 1), size: size, attributes)
      case .none: return .none
      case .swapped: return .swapped
      }
    }
    return .none
  }

  private enum Entry {
    case table(UInt64)
    case page(UInt64)
    case none, swapped
  }

  private func read(_ raw: UInt64, level: Int, attributes: inout PageAttributes) -> Entry {
    var entry = raw
    if entry & Self.present == 0 {
      if entry == 0 { return .none }
      // PROT_NONE keeps the global bit and stores the frame inverted, as a defence against L1TF.
      guard entry & (Self.present | Self.global) == Self.global, level <= 1 else { return .swapped }
      entry = ~raw & frameMask | raw & 0xFFF
      if level == 1 { entry |= Self.large }
      attributes.insert(.protected)
    }
    if raw & Self.writable == 0 { attributes.remove(.writable) }
    if raw & Self.noExecute != 0 { attributes.remove(.executable) }
    if raw & Self.user == 0 { attributes.remove(.user) }
    if level == 0 { return .page(entry & frameMask) }
    if level <= 2, entry & Self.large != 0 { return .page(entry & frameMask & ~0x1000) }
    return .table(entry & frameMask)
  }

  func forEachMapping(
    in range: ClosedRange<UInt64>, of memory: PhysicalMemory, limit: Int,
    _ body: (UInt64, UInt64, UInt64, PageAttributes) -> Bool
  ) {
    var left = limit
    _ = visit(root, levels - 1, base: 0, [.writable, .executable, .user], range, memory, &left, body)
  }

  /// Recursion is as deep as the table has levels.
  private func visit(
    _ table: UInt64, _ level: Int, base: UInt64, _ inherited: PageAttributes, _ range: ClosedRange<UInt64>,
    _ memory: PhysicalMemory, _ left: inout Int, _ body: (UInt64, UInt64, UInt64, PageAttributes) -> Bool
  ) -> Bool {
    let shift = UInt64(12 + 9 * level)
    let size = UInt64(1) << shift
    for index in 0..<UInt64(512) {
      var virtual = base | index << shift
      // The upper half of the top table is the upper end of the address space.
      if level == levels - 1, index >= 256 { virtual |= ~(size << 9 - 1) }
      if virtual &+ (size - 1) < range.lowerBound { continue }
      if virtual > range.upperBound { return true }
      guard let entry = memory.u64(table | index << 3) else {
        // One test tells of the whole table page.
        return true
      }
      if entry & Self.present == 0 { continue }
      var attributes = inherited
      switch read(entry, level: level, attributes: &attributes) {
      case .page(let frame):
        left -= 1
        if left < 0 || !body(virtual, frame & ~(size - 1), size, attributes) { return false }
      case .table(let next):
        if level > 0, !visit(next, level - 1, base: virtual, attributes, range, memory, &left, body) { return false }
      case .none, .swapped: continue
      }
    }
    return true
  }
}
