import Bytes

/// Finds out how a file of bare memory lies in physical addresses: by what the kernel in it says, else by trying.
///
/// VMCOREINFO tells the physical address of the kernel's name; where the name lies in the file tells by how much that part is
/// shifted. A kernel below the PCI hole is read rightly by a layout that knows no hole, so the last word has the end of
/// memory, which the kernel knows (`max_pfn`), and the list of tasks, which lie above the hole as well.
struct RawLayoutSearch {
  /// The file, each byte at its own offset.
  private let identity: any MemoryImage
  private let byteCount: UInt64
  private let open: (RawLayout) -> (any MemoryImage)?

  /// Where memory goes on behind the hole.
  private let holeEnd: UInt64

  /// - Parameters:
  ///   - holeEnd: 4 GiB on every PC.
  ///   - open: gives the same file under another layout.
  init(_ identity: any MemoryImage, holeEnd: UInt64 = 1 << 32, open: @escaping (RawLayout) -> (any MemoryImage)?) {
    self.identity = identity
    self.holeEnd = holeEnd
    self.open = open
    byteCount = identity.runs.last?.end ?? 0
  }

  /// The layout by which a kernel can be read; the plain one where there is none.
  func layout() -> RawLayout {
    let (notes, hasBanner) = notes()
    // No Linux, no kernel: a file of anything must not be searched for each layout.
    guard hasBanner || !notes.isEmpty else { return .identity }
    var tried: [RawLayout] = []
    for layout in told(notes) + RawLayout.candidates(byteCount: byteCount) where !tried.contains(layout) {
      tried.append(layout)
      guard let found = view(layout) else { continue }
      return layout == .identity ? withHole(found) ?? layout : layout
    }
    return .identity
  }

  /// What a layout shows.
  private struct View {
    /// Tasks in the kernel's list.
    var tasks: Int
    var isWhole: Bool
    /// Physical address after the last page of memory, where the kernel says it.
    var end: UInt64?
  }

  private func view(_ layout: RawLayout) -> View? {
    guard let image = layout == .identity ? identity : open(layout),
      let kernel = try? KernelSearch(memory: PhysicalMemory(image)).open(),
      let tasks = kernel.member("task_struct", "tasks")
    else { return nil }
    let walk = kernel.walk(kernel.initTask &+ UInt64(tasks.offset))
    let last = kernel.symbols["max_pfn"].flatMap { kernel.space.u64($0) }
    return View(
      tasks: walk.links.count, isWhole: walk.isWhole,
      end: last.flatMap { $0 < 1 << 40 ? $0 << UInt64(kernel.pageShift) : nil })
  }

  /// The layout with a hole, where memory ends behind the file's end or tasks are missing.
  private func withHole(_ plain: View) -> RawLayout? {
    var holes: [RawLayout] = []
    if let end = plain.end, end > holeEnd, end > byteCount, end - byteCount < holeEnd {
      let start = holeEnd - (end - byteCount)
      if start < byteCount { holes.append(hole(at: start)) }
    }
    if !plain.isWhole {
      holes += RawLayout.candidates(byteCount: byteCount).filter { $0.parts.last?.physical == holeEnd }
    }
    for layout in holes {
      guard let found = view(layout) else { continue }
      if found.isWhole && !plain.isWhole || found.isWhole == plain.isWhole && found.tasks >= plain.tasks {
        return layout
      }
    }
    return nil
  }

  private func hole(at start: UInt64) -> RawLayout {
    RawLayout(parts: [.init(physical: 0, byteCount: start), .init(physical: holeEnd)])
  }

  // MARK: What the kernel says

  private func told(_ notes: [VMCoreInfo]) -> [RawLayout] {
    var layouts: [RawLayout] = []
    for info in notes {
      for shift in shifts(info) {
        // A kernel behind the hole; on a PC that is the only shift that leaves something in front.
        let isBehind = shift < holeEnd && holeEnd - shift < byteCount && info.number("phys_base") != nil
        let layout: RawLayout = shift == 0 ? .identity : isBehind ? hole(at: holeEnd - shift) : .startingAt(shift)
        if !layouts.contains(layout), layouts.count < 8 { layouts.append(layout) }
      }
    }
    return layouts
  }

  /// VMCOREINFO of every kernel in the file, and whether there is a kernel's banner at all.
  private func notes() -> ([VMCoreInfo], hasBanner: Bool) {
    var notes: [VMCoreInfo] = []
    var hasBanner = false
    let memory = PhysicalMemory(identity)
    NeedleSearch(image: identity).forEach([Array("OSRELEASE=".utf8), Array("Linux version ".utf8)]) { needle, place in
      if needle == 1 {
        hasBanner = true
        return true
      }
      let bytes = memory.bytes(place, VMCoreInfo.maximumBytes).bytes
      if let info = bytes.withView({ VMCoreInfo($0) }), !notes.contains(info) { notes.append(info) }
      return notes.count < 4
    }
    return (notes, hasBanner)
  }

  /// Physical address less place in the file, for each place where `init_uts_ns` may lie.
  private func shifts(_ info: VMCoreInfo) -> [UInt64] {
    guard let symbol = info.symbol("init_uts_ns") else { return [] }
    let offset = [X86Architecture.imageOffset(info), ARM64Architecture.imageOffset(info)].compactMap { $0 }.first
    guard let offset else { return [] }
    let names: [UInt64]
    if let name = info.layout.offsets["uts_namespace.name"] { names = [UInt64(max(name, 0))] } else { names = [0, 4] }
    let memory = PhysicalMemory(identity)
    var shifts: [UInt64] = []
    NeedleSearch(image: identity).forEach([Array(info.release.utf8) + [0]]) { _, place in
      // struct new_utsname: system, node and release, 65 bytes each.
      guard place >= 130, memory.bytes(place - 130, 6).bytes == Array("Linux\0".utf8) else { return true }
      for name in names {
        let shift = symbol &- offset &+ name &- (place - 130)
        if shift % 4096 == 0, shift < RunTable.addressLimit, !shifts.contains(shift) { shifts.append(shift) }
      }
      return shifts.count < 16
    }
    return shifts
  }
}
