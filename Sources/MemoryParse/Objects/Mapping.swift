/// One range of a process's address space: `vm_area_struct`.
struct Mapping {
  var address: UInt64
  var start: UInt64
  var end: UInt64
  var flags: UInt64
  /// In pages.
  var pageOffset: UInt64
  /// `struct file`; nil for anonymous memory.
  var file: UInt64?

  var isReadable: Bool { flags & 1 != 0 }
  var isWritable: Bool { flags & 2 != 0 }
  var isExecutable: Bool { flags & 4 != 0 }
  /// VM_MAYSHARE: what /proc prints as `s`.
  var isShared: Bool { flags & 0x80 != 0 }
  var byteCount: UInt64 { end &- start }

  var permissions: String {
    (isReadable ? "r" : "-") + (isWritable ? "w" : "-") + (isExecutable ? "x" : "-") + (isShared ? "s" : "p")
  }
}

/// Reads the mappings of an address space: a list up to 6.0, a maple tree from 6.1.
final class MappingReader {
  private let kernel: Kernel
  private let start: Member?
  private let end: Member?
  private let flags: Member?
  private let pageOffset: Member?
  private let file: Member?
  private let mm: Member?
  private let next: Member?
  private let first: Member?
  private let root: Member?
  private let maple: MapleTree?

  /// As many as one process may have when the limit is raised far.
  private static let limit = 1 << 17

  init(_ kernel: Kernel) {
    self.kernel = kernel
    let types = kernel.types
    start = types.member("vm_area_struct", "vm_start")
    end = types.member("vm_area_struct", "vm_end")
    flags = types.member("vm_area_struct", anyOf: "vm_flags", "flags")
    pageOffset = types.member("vm_area_struct", "vm_pgoff")
    file = types.member("vm_area_struct", "vm_file")
    mm = types.member("vm_area_struct", "vm_mm")
    next = types.member("vm_area_struct", "vm_next")
    first = types.member("mm_struct", "mmap")
    root = types.member("mm_struct", "mm_mt.ma_root")
    maple = MapleTree(kernel)
  }

  /// The mappings in order of address. `lost` counts nodes and areas that could not be read or contradict themselves.
  func mappings(of memory: UInt64) -> (mappings: [Mapping], lost: Int) {
    var areas: [UInt64] = []
    var lost = 0
    if next != nil {
      var seen: Set<UInt64> = []
      var place = kernel.pointer(memory, first)
      while let area = place, areas.count < Self.limit, seen.insert(area).inserted {
        areas.append(area)
        place = kernel.pointer(area, next)
      }
    } else if let maple, let entry = kernel.value(memory, root) {
      (areas, lost) = maple.entries(entry, limit: Self.limit)
    }
    var mappings: [Mapping] = []
    mappings.reserveCapacity(areas.count)
    for area in areas {
      if let mapping = mapping(at: area, of: memory) { mappings.append(mapping) } else { lost += 1 }
    }
    return (mappings, lost)
  }

  private func mapping(at area: UInt64, of memory: UInt64) -> Mapping? {
    guard let start = kernel.value(area, start), let end = kernel.value(area, end),
      let flags = kernel.value(area, flags),
      end > start, start & (kernel.pageSize - 1) == 0, end & (kernel.pageSize - 1) == 0,
      end >> 60 == 0 || end >> 63 == 1
    else { return nil }
    if let owner = kernel.value(area, mm), owner != memory { return nil }
    return Mapping(
      address: area, start: start, end: end, flags: flags, pageOffset: kernel.value(area, pageOffset) ?? 0,
      file: kernel.pointer(area, file))
  }
}

/// The maple tree (`include/linux/maple_tree.h`): ranges of addresses and what lies in them.
struct MapleTree {
  private let kernel: Kernel
  private let rangeSlots: Member
  private let rangePivots: Member
  private let allocationSlots: Member
  private let allocationPivots: Member

  init?(_ kernel: Kernel) {
    guard let slots = kernel.member("maple_range_64", "slot"), let pivots = kernel.member("maple_range_64", "pivot"),
      let widerSlots = kernel.member("maple_arange_64", "slot"),
      let widerPivots = kernel.member("maple_arange_64", "pivot"),
      [slots, pivots, widerSlots, widerPivots].allSatisfy({ (1...64).contains($0.elementCount) })
    else { return nil }
    self.kernel = kernel
    rangeSlots = slots
    rangePivots = pivots
    allocationSlots = widerSlots
    allocationPivots = widerPivots
  }

  /// The entries in order. Iterative; a node met twice, or one that cannot be read, is counted as lost.
  func entries(_ root: UInt64, limit: Int) -> (entries: [UInt64], lost: Int) {
    var entries: [UInt64] = []
    var lost = 0
    var seen: Set<UInt64> = []
    // Only the root tells a node from an entry by its low bits; below, the type of the node above does.
    var stack: [(entry: UInt64, maximum: UInt64, isLeaf: Bool)] = [(root, .max, !(root & 3 == 2 && root > 4096))]
    while let (entry, maximum, isLeaf) = stack.popLast(), entries.count < limit {
      if isLeaf {
        if entry != 0, kernel.isKernelAddress(entry) { entries.append(entry) }
        continue
      }
      let node = entry & ~0xFF
      guard kernel.isKernelAddress(node), seen.insert(node).inserted, seen.count < limit else {
        lost += 1
        continue
      }
      // Types: 0 dense, 1 leaf_64, 2 range_64, 3 arange_64.
      let type = entry >> 3 & 15
      let slots = type == 3 ? allocationSlots : rangeSlots
      let pivots = type == 3 ? allocationPivots : rangePivots
      guard type <= 3, kernel.space.u64(node) != nil else {
        lost += 1
        continue
      }
      var children: [(UInt64, UInt64, Bool)] = []
      for index in 0..<slots.elementCount {
        let pivot =
          index < pivots.elementCount ? kernel.space.u64(node &+ UInt64(pivots.offset + 8 * index)) ?? 0 : maximum
        // A zero pivot behind the first, or one at the node's own end, marks the last slot; what follows is not slots.
        let isLast = index == slots.elementCount - 1 || index > 0 && pivot == 0 || pivot >= maximum
        let child = kernel.space.u64(node &+ UInt64(slots.offset + 8 * index)) ?? 0
        if child != 0, !(child & 3 == 2 && child <= 4096) {
          children.append((child, isLast ? maximum : pivot, type <= 1))
        }
        if isLast { break }
      }
      stack.append(contentsOf: children.reversed())
    }
    return (entries, lost)
  }
}
