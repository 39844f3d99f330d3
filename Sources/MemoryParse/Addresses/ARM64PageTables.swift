/// Stage 1 translation of AArch64 (Arm ARM, D8): one half of the address space, pages of 4, 16 or 64 KiB.
struct ARM64PageTables: PageTables {
  /// What decides how descriptors are read.
  struct Form: Hashable {
    /// 12, 14 or 16.
    var pageShift: Int
    /// Address bits that the table resolves.
    var addressBits: Int
    /// 52-bit output addresses in descriptors of 4 and 16 KiB pages (LPA2).
    var isWide: Bool

    /// The forms that kernels are built with, the usual first.
    static let known = [
      Form(pageShift: 12, addressBits: 48, isWide: false), Form(pageShift: 12, addressBits: 52, isWide: true),
      Form(pageShift: 14, addressBits: 47, isWide: false), Form(pageShift: 14, addressBits: 52, isWide: true),
      Form(pageShift: 16, addressBits: 52, isWide: false), Form(pageShift: 16, addressBits: 48, isWide: false),
      Form(pageShift: 14, addressBits: 48, isWide: false), Form(pageShift: 12, addressBits: 39, isWide: false),
      Form(pageShift: 16, addressBits: 42, isWide: false), Form(pageShift: 14, addressBits: 36, isWide: false),
      Form(pageShift: 12, addressBits: 48, isWide: true), Form(pageShift: 14, addressBits: 48, isWide: true),
    ]

    /// False for numbers that no table can have (a lying VMCOREINFO).
    var isPossible: Bool { [12, 14, 16].contains(pageShift) && (pageShift + 8...52).contains(addressBits) }
  }

  /// Physical address of the top table; not page-aligned where that is short (52 bits).
  let root: UInt64
  let form: Form
  /// The kernel's half (TTBR1) rather than a process's.
  let isHigh: Bool
  private let levels: Int
  private let indexBits: Int
  private let topBits: Int

  init(root: UInt64, form: Form, isHigh: Bool) {
    self.root = root
    self.form = form
    self.isHigh = isHigh
    indexBits = form.pageShift - 3
    levels = max((form.addressBits - form.pageShift + indexBits - 1) / indexBits, 1)
    topBits = form.addressBits - form.pageShift - (levels - 1) * indexBits
  }

  var pageShift: Int { form.pageShift }

  func userTables(root: UInt64) -> any PageTables { ARM64PageTables(root: root, form: form, isHigh: false) }

  /// Bit 55 tells the half; the top byte may hold a tag (TBI, MTE, KASAN).
  func canonical(_ virtual: UInt64) -> UInt64 {
    virtual >> 55 & 1 == 1 ? virtual | 0xFF << 56 : virtual & (1 << 56 - 1)
  }

  private static let valid: UInt64 = 1
  private static let tableOrPage: UInt64 = 2
  private static let userAccess: UInt64 = 1 << 6
  private static let readOnly: UInt64 = 1 << 7
  private static let privilegedNoExecute: UInt64 = 1 << 53
  private static let userNoExecute: UInt64 = 1 << 54

  private func output(_ entry: UInt64) -> UInt64 {
    let address = entry & 0x0000_FFFF_FFFF_FFFF & ~(UInt64(1) << UInt64(form.pageShift) - 1)
    if form.pageShift == 16 { return address | (entry >> 12 & 15) << 48 }
    return form.isWide ? address | entry & 3 << 48 | (entry >> 8 & 3) << 50 : address
  }

  private func attributes(_ entry: UInt64) -> PageAttributes {
    var attributes: PageAttributes = []
    if entry & Self.readOnly == 0 { attributes.insert(.writable) }
    if entry & Self.userAccess != 0 { attributes.insert(.user) }
    if entry & (isHigh ? Self.privilegedNoExecute : Self.userNoExecute) == 0 { attributes.insert(.executable) }
    return attributes
  }

  func translate(_ tagged: UInt64, in memory: PhysicalMemory) -> Translation {
    let virtual = canonical(tagged)
    let above = virtual >> UInt64(form.addressBits)
    guard above == (isHigh ? UInt64.max >> UInt64(form.addressBits) : 0) else { return .none }
    var table = root
    for level in stride(from: levels - 1, through: 0, by: -1) {
      let shift = UInt64(form.pageShift + level * indexBits)
      let mask = UInt64(1) << UInt64(level == levels - 1 ? topBits : indexBits) - 1
      guard let entry = memory.u64(table &+ (virtual >> shift & mask) << 3) else { return .tableMissing }
      let offsetMask = UInt64(1) << shift - 1
      if entry & Self.valid == 0 {
        if entry == 0 { return .none }
        // A PROT_NONE page keeps bit 1 and its frame; swap entries have both low bits clear.
        guard level == 0, entry & Self.tableOrPage != 0 else { return .swapped }
        return .mapped(
          physical: output(entry) | virtual & offsetMask, size: offsetMask + 1, attributes(entry).union(.protected))
      }
      if level == 0 || entry & Self.tableOrPage == 0 {
        if level == 0, entry & Self.tableOrPage == 0 { return .none }
        return .mapped(
          physical: output(entry) & ~offsetMask | virtual & offsetMask, size: offsetMask + 1, attributes(entry))
      }
      table = output(entry)
    }
    return .none
  }

  func forEachMapping(
    in range: ClosedRange<UInt64>, of memory: PhysicalMemory, limit: Int,
    _ body: (UInt64, UInt64, UInt64, PageAttributes) -> Bool
  ) {
    var left = limit
    let base = isHigh ? ~(UInt64(1) << UInt64(form.addressBits) - 1) : 0
    _ = visit(root, levels - 1, base: base, range, memory, &left, body)
  }

  /// Recursion is as deep as the table has levels.
  private func visit(
    _ table: UInt64, _ level: Int, base: UInt64, _ range: ClosedRange<UInt64>, _ memory: PhysicalMemory,
    _ left: inout Int, _ body: (UInt64, UInt64, UInt64, PageAttributes) -> Bool
  ) -> Bool {
    let shift = UInt64(form.pageShift + level * indexBits)
    let size = UInt64(1) << shift
    for index in 0..<UInt64(1) << UInt64(level == levels - 1 ? topBits : indexBits) {
      let virtual = base | index << shift
      if virtual &+ (size - 1) < range.lowerBound { continue }
      if virtual > range.upperBound { return true }
      guard let entry = memory.u64(table &+ index << 3) else { return true }
      if entry & Self.valid == 0 { continue }
      if level == 0 || entry & Self.tableOrPage == 0 {
        left -= 1
        if left < 0 || !body(virtual, output(entry) & ~(size - 1), size, attributes(entry)) { return false }
      } else if !visit(output(entry), level - 1, base: virtual, range, memory, &left, body) {
        return false
      }
    }
    return true
  }
}
