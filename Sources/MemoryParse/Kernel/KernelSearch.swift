import Bytes

/// Finds the kernel in a dump: VMCOREINFO, else kallsyms by its shape, else init_task by its own pointers. Each way is proven
/// on the page tables before it is believed, since anybody can write the same bytes into memory.
struct KernelSearch {
  let memory: PhysicalMemory
  /// Types given by the user instead of those in the dump.
  var given: TypeFile?
  /// Ways that are not to be gone, so that tests can go the others.
  var without: Ways = []

  struct Ways: OptionSet, Sendable {
    let rawValue: Int
    static let vmcoreinfo = Ways(rawValue: 1)
    static let kallsyms = Ways(rawValue: 2)
    /// Names of data in kallsyms.
    static let dataSymbols = Ways(rawValue: 4)
  }

  /// One sentence: what was missing.
  struct Failure: Error, Equatable {
    var sentence: String
    /// Not the dump is at fault, but what the user gave with it.
    var isRefusal = false
  }

  /// No kernel image is longer; what belongs to it is looked for within this distance first.
  static let imageReach: UInt64 = 128 << 20

  func open() throws(Failure) -> Kernel {
    var notes: [String] = []
    var symbols = KernelSymbols()
    var placement = without.contains(.vmcoreinfo) ? nil : placeByVMCoreInfo(&symbols, &notes)
    if !without.contains(.kallsyms) {
      symbols.kallsyms = kallsyms(symbols.vmcoreinfo, placement)
      if without.contains(.dataSymbols) { symbols.kallsyms = symbols.kallsyms?.functionsOnly }
      if placement == nil, let found = symbols.kallsyms {
        placement = place(found)
        if placement == nil { notes.append("kallsyms was found, but no page table agrees with it") }
      }
      if let place = placement, let found = symbols.kallsyms, found.isPhysical {
        symbols.kallsyms = found.moved(by: place.imageOffset)
      }
    }
    if let given, let placement {
      let match = TypeFileMatch(file: given)
      let banner = banner(placement, symbols, AddressSpace(memory, placement.tables))
      if let reason = match.refusal(banner: banner) ?? symbols.vmcoreinfo.flatMap({ match.refusal($0) }) {
        throw Failure(sentence: reason, isRefusal: true)
      }
    }
    let candidates = typeCandidates(symbols, placement)
    guard let types = candidates.first else {
      throw Failure(sentence: sentence(placement, symbols, "no type information (BTF) is in the dump"))
    }
    var initTask = symbols["init_task"]
    var best = types
    if initTask == nil || placement == nil {
      guard let (task, source) = findInitTask(candidates, placement) else {
        throw Failure(sentence: sentence(placement, symbols, "the first task (init_task) was not found"))
      }
      initTask = task.virtual
      best = source
      placement = placement ?? self.place(task, source)
      symbols.found["init_task"] = task.virtual
    }
    guard let placement, let initTask else {
      throw Failure(sentence: sentence(nil, symbols, "no page table agrees with the kernel that was found"))
    }
    let kernel = assemble(placement, symbols, best, initTask, notes)
    if let reason = given.flatMap({ TypeFileMatch(file: $0).refusal(banner: kernel.banner) }) {
      throw Failure(sentence: reason, isRefusal: true)
    }
    return kernel
  }

  private func sentence(_ placement: Placement?, _ symbols: KernelSymbols, _ missing: String) -> String {
    var found: [String] = []
    if let info = symbols.vmcoreinfo { found.append("VMCOREINFO of Linux \(info.release)") }
    if symbols.kallsyms != nil { found.append("kallsyms") }
    if placement != nil { found.append("page tables") }
    return "no Linux kernel could be read from this dump: \(missing)"
      + (found.isEmpty
        ? "; neither VMCOREINFO nor kallsyms were found" : "; found were \(found.joined(separator: ", "))")
  }

  // MARK: VMCOREINFO

  private static var architectures: [any Architecture.Type] { [X86Architecture.self, ARM64Architecture.self] }

  private func placeByVMCoreInfo(_ symbols: inout KernelSymbols, _ notes: inout [String]) -> Placement? {
    var placement: Placement?
    var found: VMCoreInfo?
    var seen: [VMCoreInfo] = []
    NeedleSearch(image: memory.image).forEach([Array("OSRELEASE=".utf8)]) { _, physical in
      let bytes = memory.bytes(physical, VMCoreInfo.maximumBytes).bytes
      guard let info = bytes.withView({ VMCoreInfo($0) }), seen.count < 64, !seen.contains(info) else { return true }
      seen.append(info)
      for architecture in Self.architectures {
        if let proven = architecture.place(info, in: memory) {
          placement = proven
          found = info
          return false
        }
      }
      return true
    }
    symbols.vmcoreinfo = found
    if placement == nil, let other = seen.first {
      notes.append("VMCOREINFO of Linux \(other.release) was found, but it does not agree with this dump")
    }
    return placement
  }

  // MARK: kallsyms

  private func kallsyms(_ info: VMCoreInfo?, _ placement: Placement?) -> Kallsyms? {
    let search = KallsymsSearch(memory: memory)
    if let info, let placement, let hint = hint(info, placement), let found = search.tables(at: hint) {
      return found.kallsyms
    }
    // The tables lie in the image: where it is known, only that is looked through.
    for range in imageRanges(info, placement) {
      var kallsyms: Kallsyms?
      NeedleSearch(image: memory.image).forEach([KallsymsSearch.needle], in: range) { _, physical in
        kallsyms = search.tables(aroundDigitsAt: physical)?.kallsyms
        return kallsyms == nil
      }
      if kallsyms != nil { return kallsyms }
    }
    return nil
  }

  private func hint(_ info: VMCoreInfo, _ placement: Placement) -> KallsymsSearch.Hint? {
    func place(_ name: String) -> UInt64? { info.symbol("kallsyms_\(name)").map { placement.physical($0) } }
    guard let names = place("names"), let table = place("token_table"), let offsets = place("offsets"),
      let count = place("num_syms").flatMap({ memory.u32($0) })
    else { return nil }
    var base: UInt64?
    if let at = place("relative_base") {
      guard let value = memory.u64(at) else { return nil }
      base = value
    }
    return KallsymsSearch.Hint(
      tokenTable: table, names: names, count: Int(count), offsets: offsets, relativeBase: base)
  }

  private func imageRanges(_ info: VMCoreInfo?, _ placement: Placement?) -> [Range<UInt64>] {
    guard let start = info?.symbol("_stext"), let placement else { return [0..<UInt64.max] }
    let physical = placement.physical(start)
    let (end, over) = physical.addingReportingOverflow(Self.imageReach)
    return over ? [0..<UInt64.max] : [physical..<end, 0..<UInt64.max]
  }

  private func place(_ kallsyms: Kallsyms) -> Placement? {
    var hits: [UInt64]?
    let banners: () -> [UInt64] = {
      if let hits { return hits }
      var found: [UInt64] = []
      NeedleSearch(image: memory.image).forEach([Array("Linux version ".utf8)]) { _, physical in
        found.append(physical)
        return found.count < 65536
      }
      hits = found
      return found
    }
    for architecture in Self.architectures {
      if let placement = architecture.place(kallsyms, in: memory, banners: banners) { return placement }
    }
    return nil
  }

  // MARK: Types

  /// vmlinux's types, the likeliest first: those that the kernel itself points to, then the largest found by search (other
  /// copies are left over from unpacking the kernel).
  private func typeCandidates(_ symbols: KernelSymbols, _ placement: Placement?) -> [any TypeSource] {
    if let given { return [given.types] }
    if let placement, let start = symbols["__start_BTF"], let end = symbols["__stop_BTF"], end > start,
      end - start < UInt64(2 * BTF.Header.maximumSection)
    {
      let (blob, missing) = memory.bytes(placement.physical(start), Int(end - start))
      if missing == 0, let types = BTF(blob) { return [types] }
      let copies = searchTypes(symbols, nil)
      let patched = BTFRepair.fill(blob, from: copies, memory, at: placement.physical(start))
      if let types = BTF(patched), types.member("task_struct", "tasks") != nil { return [types] }
    }
    return searchTypes(symbols, placement).prefix(4).compactMap { place in
      BTF(memory.bytes(place.physical, place.byteCount).bytes)
    }
  }

  private func searchTypes(_ symbols: KernelSymbols, _ placement: Placement?) -> [BTFRepair.Copy] {
    for range in imageRanges(symbols.vmcoreinfo, placement) {
      var found: [BTFRepair.Copy] = []
      NeedleSearch(image: memory.image).forEach([BTF.needle], in: range) { _, physical in
        guard let header = memory.bytes(physical, 24).bytes.withView({ BTF.Header($0) }), header.typeCount > 1 << 20
        else { return true }
        found.append(BTFRepair.Copy(physical: physical, byteCount: header.byteCount))
        return found.count < 64
      }
      if !found.isEmpty { return found.sorted { $0.byteCount > $1.byteCount } }
    }
    return []
  }

  // MARK: init_task

  private func findInitTask(
    _ candidates: [any TypeSource], _ placement: Placement?
  ) -> (InitTask, any TypeSource)? {
    var hits: [UInt64] = []
    NeedleSearch(image: memory.image).forEach([Array("swapper".utf8)]) { _, physical in
      hits.append(physical)
      return hits.count < 65536
    }
    for types in candidates {
      guard let search = InitTaskSearch(memory: memory, types: types) else { continue }
      for hit in hits {
        guard let task = search.task(withNameAt: hit) else { continue }
        if let placement, placement.physical(task.virtual) != task.physical { continue }
        if placement == nil, place(task, types) == nil { continue }
        return (task, types)
      }
    }
    return nil
  }

  private func place(_ task: InitTask, _ types: any TypeSource) -> Placement? {
    for architecture in Self.architectures where architecture.isImageAddress(task.virtual) {
      if let placement = architecture.place(task, in: memory, types) { return placement }
    }
    return nil
  }

  // MARK: Assembly

  private func assemble(
    _ placement: Placement, _ symbols: KernelSymbols, _ types: any TypeSource, _ initTask: UInt64, _ notes: [String]
  ) -> Kernel {
    let space = AddressSpace(memory, placement.tables)
    if let window = imageWindow(placement, symbols) { space.windows = [window] }
    let pointer = types.offset("task_struct", "tasks").flatMap { space.u64(initTask &+ $0) }
    var notes = notes
    let directMap = placement.architecture.directMap(of: symbols, space, taskPointer: pointer) ?? 0
    if directMap != 0 {
      space.windows.insert(
        AddressSpace.Window(
          start: directMap &+ memory.start, end: directMap &+ memory.end, physical: memory.start), at: 0)
    } else {
      notes.append("the direct map was not found: what only it reaches is missing")
    }
    let banner = banner(placement, symbols, space)
    let release =
      symbols.vmcoreinfo?.release
      ?? banner.split(separator: " ").dropFirst(2).first.map { String($0) } ?? ""
    return Kernel(
      memory: memory, space: space, placement: placement, symbols: symbols, types: types, initTask: initTask,
      directMap: directMap, banner: banner, release: release, notes: notes)
  }

  /// The kernel image lies in one piece. Without `_end` it reaches as far as the page table says so.
  private func imageWindow(_ placement: Placement, _ symbols: KernelSymbols) -> AddressSpace.Window? {
    if let start = symbols["_text"], let end = symbols["_end"], end > start, end - start < Self.imageReach {
      return AddressSpace.Window(start: start, end: end, physical: placement.physical(start))
    }
    guard
      let start = (symbols["_text"] ?? symbols["_stext"] ?? symbols.vmcoreinfo?.symbol("_stext")).map({ $0 & ~0xFFFF })
    else { return nil }
    var end = start
    for step in stride(from: UInt64(0), to: Self.imageReach, by: 0x1_0000)
    where placement.tables.translate(start &+ step, in: memory).physical == placement.physical(start &+ step) {
      end = start &+ step &+ 0x1_0000
    }
    return end > start ? AddressSpace.Window(start: start, end: end, physical: placement.physical(start)) : nil
  }

  private func banner(_ placement: Placement, _ symbols: KernelSymbols, _ space: AddressSpace) -> String {
    if let address = symbols["linux_banner"], let text = space.string(address, limit: 512),
      text.hasPrefix("Linux version ")
    {
      return text.trimmingEnd()
    }
    var banner = ""
    NeedleSearch(image: memory.image).forEach([Array("Linux version ".utf8)]) { _, physical in
      let virtual = physical &+ placement.imageOffset
      guard placement.tables.translate(virtual, in: memory).physical == physical else { return true }
      let text = memory.bytes(physical, 512).bytes.withView { $0.slice(0, $0.firstIndex(of: 0) ?? 512).string }
      guard text.contains("#") else { return true }
      banner = text.trimmingEnd()
      return false
    }
    return banner
  }
}

extension String {
  fileprivate func trimmingEnd() -> String {
    var text = Substring(self)
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
