import Bytes

/// x86-64: the image is mapped at 0xFFFFFFFF80000000 plus a slide, at a physical address that is random too.
enum X86Architecture: Architecture {
  static let name = "x86_64"

  private static let imageBase: UInt64 = 0xFFFF_FFFF_8000_0000
  private static let imageEnd: UInt64 = 0xFFFF_FFFF_C000_0000
  private static let imageStep: UInt64 = 0x20_0000

  static func isImageAddress(_ virtual: UInt64) -> Bool { virtual >= imageBase && virtual < imageEnd }

  // MARK: Placement

  /// The number is signed: the virtual slide may be larger than the physical load address.
  static func imageOffset(_ info: VMCoreInfo) -> UInt64? { info.number(unsigned: "phys_base").map { imageBase &- $0 } }

  static func place(_ info: VMCoreInfo, in memory: PhysicalMemory) -> Placement? {
    guard let table = info.symbol("swapper_pg_dir"), let offset = imageOffset(info), isImageAddress(table) else {
      return nil
    }
    let levels = info.number("pgtable_l5_enabled") == 1 ? 5 : 4
    let tables = X86PageTables(
      root: table &- offset, levels: levels, encryptionMask: info.number(unsigned: "sme_mask") ?? 0)
    let placement = Placement(
      architecture: Self.self, tables: tables, imageOffset: offset, proof: "VMCOREINFO, proven by its page table")
    if tables.translate(table, in: memory).physical == table &- offset { return placement }
    // Table pages may be missing from the dump: then the release in init_uts_ns stands for the proof.
    guard placement.holds(info, in: memory) else { return nil }
    var other = placement
    other.proof = "VMCOREINFO, proven by init_uts_ns; page tables are damaged"
    return other
  }

  static func place(_ kallsyms: Kallsyms, in memory: PhysicalMemory, banners: () -> [UInt64]) -> Placement? {
    guard let top = kallsyms["init_top_pgt"] ?? kallsyms["swapper_pg_dir"] else { return nil }
    if kallsyms.encoding != .placeRelative {
      guard let banner = kallsyms["linux_banner"], isImageAddress(banner) else { return nil }
      for hit in banners() {
        let offset = banner &- hit
        guard (imageBase &- offset) % imageStep == 0 else { continue }
        for levels in [4, 5] {
          let tables = X86PageTables(root: top &- offset, levels: levels)
          if tables.translate(banner, in: memory).physical == hit {
            return Placement(
              architecture: Self.self, tables: tables, imageOffset: offset, proof: "kallsyms and the kernel's banner")
          }
        }
      }
      return nil
    }
    // Physical addresses are known; one of 512 slides makes the table agree.
    guard let text = kallsyms["_text"] else { return nil }
    for levels in [4, 5] {
      let tables = X86PageTables(root: top, levels: levels)
      for slide in stride(from: UInt64(0), to: imageEnd - imageBase, by: Int(imageStep))
      where tables.translate(imageBase + slide, in: memory).physical == text {
        return Placement(
          architecture: Self.self, tables: tables, imageOffset: imageBase &+ slide &- text,
          proof: "kallsyms and the kernel's page table")
      }
    }
    return nil
  }

  static func place(_ task: InitTask, in memory: PhysicalMemory, _ types: any TypeSource) -> Placement? {
    guard isImageAddress(task.virtual), (task.virtual &- task.physical) % 4096 == 0,
      let tasks = types.offset("task_struct", "tasks"), let mm = types.offset("task_struct", "mm"),
      let pgd = types.offset("mm_struct", "pgd"), let next = memory.u64(task.physical &+ tasks)
    else { return nil }
    // The direct map begins at a multiple of 1 GiB, so a pointer into it leaves one candidate a GiB of memory. The right
    // one leads to a task that points back.
    let gib: UInt64 = 1 << 30
    for step in 0...min(memory.end / gib, 1 << 16) {
      let base = (next & ~(gib - 1)) &- step &* gib
      let first = next &- base
      guard first < memory.end, memory.u64(first &+ 8) == task.virtual &+ tasks else { continue }
      // Any process's table maps the kernel too.
      var link = first
      for _ in 0..<4096 {
        if let map = memory.u64(link &- tasks &+ mm), map >= base, let root = memory.u64(map &- base &+ pgd),
          root >= base
        {
          for levels in [4, 5] {
            let tables = X86PageTables(root: root &- base, levels: levels)
            if tables.translate(task.virtual, in: memory).physical == task.physical {
              return Placement(
                architecture: Self.self, tables: tables, imageOffset: task.virtual &- task.physical,
                proof: "init_task and a process's page table")
            }
          }
        }
        guard let onward = memory.u64(link), onward >= base, onward &- base < memory.end else { break }
        link = onward &- base
      }
    }
    return nil
  }

  // MARK: Regions

  static func directMap(of kernel: KernelSymbols, _ space: AddressSpace, taskPointer: UInt64?) -> UInt64? {
    // A pointer whose place is known tells it without any constant; the variable stands in where tables are damaged.
    if let taskPointer, let physical = space.physical(taskPointer) {
      let base = taskPointer &- physical
      if base & (1 << 21 - 1) == 0 { return base }
    }
    if let variable = kernel["page_offset_base"], let base = space.u64(variable), base >> 56 == 0xFF { return base }
    return (space.tables as? X86PageTables)?.levels == 5 ? 0xFF11_0000_0000_0000 : 0xFFFF_8880_0000_0000
  }

  static func pageArray(of kernel: KernelSymbols, _ space: AddressSpace) -> UInt64? {
    if let variable = kernel["vmemmap_base"], let base = space.u64(variable), base >> 56 == 0xFF { return base }
    return nil
  }

  /// Behind the direct map, at a random place (`Documentation/arch/x86/x86_64/mm.rst`).
  static func pageArrayAreas(of tables: any PageTables) -> [ClosedRange<UInt64>] {
    (tables as? X86PageTables)?.levels == 5
      ? [0xFFA0_0000_0000_0000...0xFFFF_FDFF_FFFF_FFFF] : [0xFFFF_C000_0000_0000...0xFFFF_FDFF_FFFF_FFFF]
  }

  /// Behind the image's area; with a short kernel image also right behind the image.
  static func moduleAreas(of tables: any PageTables) -> [ClosedRange<UInt64>] {
    [imageEnd...0xFFFF_FFFF_FEFF_FFFF]
  }
}

extension Placement {
  /// The release string where VMCOREINFO says that `init_uts_ns` lies.
  func holds(_ info: VMCoreInfo, in memory: PhysicalMemory) -> Bool {
    guard let names = info.symbol("init_uts_ns") else { return false }
    let bytes = memory.bytes(physical(names), 1024).bytes
    return bytes.withView { view in
      Array(info.release.utf8).withView { view.firstIndex(of: $0) } != nil
    }
  }
}
