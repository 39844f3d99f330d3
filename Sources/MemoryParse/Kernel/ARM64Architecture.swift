import Bytes

/// AArch64: the image lies anywhere in the kernel's half, 64 KiB aligned at least; the page table's form is not one but many.
enum ARM64Architecture: Architecture {
  static let name = "aarch64"

  private static let imageStep: UInt64 = 0x1_0000

  static func isImageAddress(_ virtual: UInt64) -> Bool {
    virtual >= 0xFFFF_8000_0000_0000 && virtual < 0xFFFF_FFF0_0000_0000
  }

  // MARK: Placement

  static func imageOffset(_ info: VMCoreInfo) -> UInt64? { info.number(unsigned: "kimage_voffset") }

  static func place(_ info: VMCoreInfo, in memory: PhysicalMemory) -> Placement? {
    guard let table = info.symbol("swapper_pg_dir"), let offset = imageOffset(info) else { return nil }
    let shift = (info.pageSize ?? 4096).trailingZeroBitCount
    // T1SZ tells what the tables resolve, VA_BITS what the kernel was built for; a 64 KiB kernel built for 52 bits keeps
    // such a table on a 48-bit processor.
    var forms: [ARM64PageTables.Form] = []
    for bits in [info.number("TCR_EL1_T1SZ").map { 64 &- $0 }, info.number("VA_BITS")].compactMap({ $0 }) {
      guard (0...64).contains(bits) else { continue }
      for isWide in bits == 52 && shift < 16 ? [true] : [false, true] {
        let form = ARM64PageTables.Form(pageShift: shift, addressBits: Int(bits), isWide: isWide)
        if form.isPossible { forms.append(form) }
      }
    }
    let root = table &- offset
    let proven = Self.tables(root: root, forms: forms + ARM64PageTables.Form.known, table, root, memory)
    if let proven {
      return Placement(
        architecture: Self.self, tables: proven, imageOffset: offset, proof: "VMCOREINFO, proven by its page table")
    }
    guard let form = forms.first else { return nil }
    let placement = Placement(
      architecture: Self.self, tables: ARM64PageTables(root: root, form: form, isHigh: true), imageOffset: offset,
      proof: "VMCOREINFO, proven by init_uts_ns; page tables are damaged")
    return placement.holds(info, in: memory) ? placement : nil
  }

  /// The first form under which a known pair of addresses holds: the data decide, not the version.
  private static func tables(
    root: UInt64, forms: [ARM64PageTables.Form], _ virtual: UInt64, _ physical: UInt64, _ memory: PhysicalMemory
  ) -> ARM64PageTables? {
    for form in forms {
      let tables = ARM64PageTables(root: root, form: form, isHigh: true)
      if tables.translate(virtual, in: memory).physical == physical { return tables }
    }
    return nil
  }

  static func place(_ kallsyms: Kallsyms, in memory: PhysicalMemory, banners: () -> [UInt64]) -> Placement? {
    guard let variable = kallsyms["kimage_voffset"], let top = kallsyms["swapper_pg_dir"] else { return nil }
    var offsets: [UInt64] = []
    let isPhysical = kallsyms.encoding == .placeRelative
    if isPhysical {
      offsets = [memory.u64(variable)].compactMap { $0 }
    } else if let banner = kallsyms["linux_banner"] {
      offsets = banners().map { banner &- $0 }
    }
    for offset in offsets where offset % imageStep == 0 {
      let root = isPhysical ? top : top &- offset
      guard memory.u64(isPhysical ? variable : variable &- offset) == offset,
        let tables = tables(root: root, forms: ARM64PageTables.Form.known, root &+ offset, root, memory)
      else { continue }
      return Placement(
        architecture: Self.self, tables: tables, imageOffset: offset, proof: "kallsyms and the variable kimage_voffset")
    }
    return nil
  }

  static func place(_ task: InitTask, in memory: PhysicalMemory, _ types: any TypeSource) -> Placement? {
    guard isImageAddress(task.virtual), (task.virtual &- task.physical) % imageStep == 0,
      let tasks = types.offset("task_struct", "tasks"), let comm = types.offset("task_struct", "comm"),
      let next = memory.u64(task.physical &+ tasks)
    else { return nil }
    // The top table lies near: the nearest page first. A second test is needed, since another page may map the image alone.
    let page: UInt64 = 4096
    let home = task.physical & ~(page - 1)
    for distance in 0..<UInt64(16384) {
      for root in distance == 0 ? [home] : [home &- distance &* page, home &+ distance &* page]
      where memory.contains(root) {
        for form in ARM64PageTables.Form.known {
          let tables = ARM64PageTables(root: root, form: form, isHigh: true)
          guard tables.translate(task.virtual, in: memory).physical == task.physical,
            let first = tables.translate(next, in: memory).physical, let letter = memory.u32(first &- tasks &+ comm),
            (0x20..<0x7F).contains(letter & 0xFF)
          else { continue }
          return Placement(
            architecture: Self.self, tables: tables, imageOffset: task.virtual &- task.physical,
            proof: "init_task and the page table near it")
        }
      }
    }
    return nil
  }

  // MARK: Regions

  static func directMap(of kernel: KernelSymbols, _ space: AddressSpace, taskPointer: UInt64?) -> UInt64? {
    if let taskPointer, let physical = space.physical(taskPointer) { return taskPointer &- physical }
    // -(1 << VA_BITS) - PHYS_OFFSET, where VA_BITS is what the kernel was built for and the offset makes up for it.
    guard let info = kernel.vmcoreinfo, let bits = info.number("VA_BITS"), (36...52).contains(bits),
      let start = info.number(unsigned: "PHYS_OFFSET")
    else { return nil }
    return 0 &- (UInt64(1) << UInt64(bits)) &- start
  }

  static func pageArray(of kernel: KernelSymbols, _ space: AddressSpace) -> UInt64? {
    guard let info = kernel.vmcoreinfo else { return nil }
    if let array = info.symbol("vmemmap") { return array }
    guard let start = info.number(unsigned: "VMEMMAP_START"), let offset = info.number("PHYS_OFFSET") else {
      return nil
    }
    return start &- UInt64(bitPattern: offset >> Int64(space.tables.pageShift)) &* 64
  }

  static func pageArrayAreas(of tables: any PageTables) -> [ClosedRange<UInt64>] { moduleAreas(of: tables) }

  /// With a slide modules lie outside of the area that the kernel names: everything above the direct map.
  static func moduleAreas(of tables: any PageTables) -> [ClosedRange<UInt64>] {
    guard let bits = (tables as? ARM64PageTables)?.form.addressBits else { return [] }
    return [0 &- (UInt64(1) << UInt64(bits - 1))...0 &- (UInt64(1) << 30)]
  }
}
